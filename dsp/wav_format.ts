/**
 * The `fmt ` chunk of a wav file: the format of its samples.
 *
 *   tag u16, channels u16, rate u32, byte rate u32, block align u16, bits a sample u16, [size u16, extension]
 *
 * Samples come in *blocks*: a frame of PCM or G.711, some hundred frames of ADPCM. If `block align` contradicts bits and
 * channels, EPR trusts bits and channels, as other players do, and warns.
 */

/**
 * A sample format: integer PCM, IEEE floating point, G.711 (A-law, mu-law), or ADPCM as defined by IMA or Microsoft.
 */
export type WavEncoding = "int" | "float" | "alaw" | "mulaw" | "ima-adpcm" | "ms-adpcm";

/** The contents of the `fmt ` chunk. */
export interface WavFormat {
  /** Frames a second, in Hz. */
  sampleRate: number;
  /** Samples a frame. */
  channels: number;
  /** The format of a sample. */
  encoding: WavEncoding;
  /** Bytes a sample, left-justified: 1 to 4 for `int`, 4 or 8 for `float`, 1 for G.711, 0 (less than one) for ADPCM. */
  sampleBytes: number;
  /** Bytes a block: of one frame, or of as many frames as ADPCM packs together. */
  blockBytes: number;
  /** Frames a block: 1, except for ADPCM. */
  blockFrames: number;
  /** The predictor's coefficients of Microsoft's ADPCM: pairs, in 1/256. */
  coefficients?: Int16Array;
}

/** Accepted rates, in Hz. Lower ones carry no speech, and a header with 1 Hz would turn each sample into 16,000. */
const lowestRate = 4000, highestRate = 768000;

const WAVE_FORMAT_EXTENSIBLE = 0xfffe;

const encodings: Record<number, WavEncoding> = {
  0x0001: "int",
  0x0002: "ms-adpcm",
  0x0003: "float",
  0x0006: "alaw",
  0x0007: "mulaw",
  0x0011: "ima-adpcm",
};

/** Names of formats that EPR does not read. */
const otherFormats: Record<number, string> = { 0x0031: "GSM 6.10", 0x0050: "MPEG", 0x0055: "MP3" };

/** The GUIDs of sub-formats, without the leading tag: Microsoft's constant, and that of Ambisonic B-format. */
const guidTails = ["000000001000800000aa00389b71", "00002107d3118644c8c1ca000000"];

/**
 * Reads a `fmt ` chunk.
 *
 * @param fmt the chunk's body, at least 16 bytes
 * @param fail throws an error with what was found
 * @param warn receives faults that do not stop the reading
 */
export function readFormat(fmt: DataView, fail: (found: string) => never, warn: (found: string) => void): WavFormat {
  let tag = fmt.getUint16(0, true);
  const channels = fmt.getUint16(2, true);
  const sampleRate = fmt.getUint32(4, true);
  const blockAlign = fmt.getUint16(12, true);
  const bits = fmt.getUint16(14, true);

  if (tag === WAVE_FORMAT_EXTENSIBLE) {
    if (fmt.byteLength < 40) fail(`an EXTENSIBLE header of ${fmt.byteLength} bytes; 40 are required`);
    const tail = Array.from({ length: 14 }, (_, i) => fmt.getUint8(26 + i).toString(16).padStart(2, "0")).join("");
    if (!guidTails.includes(tail)) fail(`an EXTENSIBLE header of an unknown sub-format (…${tail})`);
    tag = fmt.getUint16(24, true);
  }
  const encoding = encodings[tag] ?? fail(`its samples are ${otherFormats[tag] ?? `of format 0x${tag.toString(16)}`}`);
  if (channels === 0) fail("the header states 0 channels");
  if (sampleRate < lowestRate || sampleRate > highestRate) {
    fail(`the header states ${sampleRate} Hz; EPR reads ${lowestRate} to ${highestRate} Hz`);
  }
  const common = { sampleRate, channels, encoding };
  if (encoding === "ima-adpcm") return { ...common, ...imaBlocks(blockAlign, channels, bits, fail) };
  if (encoding === "ms-adpcm") return { ...common, ...microsoftBlocks(fmt, blockAlign, channels, bits, fail) };

  const sampleBytes = encoding === "alaw" || encoding === "mulaw" ? 1 : bytesOf(encoding, bits, blockAlign / channels);
  if (sampleBytes === undefined) return fail(`its samples have ${bits} bits (${encoding})`);
  const blockBytes = channels * sampleBytes;
  if (blockAlign !== blockBytes) {
    warn(
      `the header contradicts itself: ${channels} channel(s) of ${bits} bits make ${blockBytes} bytes a frame, ` +
        `but it states ${blockAlign}; read by bits and channels`,
    );
  }
  return { ...common, sampleBytes, blockBytes, blockFrames: 1 };
}

