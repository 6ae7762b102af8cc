/**
 * A stretch of a GPU buffer. Buffers are padded to 16 bytes, and so are bindings, so that a kernel may see any of them as
 * `array<vec4f>`; slices begin at multiples of 256 bytes, so padded bindings never overlap.
 *
 * @module
 */
import { BufferStretch } from "../stretch.ts";
import type { KernelArguments, KernelName } from "../table.ts";

/** A `DeviceBuffer` of the WebGPU device. */
export class GpuBuffer extends BufferStretch {
  /** The GPU buffer that contains it. */
  readonly gpu: GPUBuffer;
  /** That buffer's number on its device. */
  readonly id: number;
  /** Identifies this stretch: equal for equal stretches of one buffer. */
  readonly key: string;

  /** @param gpu has at least offset + length words, padded to 4 */
  constructor(gpu: GPUBuffer, id: number, offset: number, length: number) {
    super(gpu, offset, length);
    this.gpu = gpu;
    this.id = id;
    this.key = `${id}:${offset}:${length}`;
  }

  protected override part(offset: number, length: number): this {
    return new GpuBuffer(this.gpu, this.id, this.offset + offset, length) as this;
  }

  /** Size in bytes of a binding: padded to 16. */
  get bindingBytes(): number {
    return 16 * Math.ceil(this.length / 4);
  }
}

/** Arguments of a kernel, checked, with buffers of this device. */
export type GpuArguments<N extends KernelName> = KernelArguments<N, GpuBuffer>;
