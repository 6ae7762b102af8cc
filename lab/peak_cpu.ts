/**
 * The CPU's measured peak: multiply-adds per second of `peak.wat`, in registers alone, with as many threads as the device
 * has. WebAssembly's vectors have 128 bits; native code with wider registers has a higher peak.
 */
import wabt from "wabt";
import { hasRelaxedSimd } from "../kernels/cpu/binary.ts";
import { expandTemplate } from "../kernels/cpu/template.ts";
import { Crew } from "../workers/crew.ts";
import type { PeakRun, PeakSetup, PeakTimes } from "./peak_worker.ts";
import source from "./peak.wat" with { type: "text" };

/** Operations per round of `peak.wat`. */
const ROUND_FLOPS = 8 * 12 * 4 * 2;

/** Rounds per call: about a millisecond, so that the engine can switch to faster code between calls. */
const CALL_ROUNDS = 2 ** 15;

/** Longest duration of a sample in seconds, including the start of the threads. */
const PATIENCE = 60;

/** Threads that run only multiply-adds. Close it when done. */
export class CpuPeak {
  readonly #crew: Crew<PeakSetup, PeakRun, PeakTimes>;
  readonly #setup: PeakSetup;
  readonly #threads: number;
  #turn = 0;
  #calls = 4;

  private constructor(setup: PeakSetup, threads: number) {
    const program = new URL("./peak_worker.ts", import.meta.url);
    this.#crew = new Crew({ program, name: () => "The peak of the CPU", patience: PATIENCE });
    this.#crew.start(threads);
    this.#setup = setup;
    this.#threads = threads;
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
    const peak = new CpuPeak(
      { module, gate: new Int32Array(new SharedArrayBuffer(4)), callRounds: CALL_ROUNDS },
      threads,
    );
    for (let i = 0; i < 8; i++) await peak.sample(0.02); // until the engine has compiled its fast code
    return peak;
  }

  /** Operations per second, measured over about `seconds` seconds. */
  async sample(seconds: number): Promise<number> {
    const calls = this.#calls, open = this.#threads * ++this.#turn;
    // a thread that waits at the gate claims no other run, so each thread gets one
    const jobs = Array.from({ length: this.#threads }, () => ({ calls, open }));
    const times = await this.#crew.run({ setup: this.#setup, jobs });
    const taken = (Math.max(...times.map(({ end }) => end)) - Math.min(...times.map(({ start }) => start))) / 1000;
    this.#calls = Math.max(1, Math.round(calls * seconds / Math.max(taken, 1e-4)));
    return this.#threads * calls * CALL_ROUNDS * ROUND_FLOPS / taken;
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    await this.#crew.close();
  }
}
