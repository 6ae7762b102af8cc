/**
 * G.711, the code of telephony: 13 or 14 bits in 8, by a logarithm in eight linear segments (ITU-T G.711, 1988).
 *
 *   byte = sign s, exponent e (3 bits), mantissa m (4 bits), some of the bits inverted
 *   A-law:   |x| = 2 m + 1 if e = 0, else (2 m + 33) 2^(e - 1), in units of 2^-12
 *   mu-law:  |x| = (2 m + 33) 2^e - 33, in units of 2^-13
 *
 * A byte has 256 values, so decoding is a table; encoding inverts the formula.
 */

/** Samples of A-law bytes, in [-1, 1). */
const alaw: Float32Array = Float32Array.from({ length: 256 }, (_, byte) => {
  const code = byte ^ 0x55; // every other bit is inverted on the line, so that silence is not a run of zeros
  const exponent = code >> 4 & 7, step = 2 * (code & 15) + 1;
  const magnitude = exponent === 0 ? step : (step + 32) * 2 ** (exponent - 1);
  return (code & 0x80 ? magnitude : -magnitude) / 4096;
});

/** Samples of mu-law bytes, in [-1, 1). */
const mulaw: Float32Array = Float32Array.from({ length: 256 }, (_, byte) => {
  const code = ~byte & 0xff;
  const magnitude = (2 * (code & 15) + 33) * 2 ** (code >> 4 & 7) - 33;
  return (code & 0x80 ? -magnitude : magnitude) / 8192;
});

/** Decodes bytes [n] of A-law or mu-law to samples [n]. */
export function decodeG711(bytes: Uint8Array, law: "alaw" | "mulaw"): Float32Array {
  const table = law === "alaw" ? alaw : mulaw;
  const samples = new Float32Array(bytes.length);
  for (let i = 0; i < samples.length; i++) samples[i] = table[bytes[i]];
  return samples;
}

/** Encodes samples [n] by mu-law. A sample beyond full scale becomes the last step. */
export function encodeMulaw(samples: Float32Array): Uint8Array {
  return Uint8Array.from(samples, (x) => {
    const raised = Math.min(8158, Math.abs(x) * 8192) + 33;
    const exponent = Math.min(7, Math.floor(Math.log2(raised)) - 5);
    const mantissa = Math.floor(raised / 2 ** (exponent + 1)) - 16;
    return ~((x < 0 ? 0x80 : 0) | exponent << 4 | mantissa) & 0xff;
  });
}
