/**
 * The header of a wav file: where its samples lie and how they are written.
 *
 *   "RIFF" size "WAVE" { id size bytes [pad to even] }*      chunks; `fmt ` says how, `data` holds the samples
 *
 * `wav-decoder` walks the chunks itself, but stumbles over WAVE_FORMAT_EXTENSIBLE, over the padding of odd chunks and
 * over headers that lie. So the header is read here, where each fault gets its name, and the decoder is then handed a
 * canonical header around the samples (`wav.ts`). Nothing is allocated that the file's own length does not justify.
 */

/** How a wav file's samples are written, and where. */
export interface WavHeader {
  /** Frames a second, in Hz. */
  sampleRate: number;
  /** Samples a frame. */
  channels: number;
  /** Integer PCM, or IEEE floating point. */
  encoding: "int" | "float";
  /** Bytes a sample: 1, 2, 3 or 4 for `int`, 4 or 8 for `float`. */
  sampleBytes: number;
  /** First byte of the first sample. */
  dataOffset: number;
  /** What the data chunk says that it holds, in bytes; Infinity where it reaches to an end that is not known yet. */
  dataBytes: number;
  /** Whole frames in the data chunk: one sample of every channel each; Infinity likewise. */
  frames: number;
}

/** Rates taken, in Hz. Lower ones hold no speech, and a header that claims 1 Hz would make 16,000 samples of each. */
const lowestRate = 4000, highestRate = 768000;

const wanted = "want a RIFF/WAVE file of 8, 16, 24 or 32-bit PCM or 32 or 64-bit float";

/**
 * Reads the header of a wav file. A data chunk whose size is 0, 0xFFFFFFFF or SoX's 0x7FFFF000 was written to a pipe by a
 * program that could not know its size: it reaches to the end of the file.
 *
 * @param bytes the whole file
 * @param name what errors call the file
 * @throws {TypeError} if it is no wav file, is truncated, or has a header that contradicts itself
 */
export function readWavHeader(bytes: Uint8Array, name: string): WavHeader {
  return readWavHead(bytes, name, bytes.length)!; // all is there: more is never wanted
}

/**
 * Reads the header from the first bytes of a wav file, however few.
 *
 * @param head the file's first bytes
 * @param length of the whole file, in bytes; undefined where that is not known: its data chunk is then believed
 * @returns undefined where more bytes are wanted to tell
 * @throws {TypeError} as {@linkcode readWavHeader} does, as soon as that can be told
 */
export function readWavHead(head: Uint8Array, name: string, length: number | undefined): WavHeader | undefined {
  const fail = (found: string): never => failToRead(name, found);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const id = (at: number) => String.fromCharCode(...head.subarray(at, at + 4));
  /** Whether bytes up to here are wanted that the file has, or may have. */
  const lacks = (end: number) => head.length < end && head.length < (length ?? Infinity);

  if (length === 0) fail("the file is empty");
  if (lacks(12)) return undefined;
  if (id(0) !== "RIFF" || id(8) !== "WAVE") fail(`not a wav file: ${whatItIs(head, length)}`);

  let format: WavFormat | undefined, at = 12;
  while (at + 8 <= head.length) {
    const size = view.getUint32(at + 4, true);
    const body = at + 8;
    const here = (length ?? Infinity) - body;
    if (id(at) === "fmt ") {
      if (size < 16 || here < size) {
        fail(`the fmt chunk is cut short: it says ${size} bytes, ${here} are left, 16 are the least`);
      }
      if (lacks(body + Math.min(size, 40))) return undefined;
      const own = Math.min(size, head.length - body);
      format = readFormat(new DataView(head.buffer, head.byteOffset + body, own), fail);
    } else if (id(at) === "data") {
      if (!format) return fail("the data chunk comes before any fmt chunk");
      if (size === 0 && lacks(body + 4)) return undefined;
      const { blockAlign, ...rest } = format;
      const riffEnd = view.getUint32(4, true) + 8;
      const believed = length === undefined ? riffEnd > body : riffEnd === length;
      const unknown = size === 0xffffffff || size === 0x7ffff000 - 0x7ffff000 % blockAlign ||
        size === 0 && !(believed && isChunkId(id(body)));
      if (!unknown && size > here) failTruncated(name, size, here);
      const dataBytes = unknown ? here : size;
      return { ...rest, dataOffset: body, dataBytes, frames: Math.floor(dataBytes / blockAlign) };
    }
    at = body + size;
    // Chunks start at even places, but some writers forget the pad byte after an odd chunk.
    if (size % 2 === 1) {
      if (lacks(at + 4)) return undefined;
      if (!isChunkId(id(at))) at++;
    }
  }
  if (lacks(at + 8)) return undefined;
  return fail(
    format ? "no data chunk: the file ends before its samples" : "no fmt chunk: the header is broken or cut off",
  );
}

