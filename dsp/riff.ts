/**
 * Reads the header of a wav file: the position and format of its samples.
 *
 *   "RIFF" size "WAVE" { id size bytes [pad to even] }*      chunks; `fmt ` says how, `data` holds the samples
 *   "RF64" or "BW64" ...: the same, with 64-bit sizes in a chunk `ds64` (EBU Tech 3306, ITU-R BS.2088)
 *   W64: ids are GUIDs, sizes 64 bits and count their own head of 24 bytes, chunks are padded to 8 (Sony)
 *
 * `wav-decoder` parses chunks too, but it fails on WAVE_FORMAT_EXTENSIBLE, on the padding of odd chunks and on wrong
 * headers. So this file reads the header and names each fault, and the decoder then receives a canonical header before the
 * samples (`wav.ts`). No allocation exceeds what the file's actual length justifies.
 *
 * Headers are often wrong: a streaming recorder can't know the length, or a transfer breaks off. EPR reads as much as
 * possible and warns if a part is missing.
 */
import { LONGEST_FORMAT, readFormat, type WavFormat } from "./wav_format.ts";

/** Format and position of a wav file's samples. */
export interface WavHeader extends WavFormat {
  /** First byte of the first sample. */
  dataOffset: number;
  /** Size of the data chunk in bytes; Infinity if it extends to an end that is not known yet. */
  dataBytes: number;
  /** Frames in the data chunk, with one sample of every channel each; Infinity if the end is not known yet. */
  frames: number;
  /** Faults that did not stop the reading, one line each, with the file's name. */
  warnings: readonly string[];
}

/** Names of chunks, as numbers. */
const [FMT, DS64, FACT, DATA] = ["fmt ", "ds64", "fact", "data"].map((id) => {
  return [...id].reduce((sum, c) => sum * 256 + c.charCodeAt(0), 0);
});

const EXPECTED =
  "expected a RIFF/WAVE file of 8, 16, 24 or 32-bit PCM, 32 or 64-bit float, A-law, mu-law or ADPCM; or FLAC, MP3, " +
  "Ogg Vorbis, Opus, AAC or M4A";

/**
 * Reads the header of a wav file. A program that can't know the size of the data chunk writes 0, or a value just under 2 or 4
 * GB: the chunk then extends to the end of the file. If the chunk is longer than the file, the part present is read, and a
 * warning gives the missing amount.
 *
 * @param bytes the whole file
 * @param name the file's name in errors
 * @throws {TypeError} if it is not a wav file, or ends before its samples
 */
export function readWavHeader(bytes: Uint8Array, name: string): WavHeader {
  return readWavHead(bytes, name, bytes.length)!; // with all bytes present, it never requests more
}

/**
 * Reads the header from the first bytes of a wav file, of any number.
 *
 * @param head the file's first bytes
 * @param length length of the whole file in bytes; if undefined, the size in its data chunk is trusted
 * @returns undefined if more bytes are required
 * @throws {TypeError} as {@linkcode readWavHeader} does, as soon as the bytes show it
 */
