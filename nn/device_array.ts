/**
 * Reads an array from a device piece by piece, so that the weights of a large network are never in two places at once. If the
 * device's memory is accessible, it is read in place. Otherwise some pieces are in transit while the previous ones are used.
 */
import type { Device, DeviceBuffer } from "../kernels/device.ts";

/** Numbers per piece: 1 MiB, which stays in the cache until it is written. */
const PIECE = 2 ** 18;

/** Number of pieces requested ahead. */
const AHEAD = 4;

/** A whole buffer to read. */
export class DeviceArray {
  readonly #device: Device;
  readonly #buffer: DeviceBuffer;

  /** Reads nothing yet. */
  constructor(device: Device, buffer: DeviceBuffer) {
    [this.#device, this.#buffer] = [device, buffer];
  }

  /** Length of the array. */
  get length(): number {
    return this.#buffer.length;
  }

  /** Yields the numbers in order. A piece may be the device's own memory: use it at once, and do not change it. */
  async *pieces(): AsyncGenerator<Float32Array> {
    const own = await this.#device.view?.(this.#buffer);
    if (own) {
      for (let at = 0; at < this.length; at += PIECE) yield own.subarray(at, at + PIECE);
      return;
    }
    const waiting: Promise<Float32Array>[] = [];
    for (let at = 0; at < this.length || waiting.length > 0;) {
      for (; at < this.length && waiting.length < AHEAD; at += PIECE) {
        const piece = this.#device.read(this.#buffer.slice(at, Math.min(PIECE, this.length - at)));
        piece.catch(() => {}); // whoever awaits the piece gets the error
        waiting.push(piece);
      }
      yield await waiting.shift()!;
    }
  }

  /** Reads the whole array. */
  async read(): Promise<Float32Array> {
    return await this.#device.read(this.#buffer);
  }
}
