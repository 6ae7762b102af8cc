/** FLAC files, written here so that no program is required: RFC 9639, samples verbatim. */
import { ascii } from "./containers.ts";

/** Bits, most significant first. */
class Bits {
  readonly bytes: number[] = [];
  #filled = 0;

  put(value: number, width: number): this {
    for (let b = width - 1; b >= 0; b--) {
      if (this.#filled % 8 === 0) this.bytes.push(0);
      this.bytes[this.bytes.length - 1] |= (Math.floor(value / 2 ** b) & 1) << (7 - this.#filled++ % 8);
    }
    return this;
  }
}

/** A cyclic redundancy check; FLAC uses two of them. */
function crc(bytes: number[], polynomial: number, width: number): number {
  let sum = 0;
  for (const byte of bytes) {
    sum ^= byte << (width - 8);
    for (let b = 0; b < 8; b++) sum = (sum << 1) ^ (sum >> (width - 1) & 1 ? polynomial : 0);
    sum &= 2 ** width - 1;
  }
  return sum;
}

/**
 * A FLAC file of 16 bits at 16 kHz, its samples verbatim: RFC 9639.
 *
 * @param channels [channels][samples], in blocks of 4096
 * @param subframe constant: only the first sample of each block, as encoders write silence
 */
export function flac(
  channels: Int16Array[],
  promised = channels[0].length,
  subframe: "verbatim" | "constant" = "verbatim",
): Uint8Array {
  const info = new Bits().put(4096, 16).put(4096, 16).put(0, 24).put(0, 24).put(16000, 20).put(channels.length - 1, 3)
    .put(15, 5).put(promised, 36);
  const out = [...ascii("fLaC"), 0x80, 0, 0, 34, ...info.bytes, ...new Array(16).fill(0)];
  for (let at = 0, number = 0; at < channels[0].length; at += 4096, number++) {
    const blocks = channels.map((channel) => channel.subarray(at, at + 4096));
    const frame = new Bits().put(0xfff8, 16).put(7, 4).put(5, 4).put(channels.length - 1, 4).put(4, 3).put(0, 1)
      .put(number, 8).put(blocks[0].length - 1, 16);
    frame.put(crc(frame.bytes, 0x07, 8), 8);
    for (const block of blocks) {
      frame.put(subframe === "constant" ? 0 : 2, 8);
      for (const sample of subframe === "constant" ? block.subarray(0, 1) : block) frame.put(sample & 0xffff, 16);
    }
    frame.put(crc(frame.bytes, 0x8005, 16), 16);
    out.push(...frame.bytes);
  }
  return Uint8Array.from(out);
}
