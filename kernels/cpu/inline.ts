/**
 * The queue of a device without worker threads: each phase runs at once on the calling thread, in memory that need not be
 * shared. It is used if there is no shared memory, as in a page that is not cross-origin isolated. Its results equal those
 * of any number of threads, bit for bit.
 */
import { DeviceLostError } from "../device_lost.ts";
import { Heap } from "./heap.ts";
import { HEAP_START, type Phase, type PhaseArguments, type WasmKernels } from "./layout.ts";
import { Queue } from "./queue.ts";

/** A queue without pending work. */
export class InlineQueue extends Queue {
  readonly #kernels: WasmKernels;
  #failure?: Error;

  /** @param limit largest size of the memory in bytes */
  constructor(memory: WebAssembly.Memory, kernels: WasmKernels, limit: number) {
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
    if (this.#failure) throw this.#failure;
  }

  override fail(message: string): void {
    this.#failure ??= new DeviceLostError(message);
  }

  override stop(): void {
    this.#failure ??= new Error("The device is closed");
  }

  override drain(): void {
    this.check();
  }

  // deno-lint-ignore require-await -- a failure is a rejection here, as it is of a queue that waits
  override async passed(): Promise<void> {
    this.check();
  }
}
