/**
 * Replaces a run's device when it is lost: a GPU that was reset, a worker that died. A failed device throws the same error
 * from then on, so a small computation shows whether it is lost.
 */
import type { Device } from "../kernels/device.ts";
import { DeviceLostError } from "../kernels/device_lost.ts";

/** Number of losses after which a run stops: the problem is then permanent. */
const MOST_LOSSES = 3;

/** Manages a device and its replacements. */
export class DeviceKeeper {
  /** The current device. */
  device: Device;
  readonly #reopen?: () => Promise<Device>;
  #losses = 0;

  /**
   * Starts with an open device.
   *
   * @param reopen opens a replacement; without it, the first loss is final
   */
  constructor(device: Device, reopen?: () => Promise<Device>) {
    this.device = device;
    this.#reopen = reopen;
  }

  /**
   * Replaces the device if an error was caused by its loss; otherwise rethrows the error.
   *
   * @returns a description of the lost device for people
   * @throws {DeviceLostError} at the third loss
   */
  async replace(error: unknown): Promise<string> {
    if (await answers(this.device)) throw error;
    const why = (error as Error).message;
    if (!this.#reopen) throw error;
    if (++this.#losses >= MOST_LOSSES) {
      throw new DeviceLostError(`The device was lost ${this.#losses} times; the last fault: ${why}`, {
        cause: error,
      });
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
