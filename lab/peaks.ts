/**
 * The machine's measured peaks, which form the roof of the roofline: multiply-adds in registers (`peak.wat`, `peak.wgsl`) and a
 * copy through memory, with the device's own copy kernel on buffers larger than any cache.
 *
 * They are measured before, between and after everything else, since the speed of a shared machine varies. The peak is the
 * median of all samples, so the same variation affects a kernel's time and the peak that it is compared with.
 */
import { CpuDevice } from "../kernels/cpu/device.ts";
import type { Device } from "../kernels/device.ts";
import { WebGpuDevice } from "../kernels/webgpu/mod.ts";
import { CpuPeak } from "./peak_cpu.ts";
import { WebGpuPeak } from "./peak_webgpu.ts";
import type { Peaks } from "./results.ts";
import { mapSpread, type Spread, spread, type Stopwatch } from "./timing.ts";

/** Words of the copied buffers: 128 MiB each. */
const COPIED = 2 ** 25;

/** Measures the peaks of one device repeatedly. Close it when done. */
export class Roof {
  readonly #device: Device;
  readonly #watch: Stopwatch;
  readonly #quick: boolean;
  readonly #cpu?: CpuPeak;
  readonly #webgpu?: WebGpuPeak;
  #flops: number[] = [];
  #bytes: number[] = [];

  private constructor(device: Device, watch: Stopwatch, quick: boolean, cpu?: CpuPeak, webgpu?: WebGpuPeak) {
    this.#device = device;
    this.#watch = watch;
    this.#quick = quick;
    this.#cpu = cpu;
    this.#webgpu = webgpu;
  }

  /** Starts threads or compiles, and warms up. */
  static async open(device: Device, watch: Stopwatch, quick: boolean): Promise<Roof> {
    const cpu = device instanceof CpuDevice ? await CpuPeak.open(device.threads) : undefined;
    const webgpu = device instanceof WebGpuDevice ? await WebGpuPeak.open(device.gpu) : undefined;
    return new Roof(device, watch, quick, cpu, webgpu);
  }

  /** Takes samples of both peaks. */
  async measure(): Promise<void> {
    for (let i = 0; i < (this.#quick ? 2 : 5); i++) await this.glance();
    const copy = await this.#copy();
    this.#bytes.push(copy.lower, copy.median, copy.upper);
  }

  /** Takes one short sample of the multiply-adds between other measurements. */
  async glance(): Promise<void> {
    const seconds = this.#quick ? 0.01 : 0.1;
    if (this.#cpu) this.#flops.push(await this.#cpu.sample(seconds));
    if (this.#webgpu) this.#flops.push(await this.#webgpu.sample(seconds, this.#watch.wait));
  }

  /** Ends threads and releases buffers. */
  async close(): Promise<void> {
    await this.#cpu?.close();
    await this.#webgpu?.close();
  }

  /** Bytes per second, read and written together. */
  async #copy(): Promise<Spread> {
    const length = this.#quick ? COPIED / 32 : COPIED;
    const [x, y] = ["from", "to"].map((side) => this.#device.allocate(length, `the copy kernel: ${side}`));
    try {
      this.#device.fill({ x, length, value: 1 });
      const seconds = await this.#watch.time(() => this.#device.copy({ x, y, length }));
      return mapSpread(seconds, (s) => 8 * length / s);
    } finally {
      this.#device.release(x);
      this.#device.release(y);
    }
  }

  /** The median of all samples so far. */
  get peaks(): Peaks {
    return { flops: spread(this.#flops), bytes: spread(this.#bytes) };
  }
}
