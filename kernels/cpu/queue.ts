/**
 * The work of the kernels: phases, cut into chunks, in order; and the memory that they run in. Two kinds: `ring.ts`
 * hands the phases to worker threads by way of shared memory, `inline.ts` runs them at once on the calling thread.
 */
import type { Block, Heap } from "./heap.ts";
import type { Phase, PhaseArguments } from "./layout.ts";

/** A queue of phases. */
export abstract class Queue {
  /** The memory that everything lies in. */
  readonly memory: WebAssembly.Memory;
  /** Blocks of it. */
  readonly heap: Heap;
  /** Threads that run chunks. */
  readonly threads: number;
  #workspace: Block = { address: 0, bytes: 0 };
  #scratch: Block = { address: 0, bytes: 0 };

  constructor(memory: WebAssembly.Memory, heap: Heap, threads: number) {
    this.memory = memory;
    this.heap = heap;
    this.threads = threads;
  }

  /** Enqueues `chunks` chunks of a phase, to run when all before are done. */
  abstract run<N extends string>(phase: Phase<N>, chunks: number, args: PhaseArguments<NoInfer<N>>): void;

  /** Whether nothing is left to do. */
  abstract get idle(): boolean;

  /** Throws the Error of a failure, if there was one. */
  abstract check(): void;

  /** Makes the device fail with a message, e.g. when a thread has died, and wakes whoever waits. */
  abstract fail(message: string): void;

  /** Ends the threads; every later call throws. */
  abstract stop(): void;

  /** Blocks this thread until all that was enqueued is done. */
  abstract drain(): void;

  /** Becomes fulfilled when all that was enqueued before is done. */
  abstract passed(): Promise<void>;

  /** Address of memory for what one operation's phases hand on to each other; valid until the next operation. */
  workspace(bytes: number): number {
    return (this.#workspace = this.#atLeast(this.#workspace, bytes)).address;
  }

  /** Address of scratch: `bytes` bytes for each thread, thread t's at t * bytes; valid within a chunk. Rounds nothing. */
  scratch(bytes: number): number {
    return (this.#scratch = this.#atLeast(this.#scratch, bytes * this.threads)).address;
  }

  #atLeast(block: Block, bytes: number): Block {
    if (block.bytes >= bytes) return block;
    // What is enqueued may still use the old block.
    this.drain();
    if (block.bytes > 0) this.heap.free(block);
    const larger = this.heap.allocate(bytes);
    if (!larger) throw shortOfMemory(bytes, "a kernel's working memory", this.memory);
    return larger;
  }
}

/** The error of an allocation that did not fit. */
export function shortOfMemory(bytes: number, purpose: string, memory: WebAssembly.Memory): Error {
  const mib = (n: number) => `${(n / 2 ** 20).toFixed(n < 2 ** 20 ? 3 : 0)} MiB`;
  return new Error(
    `The CPU device is out of memory: ${purpose} needs ${mib(bytes)}, and ${
      mib(memory.buffer.byteLength)
    } are in use. ` +
      "A smaller `batch` or `width` needs less",
  );
}
