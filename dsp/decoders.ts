/**
 * Decoders of compressed recordings: packages of others, loaded when the first such recording is met.
 *
 * The names of the packages are no literals where they are imported, so that nothing else has to load, bundle or type them: not who
 * trains, and not the npm package. `deno.json` says which versions. The page loads each as a file of its own (`LoadPackage`).
 */
import { MovieFeeder } from "./m4a.ts";
import { OggChain } from "./ogg.ts";
import type { Codec } from "./sniff.ts";

/** Samples as a decoder gives them. */
export interface Decoded {
  /** [channels][samples] */
  channelData: Float32Array[];
  /** in Hz */
  sampleRate: number;
  /** why frames could not be decoded, a line each */
  faults: string[];
}

/** What decodes a recording that comes in pieces. */
export interface Decoder {
  /** Takes the next bytes. */
  decode(bytes: Uint8Array): AsyncIterable<Decoded>;
  /** Ends the recording. */
  flush(): AsyncIterable<Decoded>;
  /** Gives its memory back. */
  free(): void;
}

/** What the packages' own decoders give: `errors` is a list, or a number. */
type PackageDecoded = Omit<Decoded, "faults"> & { errors?: { message: string }[] | number; bitDepth?: number };

/** What they have in common. */
interface PackageDecoder {
  ready?: Promise<void>;
  decode(bytes: Uint8Array): PackageDecoded | Promise<PackageDecoded>;
  flush?(): PackageDecoded | Promise<PackageDecoded>;
  free(): void;
}

type Module = Record<string, new () => PackageDecoder> & { decoder: () => Promise<PackageDecoder> };

/** A codec's package, what its recordings are called, and how its decoder is made. */
interface Package {
  name: string;
  what: string;
  create: (module: Module) => PackageDecoder | Promise<PackageDecoder>;
}

const aac = { name: "@audio/decode-aac", create: (module: Module) => module.decoder() };

const packages: Record<Codec, Package> = {
  flac: { name: "@wasm-audio-decoders/flac", what: "a FLAC file", create: ({ FLACDecoder }) => new FLACDecoder() },
  mp3: { name: "mpg123-decoder", what: "an MP3 file", create: ({ MPEGDecoder }) => new MPEGDecoder() },
  vorbis: {
    name: "@wasm-audio-decoders/ogg-vorbis",
    what: "an Ogg Vorbis file",
    create: ({ OggVorbisDecoder }) => new OggVorbisDecoder(),
  },
  opus: { name: "ogg-opus-decoder", what: "an Opus file", create: ({ OggOpusDecoder }) => new OggOpusDecoder() },
  aac: { ...aac, what: "an AAC file" },
  m4a: { ...aac, what: "an MP4 or M4A file" },
};

/** Loads a package of a decoder by its name. */
export type LoadPackage = (specifier: string) => Promise<unknown>;

/** From where deno keeps packages. */
const fromCache: LoadPackage = async (specifier) => {
  try {
    return await import(specifier);
  } catch (error) {
    const [line] = (error as Error).message.split("\n");
    throw new Error(`${line}; with a network, run once: deno install`, { cause: error });
  }
};

/** Bytes that a decoder is given at a time: what it makes of them has to fit into memory. */
const PIECE = 1 << 15;

/**
 * What is decoded behind the end of a FLAC file: the head of a frame, and nothing that would make it one. The package takes a frame for
 * whole when it sees the head of the next; its own way of ending loses the last frame where that is short, as silence is.
 *
 *   sync and fixed block size, 16 samples (in 8 bits) and rate as the file says, one channel and bits as the file says, number 0,
 *   samples less one, CRC-8 of all that
 */
const FLAC_END = Uint8Array.of(0xff, 0xf8, 0x60, 0x00, 0x00, 0x0f, 0xc7, ...new Array(32).fill(0));

