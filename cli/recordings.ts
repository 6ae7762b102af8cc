/**
 * The recordings that a command line names: files, folders with files in them, `-` for standard input. Each is read in pieces, so
 * that its length costs no memory.
 */
import { join } from "@std/path";
import { listRecordings, statOrNull } from "../corpora/files.ts";
import { RecordingStream } from "../dsp/mod.ts";
import { type ListenOptions, type Prediction, type Predictor, TooShortError } from "../refinery/predictor.ts";

/** What a name on the command line came to. */
export type Input =
  | {
    /** as messages and results call it */
    name: string;
    /** where it is; not set: standard input */
    file?: string;
  }
  | {
    /** what is wrong, in a line that names it */
    fault: string;
  };

/** What standard input is called. */
const STANDARD_INPUT = "standard input";

/** The recordings that names come to, in their order; a folder's, and those of the folders in it, by name. */
export async function findRecordings(names: readonly string[]): Promise<Input[]> {
  const inputs: Input[] = [];
  for (const name of names) {
    if (name === "-") {
      inputs.push({ name: STANDARD_INPUT });
      continue;
    }
    const info = await statOrNull(name);
    if (info === null) inputs.push({ fault: `${name}: no such file` });
    else if (!info.isDirectory) inputs.push({ name, file: name });
    else {
      const { wavs, others } = await listRecordings(name);
      const found = wavs.map((file): Input => ({ name: join(name, file), file: join(name, file) }));
      found.push(
        ...others.map((file): Input => ({ fault: `${join(name, file)}: not a wav file: convert it to one` })),
      );
      inputs.push(...found.length > 0 ? found : [{ fault: `${name}: has no wav file in it` }]);
    }
  }
  return inputs;
}

/** What came of listening to a recording: what was heard, or not; and what makes it doubtful. */
export interface Heard {
  /** Its length, in seconds of its own. */
  seconds: number;
  /** What the model hears. */
  prediction: Prediction;
  /** Why that is to be doubted, in a line that names it. */
  doubt?: string;
}

/** How a recording is listened to. */
export interface HearOptions extends ListenOptions {
  /** Hears of its samples too, at 16 kHz. */
  onSamples?: (samples: Float32Array) => void;
  /** Stops it. */
  signal: AbortSignal;
}

/** Bytes read at a time. */
const PIECE = 1 << 18;

/** Largest sample of a recording that is silent: 80 dB under full scale. */
const SILENCE = 1e-4;

/** Share of samples that are cut off from which on what is heard is doubtful. */
const MUCH_CLIPPED = 0.01;

/**
 * Listens to a recording.
 *
 * @throws {Error} naming it, where it can't be read, is no wav file, is too short or silent
 */
export async function hear(
  input: Exclude<Input, { fault: string }>,
  predictor: Predictor,
  { onSamples, signal, ...options }: HearOptions,
): Promise<Heard> {
  const { name } = input, listener = predictor.listen(options);
  let recording: RecordingStream;
  const listen = async (samples: Float32Array) => {
    onSamples?.(samples);
    await listener.hear(samples);
  };
  const source = await open(input); // not `using`, which Node 20 does not know
  try {
    recording = new RecordingStream(name, source);
    const piece = new Uint8Array(PIECE);
    for (let read; (read = await unlessAborted(source.file.read(piece), signal, name)) !== null;) {
      await listen(recording.push(piece.subarray(0, read)));
    }
    await listen(recording.finish());
  } finally {
    source.close();
  }
  const { seconds, levels: { peak, clippedShare, samples } } = recording;
  if (samples === 0) throw new Error(`${name}: the recording holds no samples`);
  if (peak < SILENCE) {
    throw new Error(`${name}: silent: no sample reaches -80 dB of full scale, so nothing can be heard`);
  }
  let prediction: Prediction;
  try {
    prediction = await listener.end();
  } catch (error) {
    if (!(error instanceof TooShortError)) throw error;
    throw new Error(`${name}: ${error.message} (--pad fills it up with silence)`, { cause: error });
  }
  if (clippedShare < MUCH_CLIPPED) return { seconds, prediction };
  const share = `${(100 * clippedShare).toFixed(1)} %`;
  return {
    seconds,
    prediction,
    doubt: `${name}: clipped: ${share} of its samples are cut off at full scale; doubt what is heard`,
  };
}

/** The bytes of a recording: of a file with a length, or of a pipe. */
async function open({ name, file }: Exclude<Input, { fault: string }>) {
  if (file === undefined) return { file: Deno.stdin, close() {} };
  try {
    const opened = await Deno.open(file), info = await opened.stat();
    return { file: opened, length: info.isFile ? info.size : undefined, close: () => opened.close() };
  } catch (error) {
    throw new Error(`${name}: can't be read: ${(error as Error).message}`, { cause: error });
  }
}

/** A promise, or the reason that the signal is aborted with: a pipe may keep its reader waiting for ever. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal, name: string): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop);
  try {
    return await Promise.race([promise, aborted]);
  } catch (error) {
    if (error === signal.reason) throw error;
    throw new Error(`${name}: can't be read: ${(error as Error).message}`, { cause: error });
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
