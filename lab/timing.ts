/**
 * Times kernels, although only `read()` can be awaited.
 *
 * A wait is expensive: about ten milliseconds on WebGPU, whatever it waits for. So a sample is many calls and one wait,
 *
 *     seconds of a call = (seconds of n calls and a wait - seconds of a wait) / n
 *
 * with n so large that the wait is at most a twentieth of it. A row consists of several samples: their median and
 * quartiles.
 */
import type { Device, DeviceBuffer } from "../kernels/device.ts";

/** Summary of samples: seconds or another quantity. */
export interface Spread {
  /** Half of the samples are below. */
  median: number;
  /** A quarter is below. */
  lower: number;
  /** A quarter is above. */
  upper: number;
  /** Number of samples. */
  count: number;
}

/** The time to spend on a row. */
export interface Budget {
  /** Number of samples, at least 3. */
  samples: number;
  /** Seconds after which no further sample starts, if there are at least 3. */
  seconds: number;
  /** Shortest sample of repeated calls, in seconds. */
  sampleSeconds: number;
}

/** The budgets of `bench` and of a smoke test. */
export const BUDGETS: { usual: Budget; quick: Budget } = {
  usual: { samples: 9, seconds: 1.5, sampleSeconds: 0.02 },
  quick: { samples: 3, seconds: 0.05, sampleSeconds: 0.001 },
};

/** Median and quartiles, interpolated between neighbours as in numpy. Throws a RangeError if there are no samples. */
export function spread(samples: readonly number[]): Spread {
  if (samples.length === 0) throw new RangeError("No samples to take the median of");
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number) => {
    const place = share * (sorted.length - 1), left = Math.floor(place);
    return sorted[left] + (place - left) * (sorted[Math.min(left + 1, sorted.length - 1)] - sorted[left]);
  };
  return { median: at(0.5), lower: at(0.25), upper: at(0.75), count: samples.length };
}

/** Converts a spread to another unit: `per(x)` must be monotonic in x. */
export function mapSpread({ median, lower, upper, count }: Spread, per: (x: number) => number): Spread {
  const [a, b] = [per(lower), per(upper)];
  return { median: per(median), lower: Math.min(a, b), upper: Math.max(a, b), count };
}

/** Takes samples until the budget is spent. `sample` returns seconds (or another quantity). */
export async function takeSamples(sample: () => Promise<number>, budget: Budget): Promise<Spread> {
  const samples: number[] = [];
  const end = performance.now() + 1000 * budget.seconds;
  while (samples.length < budget.samples && (samples.length < 3 || performance.now() < end)) {
    samples.push(await sample());
  }
  return spread(samples);
}

/** Times `run`, including the promise that it may return. */
export async function timeAlone(run: () => unknown, budget: Budget): Promise<Spread> {
  return await takeSamples(async () => {
    const start = performance.now();
    await run();
    return (performance.now() - start) / 1000;
  }, budget);
}

/** Work to enqueue, and a wait for it. */
export interface TimedWork {
  /** Enqueues the work once (or does it, if a library has no queue). */
  enqueue(): void;
  /** Resolves when everything enqueued is done. */
  settle(): Promise<unknown>;
}

/** Duration in seconds of an idle wait, for work that is already done. */
async function idleWait(work: TimedWork): Promise<number> {
  work.enqueue();
  for (let i = 0; i < 3; i++) await work.settle();
  const { lower } = await timeAlone(() => work.settle(), { samples: 9, seconds: 0.3, sampleSeconds: 0 });
  return lower;
}

/** Takes samples of one piece of work. */
export class Sampler {
  readonly #work: TimedWork;
  readonly #wait: number;
  readonly #least: number; // seconds of a sample, at least
  #calls = 1;

  private constructor(work: TimedWork, wait: number, least: number) {
    this.#work = work;
    this.#wait = wait;
    this.#least = least;
  }

  /**
   * Warms up and determines the number of calls per sample.
   *
   * @param sampleSeconds shortest sample in seconds
   * @param wait duration of an idle wait in seconds, if known
   */
  static async start(work: TimedWork, sampleSeconds: number, signal?: AbortSignal, wait?: number): Promise<Sampler> {
    wait ??= await idleWait(work);
    const least = Math.max(sampleSeconds, 20 * wait);
    const sampler = new Sampler(work, wait, least);
    for (let seconds = await sampler.#run(); seconds < least; seconds = await sampler.#run()) {
      signal?.throwIfAborted();
      const calls = sampler.#calls, one = Math.max(seconds - wait, least / 1e5) / calls;
      sampler.#calls = Math.ceil(Math.min(8 * calls, Math.max(calls + 1, 1.2 * least / one)));
    }
    return sampler;
  }

  async #run(): Promise<number> {
    const start = performance.now();
    for (let i = 0; i < this.#calls; i++) this.#work.enqueue();
    await this.#work.settle();
    return (performance.now() - start) / 1000;
  }

  /** Seconds per call. */
  async sample(): Promise<number> {
    for (;;) {
      const seconds = await this.#run();
      // a pause of the machine may have made the first rounds seem long; a sample then takes more calls
      if (seconds >= this.#least / 4) return Math.max(seconds - this.#wait, seconds / 20) / this.#calls;
      this.#calls *= 2;
    }
  }
}

/** Times work enqueued on one device. */
export class Stopwatch {
  /** Duration of an idle wait in seconds, subtracted from each sample. */
  readonly wait: number;
  /** The time to spend on a row. */
  readonly budget: Budget;
  readonly #device: Device;
  readonly #probe: DeviceBuffer;

  private constructor(device: Device, budget: Budget, probe: DeviceBuffer, wait: number) {
    this.#device = device;
    this.budget = budget;
    this.#probe = probe;
    this.wait = wait;
  }

  /** Measures the idle wait. Its probe stays allocated until {@link close}. */
  static async start(device: Device, budget: Budget): Promise<Stopwatch> {
    const probe = device.allocate(64, "what the bench waits for");
    device.fill({ x: probe, length: 64, value: 0 });
    for (let i = 0; i < 3; i++) await device.read(probe);
    const { lower } = await timeAlone(() => device.read(probe), { samples: 15, seconds: 0.3, sampleSeconds: 0 });
    return new Stopwatch(device, budget, probe, lower);
  }

  /** Waits until everything enqueued is done. */
  async settle(): Promise<void> {
    await this.#device.read(this.#probe);
  }

  /** Releases its memory. */
  close(): void {
    this.#device.release(this.#probe);
  }

  /** Takes samples of the work of `enqueue`, after a warm-up and of sufficient length. */
  async sampler(enqueue: () => void, signal?: AbortSignal): Promise<Sampler> {
    const work = { enqueue, settle: () => this.settle() };
    return await Sampler.start(work, this.budget.sampleSeconds, signal, this.wait);
  }

  /** Seconds per call of `enqueue`, which enqueues work and returns. */
  async time(enqueue: () => void, signal?: AbortSignal): Promise<Spread> {
    const sampler = await this.sampler(enqueue, signal);
    return await takeSamples(async () => {
      signal?.throwIfAborted();
      return await sampler.sample();
    }, this.budget);
  }
}
