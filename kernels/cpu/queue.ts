/**
 * The kernels' work: phases, cut into chunks, in order; and the memory that they run in. There are two kinds: `ring.ts`
 * passes the phases to worker threads through shared memory, `inline.ts` runs them at once on the calling thread.
 */
import type { Block, Heap } from "./heap.ts";
import type { Phase, PhaseArguments } from "./layout.ts";

/** A queue of phases. */
export abstract class Queue {
  /** The memory of everything. */
  readonly memory: WebAssembly.Memory;
  /** Its allocator. */
  readonly heap: Heap;
  /** Number of threads that run chunks. */
  readonly threads: number;
  #workspace: Block = { address: 0, bytes: 0 };
  #scratch: Block = { address: 0, bytes: 0 };
  /** Blocks that were too small; work enqueued before may still use them. */
  #outgrown: Block[] = [];

  constructor(memory: WebAssembly.Memory, heap: Heap, threads: number) {
    this.memory = memory;
    this.heap = heap;
    this.threads = threads;
  }

  /** Enqueues `chunks` chunks of a phase, to run after everything before. */
  abstract run<N extends string>(phase: Phase<N>, chunks: number, args: PhaseArguments<NoInfer<N>>): void;

  /** Whether there is no pending work. */
  abstract get idle(): boolean;

  /** Throws the Error of a failure, if there was one. */
  abstract check(): void;

  /** Makes the device fail with a message, e.g. when a thread has died, and wakes all waiters. */
  abstract fail(message: string): void;

  /** Ends the threads; every later call throws. */
  abstract stop(): void;

  /** Blocks this thread until all enqueued work is done. */
  abstract drain(): void;

  /** Resolves when all work enqueued before is done. */
  abstract passed(): Promise<void>;

  /** Address of memory shared by the phases of one operation; valid until the next operation. */
  workspace(bytes: number): number {
    return (this.#workspace = this.#atLeast(this.#workspace, bytes)).address;
  }

  /**
   * Address of scratch memory: `bytes` bytes for each thread, thread t's at t * bytes; valid within a chunk. Does not
   * round the size.
   */
  scratch(bytes: number): number {
    return (this.#scratch = this.#atLeast(this.#scratch, bytes * this.threads)).address;
  }

  #atLeast(block: Block, bytes: number): Block {
    if (block.bytes >= bytes) return block;
    if (block.bytes > 0) this.#outgrown.push(block);
    if (this.idle) this.#freeOutgrown();
    const larger = this.heap.allocate(bytes) ?? this.#allocateDrained(bytes);
    if (!larger) throw shortOfMemory(bytes, "a kernel's working memory", this.memory);
    return larger;
  }

  /** Allocates after all work is done, when nothing uses the outgrown blocks. */
  #allocateDrained(bytes: number): Block | null {
    this.drain();
    this.#freeOutgrown();
    return this.heap.allocate(bytes);
  }

  #freeOutgrown(): void {
    for (const block of this.#outgrown) this.heap.free(block);
    this.#outgrown = [];
  }
}

/** The error of a failed allocation. */
export function shortOfMemory(bytes: number, purpose: string, memory: WebAssembly.Memory): Error {
  const mib = (n: number) => `${(n / 2 ** 20).toFixed(n < 2 ** 20 ? 3 : 0)} MiB`;
  return new Error(
    `The CPU device is out of memory: ${purpose} needs ${mib(bytes)}, and ${
      mib(memory.buffer.byteLength)
    } are in use. ` +
      "A smaller `batch` or `width` needs less",
  );
}