export function readWavHead(head: Uint8Array, name: string, length: number | undefined): WavHeader | undefined {
  const fail = (found: string): never => failToRead(name, found);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const id = (at: number) => String.fromCharCode(...head.subarray(at, at + 4));
  /** Whether bytes before this position are missing, although the file has them, or may have them. */
  const lacks = (end: number) => head.length < end && head.length < (length ?? Infinity);

  if (length === 0) fail("the file is empty");
  if (lacks(12)) return undefined;
  const wave64 = id(0) === "riff";
  if (wave64 && lacks(40)) return undefined;
  if (wave64 ? !isWave64(head) : !["RIFF", "RF64", "BW64"].includes(id(0)) || id(8) !== "WAVE") {
    fail(`not a wav file: ${whatItIs(head, length)}`);
  }

  const warnings: string[] = [], headBytes = wave64 ? 24 : 8;
  let format: WavFormat | undefined, longSize: number | undefined, fact: number | undefined, at = wave64 ? 40 : 12;
  while (at + headBytes <= head.length) {
    const chunk = view.getUint32(at); // compared as a number: a file may have millions of chunks
    const size = wave64 ? Number(view.getBigUint64(at + 16, true)) - headBytes : view.getUint32(at + 4, true);
    if (size < 0) fail(`a chunk states a size of ${size + headBytes} bytes, less than its own header`);
    const body = at + headBytes, here = (length ?? Infinity) - body;
    if (chunk === FMT) {
      if (size < 16 || here < size) {
        fail(`the fmt chunk is cut short: it states ${size} bytes, ${here} are left, and at least 16 are required`);
      }
      if (lacks(body + Math.min(size, LONGEST_FORMAT))) return undefined;
      warnings.length = 0;
      const own = new DataView(head.buffer, head.byteOffset + body, Math.min(size, head.length - body));
      format = readFormat(own, fail, (found) => warnings.push(`${name}: ${found}`));
    } else if (chunk === DS64 && size >= 16) {
      if (lacks(body + 16)) return undefined;
      if (body + 16 <= head.length) longSize = Number(view.getBigUint64(body + 8, true));
    } else if (chunk === FACT && size >= 4) {
      if (lacks(body + 4)) return undefined;
      if (body + 4 <= head.length) fact = view.getUint32(body, true);
    } else if (chunk === DATA) {
      if (!format) return fail("the data chunk comes before any fmt chunk");
      if (size === 0 && lacks(body + 4)) return undefined;
      const riffEnd = view.getUint32(4, true) + 8;
      const believed = length === undefined ? riffEnd > body : riffEnd === length;
      const empty = size === 0 && !wave64 && believed && isKnownId(id(body));
      const said = size === 0xffffffff && longSize !== undefined ? longSize : size;
      const dataBytes = !empty && isUnknown(said, format.blockBytes) ? here : Math.min(said, here);
      if (dataBytes < said && !isUnknown(said, format.blockBytes)) {
        warnings.push(missing(name, format, said, dataBytes));
      }
      const frames = framesIn(dataBytes, format, dataBytes === said ? fact : undefined);
      return { ...format, dataOffset: body, dataBytes, frames, warnings };
    }
    at = body + size;
    if (wave64) at += -size & 7;
    else if (size % 2 === 1) {
      // Chunks start at even places, but some writers forget the pad byte after an odd chunk.
      if (lacks(at + 5)) return undefined;
      if (isKnownId(id(at + 1)) || !/^[\x20-\x7e]{4}$/.test(id(at))) at++;
    }
  }
  if (lacks(at + headBytes)) return undefined;
  return fail(
    format ? "no data chunk: the file ends before its samples" : "no fmt chunk: the header is broken or cut off",
  );
}

/** Throws the error for every fault of a wav file. */
export function failToRead(name: string, found: string): never {
  throw new TypeError(`${name}: ${found}; ${EXPECTED}`);
}

/** Warns of a data chunk that is longer than the bytes present. @param here number of bytes present */
export function missing(name: string, format: WavFormat, size: number, here: number): string {
  const { blockBytes, blockFrames, sampleRate } = format;
  const seconds = (size - here) / blockBytes * blockFrames / sampleRate;
  return `${name}: the recording is cut short: its data chunk states ${size} bytes, the file has ${here} of them; ` +
    `the last ${seconds < 1 ? `${(1000 * seconds).toPrecision(3)} ms` : `${seconds.toFixed(1)} s`} are missing`;
}

/**
 * Whether a size means "unknown": 0, or the program's largest value, minus its headers, in whole blocks. FFmpeg writes 2^32 - 1,
 * ALSA's arecord 2^31, SoX 2^31 - 4096; W64 and RF64 have 2^63 and 2^64 - 1.
 */
