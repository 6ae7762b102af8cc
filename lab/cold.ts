/**
 * Times kernels with cold caches: before each call, a copy through 256 MiB evicts what the caches had of the call's data.
 *
 * If a wait is cheap, as on the cpu device, a sample is one call between two waits: the flush ends before the clock starts. On
 * WebGPU a wait is too expensive for that (`timing.ts`), so flushes and calls alternate in one batch, and the time of as many flushes
 * alone is subtracted:
 *
 *     seconds of a cold call = (n flushes, each with a call after it, and a wait - n flushes and a wait) / n
 *
 * The two batches follow one another in each sample. The copy reads as well as writes, because a fill may bypass the caches. A GPU
 * should not run a call and a flush at the same time: each writes again what it wrote before, which needs a barrier. Vulkan's barriers
 * wait for all earlier work; no GPU was available to check the others.
 *
 * A call that is much shorter than a flush or a wait disappears in its noise. Then there is no time rather than a wrong one.
 */
import type { Device, DeviceBuffer } from "../kernels/device.ts";
import { type Budget, type Spread, type Stopwatch, takeSamples, type TimedWork } from "./timing.ts";

/** Words of each of the two buffers: 128 MiB, which every adapter can bind. Together they exceed all caches. */
const WORDS = 2 ** 25;

/** Seconds of a wait up to which each call is timed alone. */
const CHEAP = 5e-4;

/** A call to time, and the flush before it. */
export interface ColdWork extends TimedWork {
  /** Enqueues a flush. */
  flush(): void;
}

/** Options of {@link timeCold}. */
export interface ColdOptions {
  budget: Budget;
  /** Duration of an idle wait in seconds. */
  wait: number;
  signal?: AbortSignal;
  /** A clock in milliseconds; default: the system's. */
  now?: () => number;
}

/**
 * Seconds per call with cold caches.
 *
 * @returns undefined if a quarter of the samples or more are not above zero: the call is too short
 */
export async function timeCold(work: ColdWork, options: ColdOptions): Promise<Spread | undefined> {
  const { budget, wait, signal, now = () => performance.now() } = options;
  const run = async (count: number, enqueue: () => void) => {
    signal?.throwIfAborted();
    const start = now();
    for (let i = 0; i < count; i++) enqueue();
    await work.settle();
    return (now() - start) / 1000;
  };
  const alone = async () => {
    work.flush();
    await work.settle();
    return await run(1, work.enqueue) - wait;
  };
  const both = () => {
    work.flush();
    work.enqueue();
  };
  if (wait <= CHEAP) return resolved(await takeSamples(alone, budget));
  const least = Math.max(budget.sampleSeconds, 20 * wait);
  let count = 1;
  for (let seconds = await run(count, both); seconds < least; seconds = await run(count, both)) count *= 2;
  const sample = async () => (await run(count, both) - await run(count, work.flush)) / count;
  return resolved(await takeSamples(sample, { ...budget, seconds: 2 * budget.seconds })); // two batches each
}

/** Samples of a duration; undefined if noise dominates. */
function resolved(samples: Spread): Spread | undefined {
  return samples.lower > 0 ? samples : undefined;
}

/** The copy that evicts everything. Close it when done. */
export class CacheFlush {
  readonly #device: Device;
  readonly #x: DeviceBuffer;
  readonly #y: DeviceBuffer;

  /**
   * Allocates its buffers.
   *
   * @param words length of each of both; default: 128 MiB
   */
  constructor(device: Device, words = WORDS) {
    this.#device = device;
    [this.#x, this.#y] = ["from", "to"].map((side) => device.allocate(words, `cold caches: ${side}`));
    device.fill({ x: this.#x, length: words, value: 1 });
  }

  /** Seconds per call of `enqueue` on the same device; undefined if it is too short to be measured. */
  async time(enqueue: () => void, watch: Stopwatch, signal?: AbortSignal): Promise<Spread | undefined> {
    const x = this.#x, y = this.#y, { wait, budget } = watch;
    const flush = () => this.#device.copy({ x, y, length: x.length });
    return await timeCold({ enqueue, flush, settle: () => watch.settle() }, { budget, wait, signal });
  }

  /** Releases its buffers. */
  close(): void {
    for (const buffer of [this.#x, this.#y]) this.#device.release(buffer);
  }
}
