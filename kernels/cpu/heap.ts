/**
 * Allocates blocks of the shared memory: first fit; neighbours are merged when freed; the memory grows when nothing
 * fits. Blocks are few and large (tensors), so a sorted list of gaps suffices.
 */

const PAGE = 65536;
const ALIGNMENT = 256;
/** Bytes that kernels may read (but never write) beyond the end of a block. */
const SLACK = 256;

/** A block of the memory. */
export interface Block {
  /** Address of its first byte. */
  address: number;
  /** Its size in bytes, rounded up. */
  bytes: number;
}

/** Allocates blocks of a memory from `start` on. */
export class Heap {
  #memory: WebAssembly.Memory;
  #gaps: Block[] = []; // by address
  #end: number; // memory from here on was never allocated
  #limit: number;

  /** @param limit largest size of the memory in bytes */
  constructor(memory: WebAssembly.Memory, start: number, limit: number) {
    this.#memory = memory;
    this.#end = Math.ceil(start / ALIGNMENT) * ALIGNMENT;
    this.#limit = limit;
  }

  /** A block of at least `bytes` bytes, or null if the memory is at its limit. */
  allocate(bytes: number): Block | null {
    bytes = Math.ceil(bytes / ALIGNMENT) * ALIGNMENT + SLACK;
    const place = this.#gaps.findIndex((gap) => gap.bytes >= bytes);
    if (place >= 0) {
      const gap = this.#gaps[place];
      const block = { address: gap.address, bytes };
      if (gap.bytes === bytes) this.#gaps.splice(place, 1);
      else this.#gaps[place] = { address: gap.address + bytes, bytes: gap.bytes - bytes };
      return block;
    }
    const last = this.#gaps.at(-1);
    const joins = last !== undefined && last.address + last.bytes === this.#end;
    const address = joins ? last.address : this.#end;
    if (!this.#reach(address + bytes)) return null;
    if (joins) this.#gaps.pop();
    this.#end = address + bytes;
    return { address, bytes };
  }

  /** Frees a block. */
  free(block: Block): void {
    let place = this.#gaps.findIndex((gap) => gap.address > block.address);
    if (place < 0) place = this.#gaps.length;
    this.#gaps.splice(place, 0, { ...block });
    for (const left of [place, place - 1]) {
      const [a, b] = [this.#gaps[left], this.#gaps[left + 1]];
      if (a && b && a.address + a.bytes === b.address) {
        this.#gaps.splice(left, 2, { address: a.address, bytes: a.bytes + b.bytes });
      }
    }
  }

  #reach(end: number): boolean {
    if (end > this.#limit) return false;
    const missing = Math.ceil((end - this.#memory.buffer.byteLength) / PAGE);
    if (missing <= 0) return true;
    try {
      // Grows a little ahead, since each growth is a system call.
      const room = Math.floor((this.#limit - this.#memory.buffer.byteLength) / PAGE);
      this.#memory.grow(Math.min(room, Math.max(missing, 64)));
      return true;
    } catch {
      return false;
    }
  }
}
