/**
 * Passes recordings through MP3 and Opus with the program in `codecs/`, a separate package with its own lock file, so that
 * nothing else fetches the encoders. The program starts with the first recording and ends with {@linkcode Codecs.close}.
 */

/** The codecs, in the order of the program's codec numbers. */
const CODECS = ["mp3", "opus"] as const;

/** The program, started on demand. It processes one recording at a time. */
export class Codecs {
  #child?: Deno.ChildProcess;
  #input?: WritableStreamDefaultWriter<Uint8Array>;
  #output?: ReadableStreamDefaultReader<Uint8Array>;

  /**
   * Passes a recording through a codec.
   *
   * @param samples [n] at 16 kHz
   * @param rate kbit/s
   * @throws {Error} if the program can't be started, or its packages are missing and can't be fetched
   */
  async through(codec: typeof CODECS[number], samples: Float32Array, rate: number): Promise<Float32Array<ArrayBuffer>> {
    this.#start();
    const decoded = new Uint8Array(4 * samples.length),
      header = Uint32Array.of(CODECS.indexOf(codec), rate, samples.length);
    const sending = this.#send([new Uint8Array(header.buffer), new Uint8Array(samples.slice().buffer)]);
    sending.catch(() => {}); // if sending fails, no answer arrives either
    for (let at = 0; at < decoded.length;) {
      const { value } = await this.#output!.read();
      if (value === undefined) {
        const { code } = await this.#child!.status;
        throw new Error(`${codec}: the program cli/codecs/main.ts ended with status ${code}; the reason is above`);
      }
      decoded.set(value, at);
      at += value.length;
    }
    await sending;
    return new Float32Array(decoded.buffer);
  }

  /** Ends the program. */
  async close(): Promise<void> {
    await this.#input?.close().catch(() => {}); // the program may have ended on its own
    await this.#child?.status;
  }

  async #send(parts: readonly Uint8Array[]): Promise<void> {
    for (const part of parts) await this.#input!.write(part);
  }

  #start(): void {
    if (this.#child) return;
    const file = (name: string) => new URL(`codecs/${name}`, import.meta.url).pathname;
    this.#child = new Deno.Command("deno", {
      args: ["run", "--quiet", "--config", file("deno.json"), "-P=codecs", file("main.ts")],
      ...{ stdin: "piped", stdout: "piped", stderr: "inherit" },
    }).spawn();
    [this.#input, this.#output] = [this.#child.stdin.getWriter(), this.#child.stdout.getReader()];
  }
}
