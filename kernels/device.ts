/**
 * What a device is: buffers of 32-bit numbers, and the kernels that run on them. Two implement it, `cpu/` (WebAssembly
 * SIMD in worker threads) and `webgpu/` (WGSL), and they agree to rounding; `reference_device.ts` runs the definitions.
 *
 * Kernels enqueue and return at once, in order; only `read()` is a promise. A fault (a shader that fails, a worker that
 * dies, a lost GPU) is thrown by the next call, at the latest by the next `read()`.
 *
 * @module
 */
import type { Kernels } from "./table.ts";

/** A stretch of 32-bit numbers in a device's memory: floats, or whatever `write()` put there. */
export interface DeviceBuffer {
  /** Number of 32-bit words. */
  readonly length: number;
  /**
   * A part of this buffer, sharing its memory: `length` words from `offset` on. The offset is a multiple of
   * {@link SLICE_ALIGNMENT}; throws a RangeError where it isn't or where the part sticks out.
   */
  slice(offset: number, length: number): DeviceBuffer;
}

/** Slices begin at multiples of this many words (256 bytes: what WebGPU asks of a storage binding). */
export const SLICE_ALIGNMENT = 64;

/** What a device holds. Live: allocated and not released. Created: ever asked of the system. */
export interface MemoryStatus {
  /** Buffers allocated and not yet released. */
  liveBuffers: number;
  /** Their bytes. */
  liveBytes: number;
  /** Buffers made since the start; when it stands still, allocation only reuses. */
  createdBuffers: number;
  /** Bytes of all created buffers, in use or waiting to be reused. */
  createdBytes: number;
}

/** What products read their operands as. Sums are float32 always, and so is everything else. */
export type Precision = "f32" | "f16";

/** What can be asked for. */
export const PRECISIONS: readonly Precision[] = ["f32", "f16"];

/** A processor with memory of its own on which the {@link Kernels} run. */
export interface Device extends Kernels<DeviceBuffer> {
  /** Which implementation. */
  readonly kind: "cpu" | "webgpu" | "reference";
  /** For people: the adapter or processor, threads, instruction set. */
  readonly description: string;
  /** What products read their operands as, where that is not float32. */
  readonly precision?: Precision;
  /** What is allocated now. */
  readonly memory: MemoryStatus;
  /**
   * A buffer of `length` words whose content is undefined. Released buffers of the same length are reused, the earliest
   * made first, so that the same sequence of allocations and releases gets the same buffers every time.
   *
   * @param purpose what it is for, in the words of an error message: "activations of conv3"
   * @throws Error saying how much was wanted and what there is, where memory is short
   */
  allocate(length: number, purpose: string): DeviceBuffer;
  /** Gives a buffer (not a slice) back for reuse. Work already enqueued on it still runs first. */
  release(buffer: DeviceBuffer): void;
  /** Enqueues a copy of `data` into the first words of `buffer`, in order with the kernels; `data` may be reused at once. */
  write(buffer: DeviceBuffer, data: Float32Array | Int32Array | Uint32Array): void;
  /** Runs what was enqueued, then gives the buffer's words as floats. */
  read(buffer: DeviceBuffer): Promise<Float32Array>;
  /**
   * Runs what was enqueued, then gives the buffer's words where they lie: valid until the next call, which may change or
   * move them. Only a device whose memory this program can see has it.
   */
  view?(buffer: DeviceBuffer): Promise<Float32Array>;
  /** Begins to run what was enqueued, without waiting; a training step ends with it. */
  flush(): void;
  /** Gives back memory, workers, the GPU. No call may follow. */
  close(): void;
}