function isUnknown(size: number, blockBytes: number): boolean {
  const room = 65536 + blockBytes;
  return size === 0 || [2 ** 31, 2 ** 32, 2 ** 63, 2 ** 64].some((limit) => size > limit - room && size <= limit);
}

/**
 * Frames in `bytes` bytes, including those of an incomplete last block. @param fact number of frames that the file
 * declares
 */
function framesIn(bytes: number, { blockBytes, blockFrames, channels, encoding }: WavFormat, fact?: number): number {
  if (bytes === Infinity) return Infinity;
  const blocks = Math.floor(bytes / blockBytes);
  if (blockFrames === 1) return blocks;
  const rest = bytes % blockBytes;
  let last = 0;
  if (encoding === "ima-adpcm" && rest >= 4 * channels) last = 1 + 8 * Math.floor(rest / (4 * channels) - 1);
  if (encoding === "ms-adpcm" && rest >= 7 * channels) last = 2 + Math.floor(2 * (rest - 7 * channels) / channels);
  const frames = blocks * blockFrames + last;
  // the encoder pads its last block with silence
  return fact !== undefined && fact <= frames && fact > frames - 2 * blockFrames ? fact : frames;
}

/** Whether these are the first 40 bytes of a W64 file: the GUIDs of `riff` and `wave` with a size between them. */
function isWave64(head: Uint8Array): boolean {
  const hex = (from: number, to: number) =>
    Array.from(head.subarray(from, to), (b) => b.toString(16).padStart(2, "0")).join("");
  return hex(0, 16) === "726966662e91cf11a5d628db04c10000" && hex(24, 40) === "77617665f3acd3118cd100c04f8edb8a";
}

function isKnownId(id: string): boolean {
  return ["fmt ", "data", "LIST", "fact", "PAD ", "JUNK", "bext", "cue ", "smpl", "id3 ", "PEAK"].includes(id);
}

/** Describes a file that is not a wav file, by its first bytes. */
function whatItIs(bytes: Uint8Array, length: number | undefined): string {
  const start = String.fromCharCode(...bytes.subarray(0, 12));
  for (const [magic, what] of magics) if (start.startsWith(magic)) return `it begins like ${what}`;
  if (start.slice(4, 8) === "ftyp") return "it begins like an MP4 or M4A file";
  const hex = Array.from(bytes.subarray(0, 12), (b) => b.toString(16).padStart(2, "0")).join(" ");
  return length === undefined ? `it begins with ${hex}` : `it has ${length} bytes and begins with ${hex}`;
}

const magics: [magic: string, what: string][] = [
  ["RIFX", "a RIFX file (big-endian wav)"],
  ["RIFF", "a RIFF file without WAVE"],
  ["FORM", "an AIFF file"],
  ["caff", "an Apple CAF file"],
  ["#!AMR", "an AMR file"],
  ["\x1a\x45\xdf\xa3", "a WebM or Matroska file"],
  ["\x30\x26\xb2\x75", "a Windows Media file"],
  ["wvpk", "a WavPack file"],
  ["MAC ", "a Monkey's Audio file"],
  ["TTA", "a True Audio file"],
  ["\x0b\x77", "an AC-3 file"],
  ["DSD ", "a DSD file"],
  ["MThd", "a MIDI file, which has notes but no sound"],
  [".snd", "a Sun AU file"],
  ["NIST_1A", "a NIST SPHERE file"],
  ["fLaC", "a FLAC file"],
  ["OggS", "an Ogg file"],
  ["ID3", "an MP3 file"],
  ["\xff\xfb", "an MP3 file"],
  ["\xff\xd8\xff", "a JPEG image"],
  ["\x89PNG", "a PNG image"],
  ["GIF8", "a GIF image"],
  ["%PDF", "a PDF document"],
  ["PK\x03\x04", "a zip archive"],
  ["<", "an HTML or XML page"],
  ["version http", "a Git LFS pointer, not the recording itself"],
];
