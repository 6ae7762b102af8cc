/**
 * The machine's roof, measured: multiply-adds in registers (`peak.wat`, `peak.wgsl`) and a copy through memory, the device's own
 * copy kernel on buffers that no cache holds.
 *
 * Measured before and after everything else, since a shared machine is not always as fast; the peak is the median of all samples.
 */
import { CpuDevice } from "../kernels/cpu/device.ts";
import type { Device } from "../kernels/mod.ts";
import { WebGpuDevice } from "../kernels/webgpu/device.ts";
import { CpuPeak } from "./peak_cpu.ts";
import { WebGpuPeak } from "./peak_webgpu.ts";
import type { Peaks } from "./results.ts";
import { mapSpread, type Spread, spread, type Stopwatch } from "./timing.ts";

/** Words of the copied buffers: 128 MiB each. */
const COPIED = 2 ** 25;

/** Measures the roof of one device, several times. */
export class Roof {
  readonly #device: Device;
  readonly #watch: Stopwatch;
  readonly #quick: boolean;
  #flops: number[] = [];
  #bytes: number[] = [];

  constructor(device: Device, watch: Stopwatch, quick: boolean) {
    this.#device = device;
    this.#watch = watch;
    this.#quick = quick;
  }

  /** Takes samples of both. */
  async measure(): Promise<void> {
    const samples = this.#quick ? 2 : 7, seconds = this.#quick ? 0.01 : 0.1;
    if (this.#device instanceof CpuDevice) {
      const peak = await CpuPeak.open(this.#device.threads);
      for (let i = 0; i < samples; i++) this.#flops.push(await peak.sample(seconds));
      await peak.close();
    } else if (this.#device instanceof WebGpuDevice) {
      const peak = await WebGpuPeak.open(this.#device.gpu);
      for (let i = 0; i < samples; i++) this.#flops.push(await peak.sample(seconds, this.#watch.wait));
      await peak.close();
    }
    const copy = await this.#copy();
    this.#bytes.push(copy.lower, copy.median, copy.upper);
  }

  /** Bytes a second, read and written ones together. */
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
