/**
 * The queue of a device without worker threads: each phase is run at once on the calling thread, in memory that need not be
 * shared. It serves where there is no shared memory, such as a page that is not cross-origin isolated, and gives the bits
 * that any number of threads gives.
 */
import { Heap } from "./heap.ts";
import { HEAP_START, type Kernel, type Phase, type PhaseArguments } from "./layout.ts";
import { Queue } from "./queue.ts";

/** A queue that is never behind. */
export class InlineQueue extends Queue {
  readonly #kernels: Kernel;
  #failure: string | null = null;

  /** @param limit bytes that the memory may have at most */
  constructor(memory: WebAssembly.Memory, kernels: Kernel, limit: number) {
    super(memory, new Heap(memory, HEAP_START, limit), 1);
    this.#kernels = kernels;
  }

  override run<N extends string>(phase: Phase<N>, chunks: number, args: PhaseArguments<N>): void {
    this.check();
    try {
      for (let chunk = 0; chunk < chunks; chunk++) phase.run(this.#kernels, args, chunk, 0);
    } catch (error) {
      // the next call reports a fault, as on a device that runs kernels later
      this.fail(`A kernel of the CPU device failed: ${error instanceof Error ? error.message : error}`);
    }
  }

  override get idle(): boolean {
    return true;
  }

  override check(): void {
    if (this.#failure !== null) throw new Error(this.#failure);
  }

  override fail(message: string): void {
    this.#failure ??= message;
  }

  override stop(): void {
    this.fail("The device is closed");
  }

  override drain(): void {
    this.check();
  }

  // deno-lint-ignore require-await -- a failure is a rejection here, as it is of a queue that waits
  override async passed(): Promise<void> {
    this.check();
  }
}
