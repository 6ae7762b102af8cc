/**
 * The device of a run, replaced when it is lost: a GPU that was reset, a worker that died. A device that has failed throws the
 * same fault from then on, so whether it is lost is found out by asking it for something.
 */
import type { Device } from "../kernels/device.ts";

/** Losses after which a run stops: something is wrong that does not pass. */
const MOST_LOSSES = 3;

/** Keeps a device, or its replacement. */
export class DeviceKeeper {
  /** The one to use now. */
  device: Device;
  readonly #reopen?: () => Promise<Device>;
  #losses = 0;

  /**
   * Begins with a device that is open.
   *
   * @param reopen opens another like it; without it the first loss is the last
   */
  constructor(device: Device, reopen?: () => Promise<Device>) {
    this.device = device;
    this.#reopen = reopen;
  }

  /**
   * Replaces the device if an error comes from its loss; throws the error where it does not.
   *
   * @returns for people: what was lost
   * @throws {Error} at the third loss
   */
  async replace(error: unknown): Promise<string> {
    if (await answers(this.device)) throw error;
    const why = (error as Error).message;
    if (!this.#reopen) throw error;
    if (++this.#losses >= MOST_LOSSES) {
      throw new Error(`The device was lost ${this.#losses} times; the last fault: ${why}`, { cause: error });
    }
    try {
      this.device.close();
    } catch {
      // it is lost anyway
    }
    this.device = await this.#reopen();
    return `The device was lost (${why}); opened it again`;
  }
}

/** Whether a device still computes. */
async function answers(device: Device): Promise<boolean> {
  try {
    const probe = device.allocate(1, "a test whether the device still computes");
    device.fill({ x: probe, length: 1, value: 1 });
    const [value] = await device.read(probe);
    device.release(probe);
    return value === 1;
  } catch {
    return false;
  }
}
