/**
 * EPR and PyTorch in turn: VGG-E at full width and at 1/8, training and forward alone, on the same cores; then the forest
 * beside scikit-learn's. Each waits while the other runs, several times over, so that a machine that is slower for a while is
 * so for both; what counts is the ratio.
 */
import { ForestPool } from "../forest/parallel.ts";
import { openDevice } from "../kernels/open_device.ts";
import { digits, duration } from "../lab/show.ts";
import { Training } from "../lab/step.ts";
import { spread, Stopwatch } from "../lab/timing.ts";
import { formatTable } from "../report/table.ts";
import { digitsLike } from "./forest.ts";
import { describeMachine } from "./machine.ts";

/** What to compare. */
export interface PyTorchOptions {
  /** Threads of both; one a processor if not said. */
  threads?: number;
  /** Width to compare at; 1 and 1/8 where `widths` says nothing else. */
  widths?: readonly number[];
  /** Segments of a step. */
  batch: number;
  /** One short round. */
  quick: boolean;
}

const CLASSES = 7;

/** Compares and prints a table. Says kindly what to install where there is no PyTorch, and then does nothing else. */
export async function benchPyTorch(options: PyTorchOptions, signal: AbortSignal): Promise<void> {
  const python = await Python.start();
  if (!python) {
    console.log(
      "PyTorch is not installed: neither python3 nor /usr/bin/python3 can import torch.\n" +
        "On Debian or Ubuntu: apt-get install python3-torch. Elsewhere: https://pytorch.org/get-started",
    );
    return;
  }
  const { batch, quick, threads = navigator.hardwareConcurrency } = options;
  const widths = options.widths ?? (quick ? [1 / 8] : [1, 1 / 8]);
  const rounds = quick ? 1 : 5, seconds = quick ? 0.1 : 4;
  const rows: string[][] = [];
  let described = "";
  try {
    for (const width of widths) {
      const device = await openDevice({ device: "cpu", threads });
      const { processor, deno, load } = await describeMachine(device);
      described ||= `${processor}; EPR on ${device.description}, Deno ${deno}; PyTorch ${python.version}, ` +
        `${threads} threads, channels_last; load ${load[0].toFixed(2)}; ${new Date().toISOString()}`;
      const training = new Training(device, { width, batch, classes: CLASSES });
      const watch = await Stopwatch.start(device, { samples: 3, seconds: 0, sampleSeconds: 0 });
      for (const train of [true, false]) {
        if (!quick) await sampleEpr(training, watch, train, 2); // until the engine has made its fast code
        const ours: number[] = [], theirs: number[] = [];
        for (let round = 0; round < rounds; round++) {
          signal.throwIfAborted();
          ours.push(...await sampleEpr(training, watch, train, seconds));
          theirs.push(...await python.sample({ width, batch, train, seconds, threads }));
        }
        const [a, b] = [spread(ours), spread(theirs)];
        const rate = (s: number) => digits(batch / s, 4);
        rows.push([
          width < 1 ? `1/${Math.round(1 / width)}` : String(width),
          train ? "training" : "forward",
          rate(a.median),
          `${rate(a.upper)} to ${rate(a.lower)}`,
          rate(b.median),
          `${rate(b.upper)} to ${rate(b.lower)}`,
          `${a.count}, ${b.count}`,
          (b.median / a.median).toFixed(2),
        ]);
      }
      training.release();
      device.close();
    }
    console.log(`${described}\nsegments/s at batch ${batch}, median and quartiles\n`);
    const head = ["width", "what", "EPR", "quartiles", "PyTorch", "quartiles", "samples", "EPR / PyTorch"];
    console.log(formatTable(head, rows));
    console.log("\n" + await compareForests(python, threads, rounds));
  } finally {
    python.close();
  }
}

/** The forest beside scikit-learn's, if that is there. */
async function compareForests(python: Python, threads: number, rounds: number): Promise<string> {
  const { x, y, features, classes } = digitsLike();
  const table = Array.from(y, (_, i) => Array.from(x.subarray(i * features, (i + 1) * features)));
  const pool = new ForestPool({ threads });
  try {
    const ours: number[] = [], theirs: number[] = [];
    const fit = (seed: number) => pool.fit(x, y, { features, classes, seed });
    for (let seed = 0; seed < 5; seed++) await fit(seed); // warms up
    for (let round = 0; round < rounds; round++) {
      for (let seed = 0; seed < 3; seed++) {
        const start = performance.now();
        await fit(seed);
        ours.push((performance.now() - start) / 1000);
      }
      const answer = await python.forest({ x: table, y: Array.from(y), threads });
      if (answer.missing) return `forest: scikit-learn is not installed (${answer.missing})`;
      theirs.push(...answer.seconds!);
    }
    const [a, b] = [spread(ours), spread(theirs)];
    return `forest of 100 trees on ${y.length} x ${features}, ${threads} threads, warm: EPR ${duration(a.median)}, ` +
      `scikit-learn ${duration(b.median)} (${a.count} and ${b.count} samples): ` +
      `scikit-learn's time is ${(b.median / a.median).toFixed(2)} of EPR's`;
  } finally {
    await pool.close();
  }
}

/** Seconds of steps, each waited for, after one to warm up. */
async function sampleEpr(training: Training, watch: Stopwatch, train: boolean, seconds: number): Promise<number[]> {
  const run = async () => {
    const start = performance.now();
    if (train) training.step();
    else training.forward();
    await watch.settle();
    return (performance.now() - start) / 1000;
  };
  await run();
  const samples: number[] = [], end = performance.now() + 1000 * seconds;
  while (samples.length < 2 || performance.now() < end) samples.push(await run());
  return samples;
}

interface Job {
  width: number;
  batch: number;
  train: boolean;
  seconds: number;
  threads: number;
}

/** A Python with PyTorch that waits for jobs. */
class Python {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #rest = "";
  version = "";

  private constructor(command: string) {
    this.#child = new Deno.Command(command, {
      args: [new URL("./pytorch.py", import.meta.url).pathname],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The first Python that has PyTorch, or undefined. */
  static async start(): Promise<Python | undefined> {
    for (const command of ["python3", "/usr/bin/python3"]) {
      try {
        const python = new Python(command);
        const { version } = await python.#answer();
        if (typeof version === "string") {
          python.version = version;
          return python;
        }
        python.close();
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error; // no such command: try the next
      }
    }
    return undefined;
  }

  /** Seconds of each call. */
  async sample(job: Job): Promise<number[]> {
    return (await this.#ask(job)).seconds as number[];
  }

  /** Seconds of each fit of 100 trees, or why there are none. */
  async forest(
    job: { x: number[][]; y: number[]; threads: number },
  ): Promise<{ seconds?: number[]; missing?: string }> {
    return await this.#ask({ ...job, forest: true });
  }

  async #ask(job: unknown): Promise<Record<string, unknown>> {
    await this.#writer.write(new TextEncoder().encode(JSON.stringify(job) + "\n"));
    return await this.#answer();
  }

  async #answer(): Promise<Record<string, unknown>> {
    while (!this.#rest.includes("\n")) {
      const { value, done } = await this.#lines.read();
      if (done) throw new Error("PyTorch's process ended without a result; its output is above");
      this.#rest += value;
    }
    const end = this.#rest.indexOf("\n"), line = this.#rest.slice(0, end);
    this.#rest = this.#rest.slice(end + 1);
    return JSON.parse(line);
  }

  close(): void {
    this.#writer.close().catch(() => {}); // it may have ended by itself
    this.#lines.cancel().catch(() => {});
  }
}
