/**
 * Recordings through MP3 and Opus: by the program in `codecs/`, a package of its own with a lock of its own, so that nobody else
 * fetches the encoders. It runs from the first recording on, and ends with {@linkcode Codecs.close}.
 */

/** The codecs, in the order of the program's numbers. */
const CODECS = ["mp3", "opus"] as const;

/** The program, once it is needed. One recording at a time. */
export class Codecs {
  #child?: Deno.ChildProcess;
  #input?: WritableStreamDefaultWriter<Uint8Array>;
  #output?: ReadableStreamDefaultReader<Uint8Array>;

  /**
   * A recording as it sounds after a codec.
   *
   * @param samples [n] at 16 kHz
   * @param rate kbit/s
   * @throws {Error} if the program can't be started, or its packages are not there and can't be fetched
   */
  async through(codec: typeof CODECS[number], samples: Float32Array, rate: number): Promise<Float32Array<ArrayBuffer>> {
    this.#start();
    const heard = new Uint8Array(4 * samples.length),
      header = Uint32Array.of(CODECS.indexOf(codec), rate, samples.length);
    const sending = this.#send([new Uint8Array(header.buffer), new Uint8Array(samples.slice().buffer)]);
    sending.catch(() => {}); // then nothing comes back either
    for (let at = 0; at < heard.length;) {
      const { value } = await this.#output!.read();
      if (value === undefined) {
        const { code } = await this.#child!.status;
        throw new Error(`${codec}: the program cli/codecs/main.ts ended with status ${code}; the reason is above`);
      }
      heard.set(value, at);
      at += value.length;
    }
    await sending;
    return new Float32Array(heard.buffer);
  }

  /** Ends the program. */
  async close(): Promise<void> {
    await this.#input?.close().catch(() => {}); // it may have ended by itself
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
