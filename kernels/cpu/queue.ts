/**
 * The device's end of the ring: puts phases in, waits for them, hears of failures. Nothing here waits unless the ring is full,
 * memory must change hands, or the caller asks.
 */
import { Heap } from "./heap.ts";
import type { Block } from "./heap.ts";
import { ARGUMENTS, CONTROL, fail, HEAP_START, MESSAGE, type Phase, RING, SLOT, wakeAll } from "./layout.ts";
import { fence, PHASES } from "./phases.ts";

/** Seconds without any chunk claimed or done after which the workers count as hung. The longest chunk takes a second or so. */
const PATIENCE = 60;

/** A command queue in shared memory. */
export class Queue {
  /** The memory that everything lies in. */
  readonly memory: WebAssembly.Memory;
  /** Blocks of it. */
  readonly heap: Heap;
  /** Workers that walk the ring. */
  readonly threads: number;
  #words: Int32Array;
  #arguments: Float64Array;
  #enqueued = 0;
  #fences = 0;
  #free = RING.slots as number; // slots known to be free
  #failure: string | null = null;
  #workspace: Block = { address: 0, bytes: 0 };
  #scratch: Block = { address: 0, bytes: 0 };

  constructor(memory: WebAssembly.Memory, threads: number, limit: number) {
    this.memory = memory;
    this.threads = threads;
    this.heap = new Heap(memory, HEAP_START, limit);
    this.#words = new Int32Array(memory.buffer, 0, HEAP_START / 4);
    this.#arguments = new Float64Array(memory.buffer, 0, HEAP_START / 8);
  }

  /** Enqueues `chunks` chunks of a phase, to run when all before are done. */
  run(phase: Phase, chunks: number, ...args: number[]): void {
    this.check();
    if (args.length > ARGUMENTS.length) throw new RangeError(`A phase takes at most ${ARGUMENTS.length} arguments`);
    if (this.#free === 0) this.#awaitSlot();
    this.#free--;
    const at = RING.at + (this.#enqueued & (RING.slots - 1)) * RING.slotBytes;
    const word = at / 4;
    this.#words[word + SLOT.claimed] = 0;
    this.#words[word + SLOT.done] = 0;
    this.#words[word + SLOT.phase] = PHASES.indexOf(phase);
    this.#words[word + SLOT.chunks] = chunks;
    this.#arguments.set(args, (at + ARGUMENTS.at) / 8);
    this.#enqueued = (this.#enqueued + 1) | 0;
    Atomics.store(this.#words, CONTROL.enqueued, this.#enqueued);
    Atomics.notify(this.#words, CONTROL.enqueued);
  }

  /** Whether nothing is left to do. */
  get idle(): boolean {
    return Atomics.load(this.#words, CONTROL.completed) === this.#enqueued;
  }

  /** Throws the Error of a failure, if there was one. */
  check(): void {
    if (this.#failure === null && Atomics.load(this.#words, CONTROL.failed)) {
      const length = this.#words[CONTROL.messageLength];
      const bytes = new Uint8Array(this.memory.buffer, MESSAGE.at, length).slice();
      this.#failure = new TextDecoder().decode(bytes);
    }
    if (this.#failure !== null) throw new Error(this.#failure);
  }

  /** Makes the device fail with a message, e.g. when a thread has died, and wakes whoever waits. */
  fail(message: string): void {
    fail(this.#words, message);
  }

  /** Tells the workers to end. */
  stop(): void {
    this.#failure ??= "The device is closed";
    Atomics.store(this.#words, CONTROL.stop, 1);
    wakeAll(this.#words);
  }

  /** Blocks this thread until all that was enqueued is done. */
  drain(): void {
    const last = this.#enqueued;
    this.#block(CONTROL.completed, () => ((Atomics.load(this.#words, CONTROL.completed) - last) | 0) >= 0);
  }

  /** Becomes fulfilled when all that was enqueued before is done. */
  async passed(): Promise<void> {
    this.run(fence, 1, 4 * CONTROL.fence);
    const mine = this.#fences = (this.#fences + 1) | 0;
    // A timer, since a promise of Atomics alone would not keep the program from ending.
    const alive = setInterval(() => {}, 1000);
    try {
      const patience = this.#patience();
      for (;;) {
        const count = Atomics.load(this.#words, CONTROL.fence);
        if (((count - mine) | 0) >= 0) break;
        this.check();
        patience();
        const wait = Atomics.waitAsync(this.#words, CONTROL.fence, count, 1000);
        if (wait.async) await wait.value;
      }
    } finally {
      clearInterval(alive);
    }
    this.check();
  }

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

  #awaitSlot(): void {
    const free = () => {
      let used = 0;
      for (let t = 0; t < this.threads; t++) {
        used = Math.max(used, (this.#enqueued - Atomics.load(this.#words, CONTROL.position + 16 * t)) | 0);
      }
      return RING.slots - used;
    };
    // Wait for half of the ring at once, so that this thread and the workers do not take turns.
    this.#block(CONTROL.completed, () => free() >= RING.slots / 2);
    this.#free = free();
  }

  #block(word: number, ready: () => boolean): void {
    const patience = this.#patience();
    for (;;) {
      const seen = Atomics.load(this.#words, word);
      if (ready()) return;
      this.check();
      // Short naps at the end of the ring: slots are freed by positions, which nobody notifies of.
      if (Atomics.wait(this.#words, word, seen, 50) === "timed-out") patience();
    }
  }

  /** A function to call now and then while waiting; throws when nothing has moved for too long. */
  #patience(): () => void {
    let seen = "", since = 0, last = performance.now();
    return () => {
      const completed = Atomics.load(this.#words, CONTROL.completed);
      const word = (RING.at + (completed & (RING.slots - 1)) * RING.slotBytes) / 4;
      const now = `${completed} ${this.#words[word + SLOT.claimed]} ${this.#words[word + SLOT.done]}`;
      const time = performance.now();
      // A stopped program or a sleeping machine is no hung worker: no single gap counts for more than two seconds.
      since = now === seen ? since + Math.min(time - last, 2000) : 0;
      [seen, last] = [now, time];
      if (since > PATIENCE * 1000) {
        this.fail(`The CPU device's workers have done nothing for ${PATIENCE} s`);
        this.check();
      }
    };
  }
}

/** The error of an allocation that did not fit. */
export function shortOfMemory(bytes: number, purpose: string, memory: WebAssembly.Memory): Error {
  const mib = (n: number) => `${(n / 2 ** 20).toFixed(n < 2 ** 20 ? 3 : 0)} MiB`;
  return new Error(
    `The CPU device is out of memory: ${mib(bytes)} wanted for ${purpose}, ${
      mib(memory.buffer.byteLength)
    } taken already. ` +
      "A smaller --batch or --width needs less",
  );
}
