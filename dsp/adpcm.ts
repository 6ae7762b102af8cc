/**
 * ADPCM: four bits a sample. They encode the difference from a predicted sample, in steps that grow and shrink with the
 * signal.
 *
 *   IMA (1992):  x[n] = x[n-1] +- (step/8 + step/4 b0 + step/2 b1 + step b2),             step = table[index += moves[nibble]]
 *   Microsoft:   x[n] = (c1 x[n-1] + c2 x[n-2]) / 256 + nibble delta,           delta = growth[nibble] delta / 256, >= 16
 *
 * Each block begins with its own state, so blocks decode independently, and a broken block damages no other. A truncated block
 * yields its complete frames.
 */

const clip = (value: number) => value > 32767 ? 32767 : value < -32768 ? -32768 : value;

/**
 * Step sizes of the IMA code. Each is 1.1 times the one before: round(7 · 1.1^i), except for a few that follow IMA's
 * table.
 */
const imaSteps: Int16Array = Int16Array.from(
  ("7 8 9 10 11 12 13 14 16 17 19 21 23 25 28 31 34 37 41 45 50 55 60 66 73 80 88 97 107 118 130 143 157 173 190 209 230 253 " +
    "279 307 337 371 408 449 494 544 598 658 724 796 876 963 1060 1166 1282 1411 1552 1707 1878 2066 2272 2499 2749 3024 3327 " +
    "3660 4026 4428 4871 5358 5894 6484 7132 7845 8630 9493 10442 11487 12635 13899 15289 16818 18500 20350 22385 24623 27086 " +
    "29794 32767").split(" ").map(Number),
);

/** How a magnitude moves the step index. */
const imaMoves: Int8Array = Int8Array.of(-1, -1, -1, -1, 2, 4, 6, 8);

/**
 * Decodes a block of IMA ADPCM in a wav file's layout.
 *
 * @param block each channel's first sample i16, index u8, 0; then 4 bytes = 8 samples of each channel in turn, low nibble first
 * @returns samples [frames, channels]: 1 + 8 for each whole group; none if the head is truncated
 */
export function decodeImaBlock(block: Uint8Array, channels: number): Float32Array {
  const groups = Math.floor((block.length - 4 * channels) / (4 * channels));
  if (groups < 0) return new Float32Array(0);
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const out = new Float32Array((1 + 8 * groups) * channels);
  for (let c = 0; c < channels; c++) {
    let value = view.getInt16(4 * c, true), index = Math.min(block[4 * c + 2], imaSteps.length - 1);
    out[c] = value / 32768;
    for (let g = 0; g < groups; g++) {
      const at = 4 * (channels * (1 + g) + c);
      for (let n = 0; n < 8; n++) {
        const nibble = block[at + (n >> 1)] >> (n & 1 ? 4 : 0) & 15, step = imaSteps[index];
        let difference = step >> 3;
        if (nibble & 4) difference += step;
        if (nibble & 2) difference += step >> 1;
        if (nibble & 1) difference += step >> 2;
        value = clip(nibble & 8 ? value - difference : value + difference);
        index = Math.max(0, Math.min(imaSteps.length - 1, index + imaMoves[nibble & 7]));
        out[(1 + 8 * g + n) * channels + c] = value / 32768;
      }
    }
  }
  return out;
}

/** Factor by which a nibble changes the step, in 1/256. */
const growth: Int16Array = Int16Array.of(
  230,
  230,
  230,
  230,
  307,
  409,
  512,
  614,
  768,
  614,
  512,
  409,
  307,
  230,
  230,
  230,
);

/**
 * Decodes a block of Microsoft's ADPCM.
 *
 * @param block predictor u8 of each channel; delta i16 of each; the second sample i16; the first; then nibbles, high first
 * @param coefficients pairs, in 1/256; a predictor beyond the end uses the last pair
 * @returns samples [frames, channels]; none if the head is truncated
 */
export function decodeMicrosoftBlock(block: Uint8Array, channels: number, coefficients: Int16Array): Float32Array {
  const body = block.length - 7 * channels;
  if (body < 0) return new Float32Array(0);
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const frames = 2 + Math.floor(2 * body / channels);
  const out = new Float32Array(frames * channels);
  const delta = new Int32Array(channels), last = new Int32Array(channels), before = new Int32Array(channels);
  for (let c = 0; c < channels; c++) {
    delta[c] = view.getInt16(channels + 2 * c, true);
    last[c] = view.getInt16(3 * channels + 2 * c, true);
    before[c] = view.getInt16(5 * channels + 2 * c, true);
    out[c] = before[c] / 32768;
    out[channels + c] = last[c] / 32768;
  }
  for (let i = 0, c = 0; i < (frames - 2) * channels; i++) {
    const nibble = block[7 * channels + (i >> 1)] >> (i & 1 ? 0 : 4) & 15;
    const pair = 2 * Math.min(block[c], coefficients.length / 2 - 1);
    const predicted = Math.trunc((last[c] * coefficients[pair] + before[c] * coefficients[pair + 1]) / 256);
    const value = clip(predicted + (nibble > 7 ? nibble - 16 : nibble) * delta[c]);
    before[c] = last[c];
    last[c] = value;
    // bounded, since a broken file could make it grow without limit
    delta[c] = Math.min(1 << 21, Math.max(16, growth[nibble] * delta[c] >> 8));
    out[2 * channels + i] = value / 32768;
    if (++c === channels) c = 0;
  }
  return out;
}
