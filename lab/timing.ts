/**
 * How long a kernel takes, when only `read()` can be waited for.
 *
 * A wait is dear: some ten milliseconds on WebGPU, whatever was waited for. So a sample is many calls and one wait,
 *
 *     seconds of a call = (seconds of n calls and a wait - seconds of a wait) / n
 *
 * with n so large that the wait is at most a twentieth of it. A row is several samples: their median, and the quartiles
 * between which half of them lie.
 */
import type { Device, DeviceBuffer } from "../kernels/device.ts";

/** Samples in short: seconds, or whatever else was measured. */
export interface Spread {
  /** Half of the samples are below. */
  median: number;
  /** A quarter is below. */
  lower: number;
  /** A quarter is above. */
  upper: number;
  /** How many samples. */
  count: number;
}

/** How much time to spend on a row. */
export interface Budget {
  /** Samples wanted; never fewer than 3. */
  samples: number;
  /** Seconds after which no further sample is begun, once there are 3. */
  seconds: number;
  /** A sample is repeated calls of at least so many seconds together. */
  sampleSeconds: number;
}

/** What `bench` spends, and what a smoke test does. */
export const BUDGETS: { usual: Budget; quick: Budget } = {
  usual: { samples: 9, seconds: 1.5, sampleSeconds: 0.02 },
  quick: { samples: 3, seconds: 0.05, sampleSeconds: 0.001 },
};

/** Median and quartiles, interpolated between neighbours as numpy does. Throws a RangeError where there are no samples. */
export function spread(samples: readonly number[]): Spread {
  if (samples.length === 0) throw new RangeError("No samples to take the median of");
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number) => {
    const place = share * (sorted.length - 1), left = Math.floor(place);
    return sorted[left] + (place - left) * (sorted[Math.min(left + 1, sorted.length - 1)] - sorted[left]);
  };
  return { median: at(0.5), lower: at(0.25), upper: at(0.75), count: samples.length };
}

/** The same spread in another unit: `per(x)` grows or falls with x. */
export function mapSpread({ median, lower, upper, count }: Spread, per: (x: number) => number): Spread {
  const [a, b] = [per(lower), per(upper)];
  return { median: per(median), lower: Math.min(a, b), upper: Math.max(a, b), count };
}

/** Takes samples until the budget is spent. `sample` gives seconds (or what else is measured). */
export async function takeSamples(sample: () => Promise<number>, budget: Budget): Promise<Spread> {
  const samples: number[] = [];
  const end = performance.now() + 1000 * budget.seconds;
  while (samples.length < budget.samples && (samples.length < 3 || performance.now() < end)) {
    samples.push(await sample());
  }
  return spread(samples);
}

/** Times what `run` takes until it, or the promise it gives, is done. */
export async function timeAlone(run: () => unknown, budget: Budget): Promise<Spread> {
  return await takeSamples(async () => {
    const start = performance.now();
    await run();
    return (performance.now() - start) / 1000;
  }, budget);
}

/** Work that is enqueued, and a wait for it. */
export interface Work {
  /** Enqueues it once (or does it, where a library knows no queue). */
  enqueue(): void;
  /** Fulfilled when all that was enqueued is done. */
  settle(): Promise<unknown>;
}

/** Seconds of a wait for nothing: for what is done already. */
async function idleWait(work: Work): Promise<number> {
  work.enqueue();
  for (let i = 0; i < 3; i++) await work.settle();
  const { lower } = await timeAlone(() => work.settle(), { samples: 9, seconds: 0.3, sampleSeconds: 0 });
  return lower;
}

/** Takes samples of one work. */
export class Sampler {
  readonly #work: Work;
  readonly #wait: number;
  readonly #wanted: number; // seconds of a sample
  #calls = 1;

  private constructor(work: Work, wait: number, wanted: number) {
    this.#work = work;
    this.#wait = wait;
    this.#wanted = wanted;
  }

  /**
   * Warms up, and finds how many calls a sample takes.
   *
   * @param sampleSeconds of a sample, at least
   * @param wait seconds of a wait for nothing, where they are known
   */
  static async start(work: Work, sampleSeconds: number, signal?: AbortSignal, wait?: number): Promise<Sampler> {
    wait ??= await idleWait(work);
    const wanted = Math.max(sampleSeconds, 20 * wait);
    const sampler = new Sampler(work, wait, wanted);
    for (let seconds = await sampler.#run(); seconds < wanted; seconds = await sampler.#run()) {
      signal?.throwIfAborted();
      const calls = sampler.#calls, one = Math.max(seconds - wait, wanted / 1e5) / calls;
      sampler.#calls = Math.ceil(Math.min(8 * calls, Math.max(calls + 1, 1.2 * wanted / one)));
    }
    return sampler;
  }

  async #run(): Promise<number> {
    const start = performance.now();
    for (let i = 0; i < this.#calls; i++) this.#work.enqueue();
    await this.#work.settle();
    return (performance.now() - start) / 1000;
  }

  /** Seconds of a call. */
  async sample(): Promise<number> {
    for (;;) {
      const seconds = await this.#run();
      // a pause of the machine may have made the first rounds look long: then a sample takes more calls
      if (seconds >= this.#wanted / 4) return Math.max(seconds - this.#wait, seconds / 20) / this.#calls;
      this.#calls *= 2;
    }
  }
}

/** Times what is enqueued on one device. */
export class Stopwatch {
  /** Seconds of a wait for nothing, which is taken off each sample. */
  readonly wait: number;
  readonly #device: Device;
  readonly #budget: Budget;
  readonly #probe: DeviceBuffer;

  private constructor(device: Device, budget: Budget, probe: DeviceBuffer, wait: number) {
    this.#device = device;
    this.#budget = budget;
    this.#probe = probe;
    this.wait = wait;
  }

  /** Measures what a wait takes. The probe it waits for stays allocated until {@link close}. */
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

  /** Gives its memory back. */
  close(): void {
    this.#device.release(this.#probe);
  }

  /** Takes samples of what `enqueue` enqueues, warm and long enough. */
  async sampler(enqueue: () => void, signal?: AbortSignal): Promise<Sampler> {
    const work = { enqueue, settle: () => this.settle() };
    return await Sampler.start(work, this.#budget.sampleSeconds, signal, this.wait);
  }

  /** Seconds of one call of `enqueue`, which enqueues work and returns. */
  async time(enqueue: () => void, signal?: AbortSignal): Promise<Spread> {
    const sampler = await this.sampler(enqueue, signal);
    return await takeSamples(async () => {
      signal?.throwIfAborted();
      return await sampler.sample();
    }, this.#budget);
  }
}
