/**
 * The CPU's measured peak: multiply-adds a second of `peak.wat`, in registers alone, on as many threads as the device has.
 * What WebAssembly reaches here is 128 bits wide; native code with wider registers has a higher peak.
 */
import { Worker } from "node:worker_threads";
import wabt from "wabt";
import { hasRelaxedSimd } from "../kernels/cpu/binary.ts";
import { expandTemplate } from "../kernels/cpu/template.ts";
import { CALL_ROUNDS } from "./peak_worker.ts";
import source from "./peak.wat" with { type: "text" };

/** Operations of a round of `peak.wat`. */
const ROUND_FLOPS = 8 * 12 * 4 * 2;

/** Threads that run nothing but multiply-adds. Close it when done. */
export class CpuPeak {
  readonly #workers: Worker[];
  #turn = 0;
  #rounds = 4 * CALL_ROUNDS;

  private constructor(workers: Worker[]) {
    this.#workers = workers;
  }

  /** Starts the threads; they sleep until a sample is taken. */
  static async open(threads: number): Promise<CpuPeak> {
    const simd = hasRelaxedSimd() ? "relaxed" : "plain";
    const assembler = await wabt();
    const parsed = assembler.parseWat("peak.wat", expandTemplate(source, simd), {
      simd: true,
      relaxed_simd: simd === "relaxed",
    });
    const module = new WebAssembly.Module(new Uint8Array(parsed.toBinary({}).buffer));
    parsed.destroy();
    const gate = new Int32Array(new SharedArrayBuffer(4));
    const workers = Array.from({ length: threads }, () => {
      const worker = new Worker(new URL("./peak_worker.ts", import.meta.url));
      worker.postMessage({ module, gate, threads });
      return worker;
    });
    const peak = new CpuPeak(workers);
    for (let i = 0; i < 8; i++) await peak.sample(0.02); // until the engine has made its fast code
    return peak;
  }

  /** Operations a second, over about so many seconds. */
  async sample(seconds: number): Promise<number> {
    const turn = ++this.#turn, rounds = this.#rounds;
    const times = await Promise.all(
      this.#workers.map((worker) =>
        new Promise<{ start: number; end: number }>((resolve, reject) => {
          const fail = (error: Error) => reject(new Error(`A thread of the peak failed: ${error.message}`));
          worker.once("error", fail);
          worker.once("message", (times) => {
            worker.off("error", fail);
            resolve(times);
          });
          worker.postMessage({ rounds, turn });
        })
      ),
    );
    const taken = (Math.max(...times.map(({ end }) => end)) - Math.min(...times.map(({ start }) => start))) / 1000;
    this.#rounds = CALL_ROUNDS * Math.max(1, Math.round(rounds / CALL_ROUNDS * seconds / Math.max(taken, 1e-4)));
    return this.#workers.length * rounds * ROUND_FLOPS / taken;
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
