/**
 * The queue of a device with worker threads: the device's end of the ring. It enqueues phases, waits for them, and notices
 * failures. It waits only if the ring is full, memory must be reassigned, or the caller requests it.
 */
import { DeviceLostError } from "../device_lost.ts";
import { Heap } from "./heap.ts";
import {
  ARGUMENTS,
  CONTROL,
  fail,
  HEAP_START,
  MESSAGE,
  type Phase,
  type PhaseArguments,
  RING,
  SLOT,
  wakeAll,
} from "./layout.ts";
import { fence, numberOf } from "./phases.ts";
import { Queue } from "./queue.ts";

/**
 * Seconds without any chunk claimed or done after which the workers count as hung. The longest chunk takes about a
 * second.
 */
const PATIENCE = 60;

/** A command queue in shared memory. */
export class RingQueue extends Queue {
  #words: Int32Array;
  #arguments: Float64Array;
  #enqueued = 0;
  #fences = 0;
  #free = RING.slots as number; // slots known to be free
  #failure?: Error;

  /**
   * An empty ring in `memory`.
   *
   * @param threads number of workers
   * @param limit largest size of the memory in bytes
   */
  constructor(memory: WebAssembly.Memory, threads: number, limit: number) {
    super(memory, new Heap(memory, HEAP_START, limit), threads);
    this.#words = new Int32Array(memory.buffer, 0, HEAP_START / 4);
    this.#arguments = new Float64Array(memory.buffer, 0, HEAP_START / 8);
  }

  override run<N extends string>(phase: Phase<N>, chunks: number, args: PhaseArguments<N>): void {
    this.check();
    const number = numberOf(phase);
    if (this.#free === 0) this.#awaitSlot();
    this.#free--;
    const at = RING.at + (this.#enqueued & (RING.slots - 1)) * RING.slotBytes;
    const word = at / 4;
    this.#words[word + SLOT.claimed] = 0;
    this.#words[word + SLOT.done] = 0;
    this.#words[word + SLOT.phase] = number;
    this.#words[word + SLOT.chunks] = chunks;
    const { names } = phase;
    for (let i = 0; i < names.length; i++) this.#arguments[(at + ARGUMENTS.at) / 8 + i] = args[names[i]];
    this.#enqueued = (this.#enqueued + 1) | 0;
    Atomics.store(this.#words, CONTROL.enqueued, this.#enqueued);
    Atomics.notify(this.#words, CONTROL.enqueued);
  }

  override get idle(): boolean {
    return Atomics.load(this.#words, CONTROL.completed) === this.#enqueued;
  }

  override check(): void {
    if (!this.#failure && Atomics.load(this.#words, CONTROL.failed)) {
      const length = this.#words[CONTROL.messageLength];
      const bytes = new Uint8Array(this.memory.buffer, MESSAGE.at, length).slice();
      this.#failure = new DeviceLostError(new TextDecoder().decode(bytes));
    }
    if (this.#failure) throw this.#failure;
  }

  override fail(message: string): void {
    fail(this.#words, message);
  }

  override stop(): void {
    this.#failure ??= new Error("The device is closed");
    Atomics.store(this.#words, CONTROL.stop, 1);
    wakeAll(this.#words);
  }

  override drain(): void {
    const last = this.#enqueued;
    this.#block(CONTROL.completed, () => ((Atomics.load(this.#words, CONTROL.completed) - last) | 0) >= 0);
  }

  override async passed(): Promise<void> {
    this.run(fence, 1, { counter: 4 * CONTROL.fence });
    const mine = this.#fences = (this.#fences + 1) | 0;
    // A timer, since a promise of Atomics alone would not keep the program alive.
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

  #awaitSlot(): void {
    const free = () => {
      let used = 0;
      for (let t = 0; t < this.threads; t++) {
        used = Math.max(used, (this.#enqueued - Atomics.load(this.#words, CONTROL.position + 16 * t)) | 0);
      }
      return RING.slots - used;
    };
    // Wait for half of the ring at once, so that this thread and the workers do not alternate.
    this.#block(CONTROL.completed, () => free() >= RING.slots / 2);
    this.#free = free();
  }

  #block(word: number, ready: () => boolean): void {
    const patience = this.#patience();
    for (;;) {
      const seen = Atomics.load(this.#words, word);
      if (ready()) return;
      this.check();
      // Short naps at the end of the ring: slots are freed by positions, whose changes notify nobody.
      if (Atomics.wait(this.#words, word, seen, 50) === "timed-out") patience();
    }
  }

  /** A function to call at intervals while waiting; throws if nothing has moved for too long. */
  #patience(): () => void {
    let seen = "", since = 0, last = performance.now();
    return () => {
      const completed = Atomics.load(this.#words, CONTROL.completed);
      const word = (RING.at + (completed & (RING.slots - 1)) * RING.slotBytes) / 4;
      const now = `${completed} ${this.#words[word + SLOT.claimed]} ${this.#words[word + SLOT.done]}`;
      const time = performance.now();
      // A suspended program or a sleeping machine must not count as a hung worker: one gap counts for at most two
      // seconds.
      since = now === seen ? since + Math.min(time - last, 2000) : 0;
      [seen, last] = [now, time];
      if (since > PATIENCE * 1000) {
        this.fail(`The CPU device's workers have done nothing for ${PATIENCE} s`);
        this.check();
      }
    };
  }
}
