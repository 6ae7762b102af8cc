/**
 * Wav files of every container and code except plain PCM, byte by byte after their specifications: for tests and for
 * the fuzzer.
 */

export const u16 = (v: number) => [v & 255, v >> 8 & 255];
export const u32 = (v: number) => [v & 255, v >>> 8 & 255, v >>> 16 & 255, v >>> 24];
const u64 = (v: number) => [...u32(v % 2 ** 32), ...u32(Math.floor(v / 2 ** 32))];
export const ascii = (text: string) => [...text].map((c) => c.charCodeAt(0));
const hex = (text: string) => text.match(/../g)!.map((byte) => parseInt(byte, 16));

/** The contents of a file. */
export interface Contents {
  tag?: number;
  channels?: number;
  rate?: number;
  bits?: number;
  /** bytes a block; default: from bits and channels */
  align?: number;
  /** the bytes after the first 16 of the format */
  extension?: number[];
  /** frames, in a `fact` chunk */
  fact?: number;
  data: ArrayLike<number>;
}

/** The format chunk's body. */
function format({ tag = 1, channels = 1, rate = 16000, bits = 16, align, extension = [] }: Contents): number[] {
  const block = align ?? channels * Math.ceil(bits / 8);
  return [...u16(tag), ...u16(channels), ...u32(rate), ...u32(rate * block), ...u16(block), ...u16(bits), ...extension];
}

/** A chunk; its declared size may be wrong, and its pad byte missing. */
export function chunk(id: string, body: ArrayLike<number>, { size = body.length, pad = true } = {}): number[] {
  return [...ascii(id), ...u32(size), ...Array.from(body), ...(pad && body.length % 2 ? [0] : [])];
}

/** A file of chunks after the format's. */
export function riff(contents: Omit<Contents, "data">, chunks: number[], id = "RIFF"): Uint8Array {
  const fmt = chunk("fmt ", format({ ...contents, data: [] }));
  const fact = contents.fact === undefined ? [] : chunk("fact", u32(contents.fact));
  const body = [...ascii("WAVE"), ...fmt, ...fact, ...chunks];
  return Uint8Array.from([...ascii(id), ...u32(body.length), ...body]);
}

/** An ordinary file. */
export const plain = (contents: Contents) => riff(contents, chunk("data", contents.data));

/** The extension that identifies the code: EXTENSIBLE. */
export const extensible = (tag: number, bits: number) => {
  return [...u16(22), ...u16(bits), ...u32(0), ...u16(tag), ...hex("000000001000800000aa00389b71")];
};

/** RF64 or BW64: 64-bit sizes in a separate chunk. @param size declared size of the data; default: the true size */
export function rf64(contents: Contents, id: "RF64" | "BW64", size = contents.data.length): Uint8Array {
  const ds64 = chunk("ds64", [...u64(4096), ...u64(size), ...u64(0), ...u32(0)]);
  const data = chunk("data", contents.data, { size: 0xffffffff });
  const body = [...ascii("WAVE"), ...ds64, ...chunk("fmt ", format(contents)), ...data];
  return Uint8Array.from([...ascii(id), ...u32(0xffffffff), ...body]);
}

/** W64: GUIDs as names, 64-bit sizes that count their own head, padded to 8. */
export function w64(contents: Contents, size = contents.data.length + 24): Uint8Array {
  const tail = hex("f3acd3118cd100c04f8edb8a");
  const chunk = (id: string, body: ArrayLike<number>, size = body.length + 24) => {
    return [...ascii(id), ...tail, ...u64(size), ...Array.from(body), ...new Array(-body.length & 7).fill(0)];
  };
  const body = [
    ...[...ascii("wave"), ...tail],
    ...chunk("fmt ", format(contents)),
    ...chunk("junk", [1, 2, 3]),
    ...chunk("data", contents.data, size),
  ];
  return Uint8Array.from([...ascii("riff"), ...hex("2e91cf11a5d628db04c10000"), ...u64(body.length + 24), ...body]);
}

/** The coefficients that every encoder of Microsoft's ADPCM writes. */
const coefficients = [256, 0, 512, -256, 0, 0, 192, 64, 240, 0, 460, -208, 392, -232];

/** The extension of an ADPCM format: frames a block and, for Microsoft's, the coefficients. */
export const adpcm = (frames: number, microsoft: boolean) => {
  return microsoft
    ? [...u16(32), ...u16(frames), ...u16(7), ...coefficients.flatMap(u16)]
    : [...u16(2), ...u16(frames)];
};

/** Bytes from a seed. */
export function noise(length: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => (state = Math.imul(state, 1103515245) + 12345 | 0) >>> 16 & 255);
}

/** Files of each kind, about as long as a segment or slightly longer. */
export const oddWavs: Record<string, Uint8Array> = {
  alaw: plain({ tag: 6, bits: 8, rate: 8000, data: noise(4001), extension: [0, 0] }),
  mulaw: plain({ tag: 7, bits: 8, channels: 2, rate: 8000, data: noise(8000), extension: [0, 0], fact: 4000 }),
  "mulaw in EXTENSIBLE": plain({ tag: 0xfffe, bits: 8, rate: 8000, data: noise(4000), extension: extensible(7, 8) }),
  "IMA ADPCM": plain({
    ...{ tag: 17, bits: 4, rate: 8000, align: 256, extension: adpcm(505, false) },
    ...{ fact: 8 * 505 - 100, data: noise(8 * 256) },
  }),
  "IMA ADPCM, stereo, cut off": plain({
    ...{ tag: 17, bits: 4, channels: 2, rate: 11025, align: 512, extension: adpcm(505, false) },
    data: noise(9 * 512 + 100),
  }),
  "Microsoft ADPCM": plain({
    ...{ tag: 2, bits: 4, rate: 8000, align: 256, extension: adpcm(500, true) },
    data: noise(8 * 256 + 77),
  }),
  "Microsoft ADPCM, stereo": plain({
    ...{ tag: 2, bits: 4, channels: 2, rate: 22050, align: 512, extension: adpcm(500, true) },
    data: noise(16 * 512),
  }),
  RF64: rf64({ data: noise(12000) }, "RF64"),
  "BW64, 24 bits": rf64({ bits: 24, data: noise(18000) }, "BW64"),
  "RF64 of a pipe": rf64({ channels: 2, data: noise(24001) }, "RF64", 0),
  W64: w64({ channels: 2, data: noise(24000) }),
  "24 bits in 32": plain({ bits: 24, align: 4, data: noise(24000) }),
};
