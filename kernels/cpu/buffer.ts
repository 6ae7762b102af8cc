/** Buffers of the CPU device: stretches of the shared memory. */
import { BufferStretch } from "../stretch.ts";
import type { KernelArguments, KernelName } from "../table.ts";

/** The memory of all CPU devices' buffers, in errors. */
const MEMORY = "the CPU device's memory";

/** A buffer at an address. */
export class CpuBuffer extends BufferStretch {
  /** @param address of its first byte in the shared memory */
  constructor(readonly address: number, length: number) {
    super(MEMORY, address / 4, length);
  }

  protected override part(offset: number, length: number): this {
    return new CpuBuffer(this.address + 4 * offset, length) as this;
  }
}

/** Arguments of a kernel, checked, with the addresses of its buffers. */
export type Addresses<N extends KernelName> = KernelArguments<N, number>;