/**
 * Bytes of a sample. A sample of 12, 20 or 24 bits is left-justified in whole bytes: as few as possible, or up to 4 if the
 * frame's length requires it. So the number of bytes determines how to read it.
 */
function bytesOf(encoding: "int" | "float", bits: number, container: number): number | undefined {
  if (encoding === "float") return bits === 32 || bits === 64 ? bits / 8 : undefined;
  const least = Math.ceil(bits / 8);
  if (least < 1 || least > 4) return undefined;
  // samples of 8 and 16 bits fill their containers exactly; any other size is a mistake
  const wider = bits !== 8 && bits !== 16 && Number.isInteger(container) && container > least && container <= 4;
  return wider ? container : least;
}

type Blocks = Pick<WavFormat, "sampleBytes" | "blockBytes" | "blockFrames" | "coefficients">;

/** IMA: a head of 4 bytes a channel with the first sample, then 8 samples a channel in 4 bytes, channel by channel. */
function imaBlocks(blockBytes: number, channels: number, bits: number, fail: (found: string) => never): Blocks {
  if (bits !== 4) fail(`its samples are IMA ADPCM of ${bits} bits; EPR reads 4`);
  const groups = Math.floor((blockBytes - 4 * channels) / (4 * channels));
  if (groups < 1) {
    fail(`its samples are IMA ADPCM in blocks of ${blockBytes} bytes, too few for ${channels} channel(s)`);
  }
  return { sampleBytes: 0, blockBytes, blockFrames: 1 + 8 * groups };
}

/** Microsoft: a head of 7 bytes a channel with the first two samples, then a nibble a sample, channel by channel. */
function microsoftBlocks(
  fmt: DataView,
  blockBytes: number,
  channels: number,
  bits: number,
  fail: (found: string) => never,
): Blocks {
  if (bits !== 4) fail(`its samples are Microsoft ADPCM of ${bits} bits; EPR reads 4`);
  if (blockBytes < 7 * channels) {
    fail(`its samples are Microsoft ADPCM in blocks of ${blockBytes} bytes, too few for ${channels} channel(s)`);
  }
  let coefficients = standardCoefficients;
  const count = fmt.byteLength >= 22 ? fmt.getUint16(20, true) : 0;
  if (count > 0 && count <= 256 && fmt.byteLength >= 22 + 4 * count) {
    coefficients = Int16Array.from({ length: 2 * count }, (_, i) => fmt.getInt16(22 + 2 * i, true));
  }
  const blockFrames = 2 + Math.floor(2 * (blockBytes - 7 * channels) / channels);
  return { sampleBytes: 0, blockBytes, blockFrames, coefficients };
}

/** The coefficients that every encoder writes; some encoders omit them from the header. */
const standardCoefficients = Int16Array.of(256, 0, 512, -256, 0, 0, 192, 64, 240, 0, 460, -208, 392, -232);

/** Most bytes of a `fmt ` chunk to read. */
export const LONGEST_FORMAT: number = 22 + 4 * 256;
