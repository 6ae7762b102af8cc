/**
 * An array on a device, read piece by piece: the weights of a large network are never all in two places at once, and one piece
 * is on its way while the one before it is used.
 */
import type { Device, DeviceBuffer } from "../kernels/device.ts";

/** Numbers of a piece: 4 MiB. */
const PIECE = 2 ** 20;

/** A whole buffer, to be read. */
export class DeviceArray {
  readonly #device: Device;
  readonly #buffer: DeviceBuffer;

  /** Reads nothing yet. */
  constructor(device: Device, buffer: DeviceBuffer) {
    [this.#device, this.#buffer] = [device, buffer];
  }

  /** How many numbers. */
  get length(): number {
    return this.#buffer.length;
  }

  /** The numbers, in order. */
  async *pieces(): AsyncGenerator<Float32Array> {
    const read = (at: number) => {
      const part = this.#device.read(this.#buffer.slice(at, Math.min(PIECE, this.length - at)));
      part.catch(() => {}); // whoever awaits it hears
      return part;
    };
    let next = read(0);
    for (let at = 0; at < this.length; at += PIECE) {
      const piece = await next;
      if (at + PIECE < this.length) next = read(at + PIECE);
      yield piece;
    }
  }

  /** All of them. */
  async read(): Promise<Float32Array> {
    return await this.#device.read(this.#buffer);
  }
}
