/** The error of a device that no longer computes. */

/** A GPU was lost or a thread of the CPU device ended: this and every later call throws it. Another device has to be opened. */
export class DeviceLostError extends Error {
  /** The class name, which survives a transfer between threads. */
  override name = "DeviceLostError";
}
