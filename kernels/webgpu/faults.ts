/**
 * No silent zeros. WebGPU reports errors late, and only to listeners: a shader that does not compile computes nothing
 * without any message. Here every creation happens in an error scope, listeners catch all other errors, and the first fault
 * is stored and thrown by every later call.
 */
import { DeviceLostError } from "../device_lost.ts";

/** The first thing that went wrong on a GPU device. */
export class Faults {
  #device: GPUDevice;
  #first?: Error;
  #open = new Set<Promise<void>>();
  #closed = false;

  /** Starts listening to a device. */
  constructor(device: GPUDevice) {
    this.#device = device;
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      this.report(new Error(`The GPU reports: ${event.error.message}`));
    });
    device.lost.then((info) => {
      if (!this.#closed) this.report(new DeviceLostError(`The GPU was lost (${info.reason}): ${info.message}`));
    });
  }

  /** Stores an error if it is the first. */
  report(error: Error): void {
    if (!this.#closed) this.#first ??= error;
  }

  /** Throws the first fault, if there is one. */
  throwIfAny(): void {
    if (this.#closed) throw new Error("The WebGPU device is closed");
    if (this.#first) throw this.#first;
  }

  /**
   * Runs `create` in an error scope; a later call throws its errors.
   *
   * @param explain converts WebGPU's message to the error to throw
   */
  guard<T>(create: () => T, explain: (created: T, message: string) => Error | Promise<Error>): T {
    this.#device.pushErrorScope("out-of-memory");
    this.#device.pushErrorScope("internal");
    this.#device.pushErrorScope("validation");
    let created: T | undefined;
    try {
      return created = create();
    } finally {
      const scopes = [this.#device.popErrorScope(), this.#device.popErrorScope(), this.#device.popErrorScope()];
      const settled: Promise<void> = Promise.all(scopes).then(async (errors) => {
        const error = errors.find((error) => error !== null);
        if (error) this.report(await explain(created as T, error.message));
      }).catch((error) => this.report(error instanceof Error ? error : new Error(String(error))))
        .finally(() => this.#open.delete(settled));
      this.#open.add(settled);
    }
  }

  /** Waits until all guarded creations have been checked; throws the first fault. */
  async settle(): Promise<void> {
    while (this.#open.size > 0) await Promise.all(this.#open);
    this.throwIfAny();
  }

  /** Ignores errors from now on: the device is being released. */
  close(): void {
    this.#closed = true;
  }
}
