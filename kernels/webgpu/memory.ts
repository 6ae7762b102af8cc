/**
 * The buffers of a WebGPU device: a pool for kernels, and staging buffers for reading results.
 *
 * @module
 */
import { DeviceLostError } from "../device_lost.ts";
import type { MemoryStatus } from "../device.ts";
import { BufferPool } from "../pool.ts";
import { GpuBuffer } from "./buffer.ts";
import type { Commands } from "./commands.ts";
import type { Faults } from "./faults.ts";
import { mebibytes } from "./launcher.ts";

/** Largest staging buffer, in bytes, that is kept for reuse. */
const KEPT_STAGING = 1 << 20;

/** The GPU memory of a device. */
export class Memory {
  /** Buffers for kernels. */
  readonly pool: BufferPool<GpuBuffer>;
  /** Bound in place of a missing optional buffer. */
  readonly nothing: GpuBuffer;
  #device: GPUDevice;
  #adapterName: string;
  #faults: Faults;
  #staging = new Map<number, GPUBuffer[]>(); // free ones, by size
  #stagingCreated = 0;
  #nextId = 0;

  /** @param adapterName for messages */
  constructor(device: GPUDevice, adapterName: string, faults: Faults) {
    this.#device = device;
    this.#adapterName = adapterName;
    this.#faults = faults;
    this.pool = new BufferPool((length, purpose) => this.#create(length, purpose));
    this.nothing = this.#create(4, "what is left out");
  }

  /** Current allocations. */
  get status(): MemoryStatus {
    return this.pool.status;
  }

  /** Number of buffers created so far, including staging buffers. */
  get created(): number {
    return this.#nextId + this.#stagingCreated;
  }

  #create(length: number, purpose: string): GpuBuffer {
    const size = 16 * Math.ceil(length / 4);
    const { maxBufferSize } = this.#device.limits;
    if (size > maxBufferSize) {
      throw new RangeError(
        `${purpose}: expected at most ${mebibytes(maxBufferSize)}, the largest buffer of ${this.#adapterName}, ` +
          `found ${mebibytes(size)}; a smaller batch or width needs less`,
      );
    }
    const held = this.pool.status.createdBytes;
    const gpu = this.#faults.guard(
      () =>
        this.#device.createBuffer({
          label: purpose,
          size,
          usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
        }),
      (_, message) =>
        new Error(
          `The GPU is out of memory: ${purpose} needs ${mebibytes(size)}, and ${mebibytes(held)} are in use; ` +
            `a smaller batch or width needs less (${message})`,
        ),
    );
    return new GpuBuffer(gpu, this.#nextId++, 0, length);
  }

  /** Submits everything in `commands`, waits for it, and returns a buffer's words. */
  async read(buffer: GpuBuffer, commands: Commands): Promise<Float32Array> {
    const size = Math.max(256, 2 ** Math.ceil(Math.log2(4 * buffer.length)));
    const staging = this.#staging.get(size)?.pop() ?? this.#createStaging(size);
    commands.submit(buffer, staging);
    try {
      await staging.mapAsync(GPUMapMode.READ, 0, 4 * buffer.length);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      await this.#faults.settle(); // throws the cause, if it is known
      this.#faults.report(new DeviceLostError(`Reading from the GPU failed: ${reason}`));
      this.#faults.throwIfAny();
    }
    const words = new Float32Array(staging.getMappedRange(0, 4 * buffer.length).slice(0));
    staging.unmap();
    if (size <= KEPT_STAGING) this.#staging.set(size, [...this.#staging.get(size) ?? [], staging]);
    else staging.destroy();
    await this.#faults.settle();
    return words;
  }

  #createStaging(size: number): GPUBuffer {
    this.#stagingCreated++;
    return this.#faults.guard(
      () =>
        this.#device.createBuffer({
          label: "read()",
          size,
          usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
        }),
      (_, message) => new Error(`The GPU is out of memory: reading needs ${mebibytes(size)} (${message})`),
    );
  }

  /** Destroys unused buffers. */
  drop(): void {
    for (const buffer of this.pool.drop()) buffer.gpu.destroy();
  }

  /** Destroys all buffers. */
  close(): void {
    for (const buffer of this.pool.buffers()) buffer.gpu.destroy();
    for (const waiting of this.#staging.values()) for (const buffer of waiting) buffer.destroy();
    this.nothing.gpu.destroy();
  }
}
