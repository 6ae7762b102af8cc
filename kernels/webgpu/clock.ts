/**
 * How long a pass takes on the GPU itself: two timestamps, where the adapter has them. A wait takes some ten milliseconds
 * whatever it waits for, so that without timestamps only long work can be told apart.
 *
 * @module
 */

/** The feature that a device is asked for, if the adapter has it. */
export const TIMESTAMPS = "timestamp-query";

/** Two timestamps, around a pass. */
export class Clock {
  #device: GPUDevice;
  #queries?: GPUQuerySet;
  #resolved?: GPUBuffer;
  #staging?: GPUBuffer;

  /** @param device with {@link TIMESTAMPS}, or without: then `read()` only waits */
  constructor(device: GPUDevice) {
    this.#device = device;
    if (!device.features.has(TIMESTAMPS)) return;
    const { QUERY_RESOLVE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
    this.#queries = device.createQuerySet({ label: "clock", type: "timestamp", count: 2 });
    this.#resolved = device.createBuffer({ label: "clock", size: 16, usage: QUERY_RESOLVE | COPY_SRC });
    this.#staging = device.createBuffer({ label: "clock", size: 16, usage: MAP_READ | COPY_DST });
  }

  /** Whether it is the GPU's own time that it reads. */
  get exact(): boolean {
    return this.#queries !== undefined;
  }

  /** How the pass to be timed is begun. */
  get pass(): GPUComputePassDescriptor {
    const querySet = this.#queries;
    return querySet ? { timestampWrites: { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 } } : {};
  }

  /** Encodes what `read()` will read; after the pass. */
  resolve(encoder: GPUCommandEncoder): void {
    if (!this.#queries || !this.#resolved || !this.#staging) return;
    encoder.resolveQuerySet(this.#queries, 0, 2, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#staging, 0, 16);
  }

  /** Waits; then the pass's seconds, or undefined without timestamps. */
  async read(): Promise<number | undefined> {
    if (!this.#staging) {
      await this.#device.queue.onSubmittedWorkDone();
      return undefined;
    }
    await this.#staging.mapAsync(GPUMapMode.READ);
    const [begin, end] = new BigUint64Array(this.#staging.getMappedRange().slice(0));
    this.#staging.unmap();
    return Number(end - begin) / 1e9;
  }

  /** Gives its buffers back. */
  close(): void {
    this.#queries?.destroy();
    this.#resolved?.destroy();
    this.#staging?.destroy();
  }
}