/** Throws what every fault of a wav file is thrown as. */
export function failToRead(name: string, found: string): never {
  throw new TypeError(`${name}: ${found}; ${wanted}`);
}

/** Throws where a data chunk is longer than what is there. @param here bytes that are */
export function failTruncated(name: string, size: number, here: number): never {
  failToRead(name, `the recording is truncated: its data chunk says ${size} bytes, the file holds ${here} of them`);
}

type WavFormat = Omit<WavHeader, "dataOffset" | "dataBytes" | "frames"> & { blockAlign: number };

const WAVE_FORMAT_PCM = 1, WAVE_FORMAT_IEEE_FLOAT = 3, WAVE_FORMAT_EXTENSIBLE = 0xfffe;

/** The `fmt ` chunk: tag u16, channels u16, rate u32, byte rate u32, block align u16, bits a sample u16, extension. */
function readFormat(fmt: DataView, fail: (found: string) => never): WavFormat {
  let tag = fmt.getUint16(0, true);
  const channels = fmt.getUint16(2, true);
  const sampleRate = fmt.getUint32(4, true);
  const blockAlign = fmt.getUint16(12, true);
  const bits = fmt.getUint16(14, true);

  if (tag === WAVE_FORMAT_EXTENSIBLE) {
    if (fmt.byteLength < 40) fail(`an EXTENSIBLE header of ${fmt.byteLength} bytes, where 40 are needed`);
    // The sub-format is a GUID whose first two bytes are the tag and whose others are Microsoft's constant.
    const tail = Array.from({ length: 14 }, (_, i) => fmt.getUint8(26 + i).toString(16).padStart(2, "0")).join("");
    if (tail !== "000000001000800000aa00389b71") fail(`an EXTENSIBLE header of an unknown sub-format (…${tail})`);
    tag = fmt.getUint16(24, true);
  }
  if (tag !== WAVE_FORMAT_PCM && tag !== WAVE_FORMAT_IEEE_FLOAT) {
    fail(`its samples are ${tagNames[tag] ?? `of format 0x${tag.toString(16)}`}`);
  }
  const encoding = tag === WAVE_FORMAT_PCM ? "int" : "float";
  if (channels === 0) fail("the header says 0 channels");
  if (sampleRate < lowestRate || sampleRate > highestRate) {
    fail(`the header says ${sampleRate} Hz, where ${lowestRate} to ${highestRate} are taken`);
  }
  // A sample of 12 or 20 bits lies left-justified in whole bytes, so the bytes alone say how to read it.
  const sampleBytes = Math.ceil(bits / 8);
  const known = encoding === "int" ? sampleBytes >= 1 && sampleBytes <= 4 : bits === 32 || bits === 64;
  if (!known) fail(`its samples have ${bits} bits (${encoding})`);
  if (blockAlign !== channels * sampleBytes) {
    fail(
      `the header contradicts itself: ${channels} channel(s) of ${bits} bits make ${
        channels * sampleBytes
      } bytes a frame, ` +
        `but it says ${blockAlign}`,
    );
  }
  return { sampleRate, channels, encoding, sampleBytes, blockAlign };
}

const tagNames: Record<number, string> = {
  0x0002: "ADPCM (Microsoft)",
  0x0006: "A-law",
  0x0007: "mu-law",
  0x0011: "ADPCM (IMA)",
  0x0031: "GSM 6.10",
  0x0050: "MPEG",
  0x0055: "MP3",
};

function isChunkId(id: string): boolean {
  return ["fmt ", "data", "LIST", "fact", "PAD ", "JUNK", "bext", "cue ", "smpl", "id3 ", "PEAK"].includes(id);
}

/** Names a file that is no wav file by its first bytes. */
function whatItIs(bytes: Uint8Array, length: number | undefined): string {
  const start = String.fromCharCode(...bytes.subarray(0, 12));
  for (const [magic, what] of magics) if (start.startsWith(magic)) return `it begins like ${what}`;
  if (start.slice(4, 8) === "ftyp") return "it begins like an MP4 or M4A file";
  const hex = Array.from(bytes.subarray(0, 12), (b) => b.toString(16).padStart(2, "0")).join(" ");
  return length === undefined ? `it begins with ${hex}` : `it has ${length} bytes and begins with ${hex}`;
}

const magics: [magic: string, what: string][] = [
  ["RF64", "an RF64 file (wav for more than 4 GB); convert it to plain wav, in parts if need be"],
  ["BW64", "a BW64 file (wav for more than 4 GB); convert it to plain wav, in parts if need be"],
  ["RIFX", "a RIFX file (big-endian wav)"],
  ["RIFF", "a RIFF file that holds no WAVE"],
  ["FORM", "an AIFF file"],
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
