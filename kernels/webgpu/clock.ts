/**
 * Times a pass on the GPU itself with two timestamps, if the adapter supports them. A wait takes about ten milliseconds whatever it
 * waits for, so without timestamps only long work can be compared.
 *
 * Timestamps should be nanoseconds, but are not: Deno 2.9 passes on the adapter's own ticks (10 ns on AMD's, 52 or 83 on Intel's),
 * and Chrome rounds them to 65,536 ns. So the clock is calibrated before use: `calibrate()` compares two timestamps about a tenth of
 * a second apart with the host's clock, and the greatest common divisor of all timestamps is the clock's step.
 *
 * @module
 */

/** The feature to request from a device, if the adapter has it. */
export const TIMESTAMPS = "timestamp-query";

/** Nanoseconds per tick of known adapters: NVIDIA's and all in browsers, AMD's, Intel's and Apple's. */
const PERIODS = [1, 10, 1000 / 12, 1000 / 19.2, 1000 / 24, 1000 / 25, 1000 / 38.4];
/** Milliseconds between the two readings of the clock. */
const APART = 100;

/** A timestamp, and the interval of the host's milliseconds in which it was taken. */
interface Stamp {
  ticks: bigint;
  before: number;
  after: number;
}

/** Two timestamps, around a pass. */
export class Clock {
  #device: GPUDevice;
  #queries?: GPUQuerySet;
  #resolved?: GPUBuffer;
  #staging?: GPUBuffer;
  #calibrated?: Promise<void>;
  #period?: number; // nanoseconds per tick
  #step = 0n; // upper bound of its step, in ticks

  /** @param device with or without {@link TIMESTAMPS}; without, `read()` only waits */
  constructor(device: GPUDevice) {
    this.#device = device;
    if (!device.features.has(TIMESTAMPS)) return;
    const { QUERY_RESOLVE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
    this.#queries = device.createQuerySet({ label: "clock", type: "timestamp", count: 2 });
    this.#resolved = device.createBuffer({ label: "clock", size: 16, usage: QUERY_RESOLVE | COPY_SRC });
    this.#staging = device.createBuffer({ label: "clock", size: 16, usage: MAP_READ | COPY_DST });
  }

  /** Whether it reads the GPU's own time. */
  get exact(): boolean {
    return this.#queries !== undefined;
  }

  /** The clock's step in seconds; 0 before {@link calibrate}, and without timestamps. */
  get step(): number {
    return Number(this.#step) * (this.#period ?? 0) / 1e9;
  }

  /**
   * Determines the duration of a tick, once; takes a tenth of a second and submits two empty passes. If timestamps stand still or
   * run backwards meanwhile, they are not used any more.
   */
  calibrate(): Promise<void> {
    return this.#calibrated ??= this.#measurePeriod();
  }

  async #measurePeriod(): Promise<void> {
    if (!this.#queries) return;
    const first = await this.#stamp();
    await new Promise((resolve) => setTimeout(resolve, APART));
    const second = await this.#stamp();
    if (second.ticks <= first.ticks) return this.close();
    const ticks = Number(second.ticks - first.ticks);
    // bounds of the time between the stamps; coarse clocks and clocks that drift are slightly off
    const [least, most] = [second.before - first.after, second.after - first.before].map((ms) => 1e6 * ms / ticks);
    const measured = 1e6 * (second.before - first.before) / ticks, distance = (p: number) => Math.abs(p - measured);
    const known = PERIODS.filter((period) => 0.98 * least <= period && period <= 1.02 * most);
    this.#period = known.length > 0 ? known.reduce((a, b) => distance(b) < distance(a) ? b : a) : measured;
  }

  async #stamp(): Promise<Stamp> {
    const before = performance.now();
    const encoder = this.#device.createCommandEncoder();
    encoder.beginComputePass(this.pass).end();
    this.resolve(encoder);
    this.#device.queue.submit([encoder.finish()]);
    const [ticks] = await this.#ticks();
    return { ticks, before, after: performance.now() };
  }

  /** The descriptor with which the timed pass begins. */
  get pass(): GPUComputePassDescriptor {
    const querySet = this.#queries;
    return querySet ? { timestampWrites: { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 } } : {};
  }

  /** Encodes the data that `read()` reads; call it after the pass. */
  resolve(encoder: GPUCommandEncoder): void {
    if (!this.#queries || !this.#resolved || !this.#staging) return;
    encoder.resolveQuerySet(this.#queries, 0, 2, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#staging, 0, 16);
  }

  /**
   * Waits, then returns the pass's duration in seconds; undefined without timestamps, or if they ran backwards. Never 0: anything shorter
   * than a step of the clock counts as one step.
   */
  async read(): Promise<number | undefined> {
    if (!this.#staging) {
      await this.#device.queue.onSubmittedWorkDone();
      return undefined;
    }
    const [begin, end] = await this.#ticks();
    if (end < begin) return undefined;
    const ticks = end > begin ? end - begin : this.#step || 1n;
    return Number(ticks) * (this.#period ?? 1) / 1e9;
  }

  async #ticks(): Promise<bigint[]> {
    const staging = this.#staging!;
    await staging.mapAsync(GPUMapMode.READ);
    const ticks = [...new BigUint64Array(staging.getMappedRange().slice(0))];
    staging.unmap();
    this.#step = ticks.reduce(commonDivisor, this.#step);
    return ticks;
  }

  /** Releases its buffers; it can't read any more. */
  close(): void {
    this.#queries?.destroy();
    this.#resolved?.destroy();
    this.#staging?.destroy();
    this.#queries = this.#resolved = this.#staging = undefined;
  }
}

function commonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : commonDivisor(b, a % b);
}
