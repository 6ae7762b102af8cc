/**
 * A program of another framework that runs VGG-E beside EPR: a child process that reads one job per line and answers with one
 * line, both JSON. Its first line contains its version, or what is missing. The programs are in `rivals/`.
 */

/** Layouts of activations: NHWC under PyTorch's name, and NCHW. */
export type ActivationLayout = "nchw" | "channels_last";

/** A job to time. Width, batch norm and training are for frameworks that train; `file` is for those that read ONNX. */
export interface Job {
  width?: number;
  batch: number;
  batchNorm?: boolean;
  train?: boolean;
  /** layout of the activations; default: channels_last */
  layout?: ActivationLayout;
  /** on CUDA: whether products may round their operands to TF32's 11 bits */
  tf32?: boolean;
  /** an ONNX file */
  file?: string;
  /** duration of the sampling; at least two samples are taken */
  seconds: number;
  threads: number;
}

/** A forest to fit: a table, and the number of classes. */
export interface ForestJob {
  x: number[][];
  y: number[];
  threads: number;
}

/** What a process writes first. */
interface FirstLine {
  version?: string;
  /** the reason why it cannot run */
  missing?: string;
  gpu?: string;
  tf32?: boolean;
}

/** A process that waits for jobs. */
export class Rival {
  /** e.g. "PyTorch 2.15.0" */
  readonly name: string;
  /** the GPU that it uses, and the versions of its libraries */
  readonly gpu?: string;
  /** whether that GPU has TF32 */
  readonly tf32: boolean;
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #lines: Lines;

  private constructor(name: string, { gpu, tf32 = false }: FirstLine, child: Deno.ChildProcess, lines: Lines) {
    [this.name, this.gpu, this.tf32, this.#child, this.#lines] = [name, gpu, tf32, child, lines];
    this.#writer = (child.stdin as WritableStream<Uint8Array<ArrayBuffer>>).getWriter();
  }

  /**
   * Starts the first command whose requirements are installed.
   *
   * @param commands e.g. python3, /usr/bin/python3
   * @param args the program's file in `rivals/`, and its arguments
   * @returns the process, or the reason why there is none
   */
  static async start(name: string, commands: readonly string[], [file, ...rest]: string[]): Promise<Rival | string> {
    const reasons: string[] = [], program = new URL(file, new URL("rivals/", import.meta.url)).pathname;
    for (const command of commands) {
      try {
        const args = [program, ...rest], piped = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
        const child = new Deno.Command(command, { args, ...piped }).spawn();
        const lines = new Lines(child.stdout, lastLine(child.stderr));
        const first: FirstLine = await lines.next();
        const rival = new Rival(`${name} ${first.version}`, first, child, lines);
        if (first.version !== undefined) return rival;
        reasons.push(`${command}: ${first.missing}`);
        await rival.close();
      } catch (error) {
        reasons.push(
          `${command}: ${error instanceof Deno.errors.NotFound ? "no such command" : (error as Error).message}`,
        );
      }
    }
    return reasons.join("; ");
  }

  /** Duration of each call, in seconds. */
  async sample(job: Job): Promise<number[]> {
    return (await this.#ask(job)).seconds as number[];
  }

  /** Duration in seconds of each fit of 100 trees, or the reason why there is none. */
  async forest(job: ForestJob): Promise<{ seconds?: number[]; missing?: string }> {
    return await this.#ask({ ...job, forest: true });
  }

  async #ask(job: unknown): Promise<Record<string, unknown>> {
    await this.#writer.write(new TextEncoder().encode(JSON.stringify(job) + "\n"));
    return await this.#lines.next();
  }

  /** Ends the process and waits for its end. */
  async close(): Promise<void> {
    await this.#writer.close().catch(() => {}); // the process may have ended on its own
    await this.#lines.cancel();
    await this.#child.status;
  }
}

/** Lines of JSON. */
class Lines {
  readonly #reader: ReadableStreamDefaultReader<string>;
  readonly #fault: Promise<string>;
  #rest = "";

  constructor(bytes: ReadableStream<Uint8Array<ArrayBuffer>>, fault: Promise<string>) {
    this.#reader = bytes.pipeThrough(new TextDecoderStream()).getReader();
    this.#fault = fault;
  }

  async next(): Promise<Record<string, unknown>> {
    while (!this.#rest.includes("\n")) {
      const { value, done } = await this.#reader.read();
      if (done) throw new Error(`the process ended without an answer; its last line: ${await this.#fault}`);
      this.#rest += value;
    }
    const end = this.#rest.indexOf("\n"), line = this.#rest.slice(0, end);
    this.#rest = this.#rest.slice(end + 1);
    return JSON.parse(line);
  }

  async cancel(): Promise<void> {
    await this.#reader.cancel().catch(() => {});
  }
}

/** The last line that a process writes to its standard error. */
async function lastLine(bytes: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  let last = "";
  for await (const text of bytes.pipeThrough(new TextDecoderStream())) {
    last = (last + text).trimEnd().split("\n").at(-1)!.slice(-500);
  }
  return last;
}
