/**
 * Decoders of compressed recordings: third-party packages, loaded when the first such recording is read.
 *
 * The imports use variables, not literal package names, so that nothing else loads, bundles or type-checks them: neither training
 * nor the npm package. `deno.json` fixes the versions. The page loads each as a separate file (`LoadPackage`).
 */
import { MovieFeeder } from "./m4a.ts";
import { OggChain } from "./ogg.ts";
import type { Codec } from "./sniff.ts";

/** A decoder's output. */
export interface AudioBlock {
  /** [channels][samples] */
  channelData: Float32Array[];
  /** in Hz */
  sampleRate: number;
  /** why frames could not be decoded, one line each */
  faults: string[];
}

/** A decoder of a recording that arrives in pieces. */
export interface Decoder {
  /** Decodes the next bytes. */
  decode(bytes: Uint8Array): AsyncIterable<AudioBlock>;
  /** Ends the recording. */
  flush(): AsyncIterable<AudioBlock>;
  /** Releases its memory. */
  free(): void;
}

/** Output of the packages' decoders: `errors` is a list or a number. */
type PackageBlock = Omit<AudioBlock, "faults"> & { errors?: { message: string }[] | number; bitDepth?: number };

/** The interface that the packages share. */
interface PackageDecoder {
  ready?: Promise<void>;
  decode(bytes: Uint8Array): PackageBlock | Promise<PackageBlock>;
  flush?(): PackageBlock | Promise<PackageBlock>;
  free(): void;
}

type Module = Record<string, new () => PackageDecoder> & { decoder: () => Promise<PackageDecoder> };

/** A codec's package, a name for its recordings, and how to create its decoder. */
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

/** Loads a decoder's package by name. */
export type LoadPackage = (specifier: string) => Promise<unknown>;

/** Loads from Deno's package cache. */
const fromCache: LoadPackage = async (specifier) => {
  try {
    return await import(specifier);
  } catch (error) {
    const [line] = (error as Error).message.split("\n");
    throw new Error(`${line}; with a network, run once: deno install`, { cause: error });
  }
};

/** Bytes passed to a decoder at a time: the decoded samples have to fit into memory. */
const PIECE = 1 << 15;

/**
 * Bytes decoded after the end of a FLAC file: the head of a frame without a body. The package accepts a frame as complete when it sees
 * the head of the next one. Its own flush loses the last frame if that is short, as a frame of silence is.
 *
 *   sync and fixed block size, 16 samples (in 8 bits) and rate from the file's header, one channel and bits from the file's header, number 0,
 *   samples minus one, CRC-8 of all these
 */
const FLAC_END = Uint8Array.of(0xff, 0xf8, 0x60, 0x00, 0x00, 0x0f, 0xc7, ...new Array(32).fill(0));

function isOgg(bytes: Uint8Array): boolean {
  return String.fromCharCode(...bytes.subarray(0, 4)) === "OggS";
}

/** A phrase for recordings of a codec, with an article. */
export function nameOf(codec: Codec): string {
  return packages[codec].what;
}

/**
 * Opens a decoder.
 *
 * @param name the file's name in errors
 * @param load loads its package
 * @throws {Error} if its package can't be loaded
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
  const read = async (run: () => PackageBlock | Promise<PackageBlock>): Promise<AudioBlock> => {
    const { channelData, sampleRate, errors = [], bitDepth = 0 } = await quietly(run);
    if (codec === "flac") { for (const channel of channelData) rescale(channel, bitDepth); }
    let faults: string[];
    if (typeof errors !== "number") faults = errors.map(({ message }) => message.trim());
    else {
      // the package counts AAC's first frame, which only primes the decoder, as an error
      faults = new Array(begun ? errors : Math.max(0, errors - 1)).fill("an AAC frame is broken");
      begun ||= errors > 0 || channelData.length > 0;
    }
    return { channelData, sampleRate, faults };
  };
  const feeder = codec === "m4a" ? new MovieFeeder() : undefined;
  const inPieces = async function* (bytes: Uint8Array): AsyncGenerator<AudioBlock> {
    for (let at = 0; at < bytes.length; at += PIECE) {
      yield await read(() => decoder.decode(bytes.slice(at, at + PIECE)));
    }
  };
  const end = async function* (): AsyncGenerator<AudioBlock> {
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
        // a broken file can leave a decoder unable to free itself; its memory is then lost
      }
    },
  };
}

/**
 * The package divides FLAC's integers by 2^(bits - 1) - 1; the rest of EPR, and other programs, divide by 2^(bits - 1).
 */
function rescale(samples: Float32Array, bits: number): void {
  const full = 2 ** (bits - 1);
  for (let i = 0; i < samples.length; i++) samples[i] = Math.round(samples[i] * (full - 1)) / full;
}

/** Number of active decoders, and the original `console.error`. */
let working = 0, print = console.error;

/** Runs a decoder without its printed messages about broken frames: its result reports them too. */
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