function isOgg(bytes: Uint8Array): boolean {
  return String.fromCharCode(...bytes.subarray(0, 4)) === "OggS";
}

/** What recordings of a codec are called, with an article. */
export function nameOf(codec: Codec): string {
  return packages[codec].what;
}

/**
 * Opens a decoder.
 *
 * @param name what errors call the file
 * @param load loads its package
 * @throws {Error} where its package can't be loaded
 */
export async function openDecoder(codec: Codec, name: string, load: LoadPackage = fromCache): Promise<Decoder> {
  const { name: specifier, what, create } = packages[codec];
  let module: Module;
  try {
    module = await load(specifier) as Module;
  } catch (error) {
    throw new Error(
      `${name}: ${what}, which the npm package ${specifier} decodes; it can't be loaded: ${
        (error as Error).message
      }; or convert the recording to wav`,
      { cause: error },
    );
  }
  const begin = async () => {
    const made = await create(module);
    await made.ready;
    return made;
  };
  let decoder = await begin(), begun = false, first = true, chain: OggChain | undefined;
  const read = async (run: () => PackageDecoded | Promise<PackageDecoded>): Promise<Decoded> => {
    const { channelData, sampleRate, errors = [], bitDepth = 0 } = await quietly(run);
    if (codec === "flac") { for (const channel of channelData) rescale(channel, bitDepth); }
    let faults: string[];
    if (typeof errors !== "number") faults = errors.map(({ message }) => message.trim());
    else {
      // AAC's first frame only readies the decoder, which the package counts as an error
      faults = new Array(begun ? errors : Math.max(0, errors - 1)).fill("an AAC frame is broken");
      begun ||= errors > 0 || channelData.length > 0;
    }
    return { channelData, sampleRate, faults };
  };
  const feeder = codec === "m4a" ? new MovieFeeder() : undefined;
  const inPieces = async function* (bytes: Uint8Array): AsyncGenerator<Decoded> {
    for (let at = 0; at < bytes.length; at += PIECE) {
      yield await read(() => decoder.decode(bytes.slice(at, at + PIECE)));
    }
  };
  const end = async function* (): AsyncGenerator<Decoded> {
    if (codec === "flac" && !chain) yield await read(() => decoder.decode(FLAC_END));
    if (decoder.flush) yield await read(() => decoder.flush!());
  };
  return {
    async *decode(bytes) {
      if (first && isOgg(bytes)) chain = new OggChain();
      first = false;
      if (!chain) {
        for (const part of feeder ? feeder.push(bytes) : [bytes]) yield* inPieces(part);
        return;
      }
      for (const stretch of chain.push(bytes)) {
        yield* inPieces(stretch.bytes);
        if (!stretch.ends) continue;
        yield* end();
        decoder.free();
        decoder = await begin();
      }
    },
    async *flush() {
      if (chain) yield* inPieces(chain.finish());
      yield* end();
    },
    free() {
      try {
        decoder.free();
      } catch {
        // a decoder that a broken file has upset may be past that, and its memory goes with it
      }
    },
  };
}

/** The package divides FLAC's integers by 2^(bits - 1) - 1; everything else here, and in other programs, by 2^(bits - 1). */
function rescale(samples: Float32Array, bits: number): void {
  const full = 2 ** (bits - 1);
  for (let i = 0; i < samples.length; i++) samples[i] = Math.round(samples[i] * (full - 1)) / full;
}

/** Decoders at work, and what prints meanwhile. */
let working = 0, print = console.error;

/** Runs a decoder without what it prints of broken frames: that is in what it returns, too. */
async function quietly<T>(run: () => T | Promise<T>): Promise<T> {
  if (working++ === 0) {
    print = console.error;
    console.error = (...words) => {
      if (!/^(libopus|mpg123-decoder|@wasm-audio-decoders)\b/.test(String(words[0]))) print(...words);
    };
  }
  try {
    return await run();
  } finally {
    if (--working === 0) console.error = print;
  }
}
