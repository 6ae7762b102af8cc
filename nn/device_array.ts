/**
 * An array on a device, read piece by piece: the weights of a large network are never all in two places at once. Where the device's
 * memory can be seen, it is read where it lies; else some pieces are on their way while the one before them is used.
 */
import type { Device, DeviceBuffer } from "../kernels/device.ts";

/** Numbers of a piece: 1 MiB, which stays in the cache until it is written. */
const PIECE = 2 ** 18;

/** Pieces that are asked for beforehand. */
const AHEAD = 4;

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

  /** The numbers, in order; a piece may be the device's own memory: it is to be used at once, and not changed. */
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
        piece.catch(() => {}); // whoever awaits it hears
        waiting.push(piece);
      }
      yield await waiting.shift()!;
    }
  }

  /** All of them. */
  async read(): Promise<Float32Array> {
    return await this.#device.read(this.#buffer);
  }
}
