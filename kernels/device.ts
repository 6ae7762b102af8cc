/**
 * The interface of a device: buffers of 32-bit numbers, and the kernels that run on them. There are two
 * implementations, `cpu/` (WebAssembly SIMD in worker threads) and `webgpu/` (WGSL), which agree up to rounding;
 * `reference_device.ts` runs the definitions.
 *
 * Kernels are enqueued in order and return at once; only `read()` returns a promise. The next call throws a fault (a
 * shader that fails, a worker that dies, a lost GPU), at the latest the next `read()`.
 *
 * @module
 */
import type { Kernels } from "./table.ts";

/** A stretch of 32-bit numbers in a device's memory: floats, or any other values from `write()`. */
export interface DeviceBuffer {
  /** Number of 32-bit words. */
  readonly length: number;
  /**
   * A part of this buffer that shares its memory: `length` words from `offset` on. The offset is a multiple of {@link
   * SLICE_ALIGNMENT}. Throws a RangeError if it isn't, or if the part exceeds the buffer.
   */
  slice(offset: number, length: number): DeviceBuffer;
}

/** Slices begin at multiples of this many words (256 bytes: the alignment of WebGPU's storage bindings). */
export const SLICE_ALIGNMENT = 64;

/** A device's memory. Live: allocated and not released. Created: requested from the system since the start. */
export interface MemoryStatus {
  /** Number of buffers allocated and not yet released. */
  liveBuffers: number;
  /** Their bytes. */
  liveBytes: number;
  /** Number of buffers created since the start; if it no longer grows, allocation only reuses buffers. */
  createdBuffers: number;
  /** Bytes of all created buffers, in use or waiting for reuse. */
  createdBytes: number;
}

/** Precision of products' operands. Sums, and everything else, are always float32. */
export type Precision = "f32" | "f16";

/** All precisions. */
export const PRECISIONS: readonly Precision[] = ["f32", "f16"];

/** A processor with its own memory on which the {@link Kernels} run. */
export interface Device extends Kernels<DeviceBuffer> {
  /** The implementation. */
  readonly kind: "cpu" | "webgpu" | "reference";
  /** For people: the adapter or processor, threads, instruction set. */
  readonly description: string;
  /** Precision of products' operands, if not float32. */
  readonly precision?: Precision;
  /** Current allocations. */
  readonly memory: MemoryStatus;
  /**
   * A buffer of `length` words whose content is undefined. Released buffers of the same length are reused, the one
   * created first coming first, so the same sequence of allocations and releases gets the same buffers every time.
   *
   * @param purpose its purpose, for error messages: "activations of conv3"
   * @throws Error with the requested and the available size, if memory is insufficient
   */
  allocate(length: number, purpose: string): DeviceBuffer;
  /** Returns a buffer (not a slice) for reuse. Work already enqueued on it still runs first. */
  release(buffer: DeviceBuffer): void;
  /**
   * Enqueues a copy of `data` to the first words of `buffer`, in order with the kernels; `data` may be reused at once.
   */
  write(buffer: DeviceBuffer, data: Float32Array | Int32Array | Uint32Array): void;
  /** Runs all enqueued work, then returns the buffer's words as floats. */
  read(buffer: DeviceBuffer): Promise<Float32Array>;
  /**
   * Runs all enqueued work, then returns a view of the buffer's words in place: valid until the next call, which may
   * change or move them. Only devices whose memory is visible to this program have this method.
   */
  view?(buffer: DeviceBuffer): Promise<Float32Array>;
  /** Starts the enqueued work without waiting; a training step ends with it. */
  flush(): void;
  /** Releases memory, workers and the GPU. No call may follow. */
  close(): void;
}
