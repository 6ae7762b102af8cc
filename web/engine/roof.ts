/**
 * The machine's peaks, measured in a page: multiply-adds in registers and a copy through memory. On the processor one core
 * is measured and multiplied by the number of threads, which is slightly more than they reach together if they share a
 * clock.
 */
import { WebGpuPeak } from "../../lab/peak_webgpu.ts";
import type { Peaks } from "../../lab/results.ts";
import { mapSpread, spread, type Stopwatch } from "../../lab/timing.ts";
import { CpuDevice } from "../../kernels/cpu/device.ts";
import type { Device } from "../../kernels/device.ts";
import { WebGpuDevice } from "../../kernels/webgpu/mod.ts";

/** Number of copied words: 16 MiB each way. */
const COPIED = 2 ** 22;
/** Operations per round of `lab/peak.wat`. */
const ROUND_FLOPS = 8 * 12 * 4 * 2, ROUNDS = 2 ** 15;

/** Measures a device's peaks repeatedly. */
export class PageRoof {
  #flops: number[] = [];
  #bytes: number[] = [];

  private constructor(
    readonly device: Device,
    readonly watch: Stopwatch,
    readonly gpu?: WebGpuPeak,
    readonly core?: (rounds: number, factor: number) => number,
  ) {}

  /** Compiles the measuring programs. */
  static async open(device: Device, watch: Stopwatch): Promise<PageRoof> {
    if (device instanceof WebGpuDevice) return new PageRoof(device, watch, await WebGpuPeak.open(device.gpu));
    const simd = (device as CpuDevice).simd;
    const response = await fetch(`peak-${simd}.wasm`);
    const { instance } = await WebAssembly.instantiate(await response.arrayBuffer());
    return new PageRoof(device, watch, undefined, instance.exports.run as (rounds: number, factor: number) => number);
  }

  /** Takes some samples of both peaks. */
  async measure(): Promise<void> {
    for (let i = 0; i < 4; i++) {
      if (this.gpu) this.#flops.push(await this.gpu.sample(0.02, this.watch.wait));
      if (!this.core) continue;
      const began = performance.now();
      let calls = 0;
      do this.core(ROUNDS, 0.999); while (++calls < 2 || performance.now() - began < 20);
      const threads = this.device instanceof CpuDevice ? this.device.threads : 1;
      this.#flops.push(threads * 1000 * calls * ROUNDS * ROUND_FLOPS / (performance.now() - began));
    }
    const [x, y] = ["from", "to"].map((side) => this.device.allocate(COPIED, `the copy kernel: ${side}`));
    try {
      this.device.fill({ x, length: COPIED, value: 1 });
      const seconds = await this.watch.time(() => this.device.copy({ x, y, length: COPIED }));
      const copy = mapSpread(seconds, (s) => 8 * COPIED / s);
      this.#bytes.push(copy.lower, copy.median, copy.upper);
    } finally {
      this.device.release(x);
      this.device.release(y);
    }
  }

  /** The median of all samples so far. */
  get peaks(): Peaks {
    return { flops: spread(this.#flops), bytes: spread(this.#bytes) };
  }

  /** Releases its buffer. */
  close(): void {
    this.gpu?.close();
  }
}
