/**
 * The recordings named on a command line: files, folders of files, `-` for standard input. Each is read in pieces, so that its
 * length does not matter for memory.
 */
import { basename, join } from "@std/path";
import { followLink, listRecordings, statOrNull } from "../corpora/files.ts";
import { RecordingReader } from "../dsp/recording_reader.ts";
import { SpeechActivity, speechSegments } from "../dsp/speech.ts";
import { judgeSpeech, type SpeechPrediction } from "../models/judge_speech.ts";
import { type ListenOptions, type Predictor, TooShortError } from "../models/predictor.ts";

/** A name on the command line, resolved. */
export type Input =
  | {
    /** its name in messages and results */
    name: string;
    /** its path; undefined: standard input */
    file?: string;
    /** its path below the named folder, or its own name, for naming derived files */
    below: string;
  }
  | {
    /** what is wrong, in a line with the name */
    fault: string;
  };

/** The name of standard input. */
export const STANDARD_INPUT = "standard input";

/** Resolves names to recordings, in order; those of a folder and its subfolders are sorted by name. */
export async function findRecordings(names: readonly string[]): Promise<Input[]> {
  const inputs: Input[] = [];
  for (const name of names) {
    if (name === "-") {
      inputs.push({ name: STANDARD_INPUT, below: "standard_input" });
      continue;
    }
    const info = await statOrNull(name);
    if (info === null) inputs.push({ fault: `${name}: ${await whyNotThere(name)}` });
    else if (!info.isDirectory) inputs.push({ name, file: name, below: basename(name) });
    else {
      const { wavs, others, faults } = await listRecordings(name);
      const found = wavs.map((file): Input => {
        const whole = join(name, file);
        return { name: whole, file: whole, below: file };
      });
      found.push(
        ...others.map((file): Input => ({
          fault: `${join(name, file)}: predict does not read this kind of file in a folder; convert it to wav`,
        })),
      );
      found.push(...faults.map(({ path, reason }): Input => ({ fault: `${path}: ${reason}` })));
      inputs.push(...found.length > 0 ? found : [{ fault: `${name}: expected wav files in this folder, found none` }]);
    }
  }
  return inputs;
}

/** The reason why nothing exists under a name: it may be a broken link. */
async function whyNotThere(name: string): Promise<string> {
  const isLink = await Deno.lstat(name).then((info) => info.isSymlink, () => false);
  const found = isLink ? await followLink(name) : "no such file";
  return typeof found === "string" ? found : "no such file";
}

/** The result for a recording or one of its channels, and what makes it doubtful. */
export interface ChannelPrediction {
  /** The channel, if each is judged separately: "left", "right", "channel 3". */
  channel?: string;
  /** Duration in seconds of the recording itself. */
  seconds: number;
  /** The model's prediction, and which segments have speech. */
  prediction: SpeechPrediction;
  /** The reason for doubt, in a line with the name. */
  doubt?: string;
}

/** The channels to use: their mean; one of them, from 0; or each separately. */
export type Channels = "mean" | number | "each";

/** Options for processing a recording. */
export interface ChannelOptions extends ListenOptions {
  /** Default: their mean. */
  channels?: Channels;
  /** Whether to judge segments without speech too. Default no. */
  all?: boolean;
  /** Receives its samples too, at 16 kHz. */
  onSamples?: (samples: Float32Array) => void;
  /** Receives faults that did not stop the reading, one line each, with the name. */
  onWarning?: (line: string) => void;
  /** Stops it. */
  signal: AbortSignal;
}

/** Bytes read at a time. */
const PIECE = 1 << 18;

/** The largest sample of a silent recording: 80 dB under full scale. */
const SILENCE = 1e-4;

/** Share of clipped samples from which a result is doubtful. */
const MUCH_CLIPPED = 0.01;

/**
 * Judges a recording.
 *
 * @returns one result; with `channels: "each"`, for each channel a result or a fault, in a line with the name
 * @throws {Error} with its name, if it can't be read or decoded; or, for a single result, if it is too short or silent
 */
export async function predictRecording(
  input: Exclude<Input, { fault: string }>,
  predictor: Predictor,
  options: ChannelOptions,
): Promise<(ChannelPrediction | { channel: string; fault: string })[]> {
  const { name } = input, { channels: which = "mean", signal } = options, each = which === "each";
  const source = await open(input); // not `using`: Node 20 does not support it
  try {
    const newEar = (channel: number | undefined) =>
      new Ear({ name, channel, length: source.length }, predictor, options);
    const first = newEar(which === "mean" ? undefined : each ? 0 : which), ears = [first];
    /** Buffers bytes until the number of channels is known. */
    let early: Uint8Array[] | undefined = each ? [] : undefined;
    const meetChannels = async () => {
      const { channels } = first.recording.format;
      if (!early || channels === 0) return;
      for (let c = 1; c < channels; c++) {
        ears.push(newEar(c));
        for (const piece of early) await ears[c].push(piece);
      }
      early = undefined;
    };
    for await (const piece of pieces(source, name, signal)) {
      early?.push(piece.slice());
      for (const ear of ears) await ear.push(piece);
      await meetChannels();
    }
    await first.finish();
    await meetChannels();
    for (const ear of ears.slice(1)) await ear.finish();
    const predictions: (ChannelPrediction | { channel: string; fault: string })[] = [];
    for (const [c, ear] of ears.entries()) {
      if (!each) return [await ear.end()];
      const channel = channelName(c, ears.length);
      try {
        predictions.push({ ...await ear.end(), channel });
      } catch (error) {
        const { message } = error as Error;
        predictions.push({ channel, fault: message.replace(name, `${name}:${channel}`) });
      }
    }
    return predictions;
  } finally {
    source[Symbol.dispose]();
  }
}

/** The name of a channel. @param channel from 0 */
export function channelName(channel: number, channels: number): string {
  return channels === 2 ? ["left", "right"][channel] : `channel ${channel + 1}`;
}

/** Judges one mix of a recording's channels. */
class Ear {
  readonly recording: RecordingReader;
  readonly #name: string;
  readonly #predictor: Predictor;
  readonly #options: ChannelOptions;
  readonly #listener: ReturnType<Predictor["listen"]>;
  readonly #speech: SpeechActivity;

  constructor(
    { name, ...how }: { name: string; channel?: number; length?: number },
    predictor: Predictor,
    options: ChannelOptions,
  ) {
    [this.#name, this.#predictor, this.#options] = [name, predictor, options];
    this.recording = new RecordingReader(name, how);
    this.#listener = predictor.listen(options);
    this.#speech = new SpeechActivity({ settings: predictor.model.description.frontEnd });
  }

  /** Processes the next bytes. */
  async push(bytes: Uint8Array): Promise<void> {
    for (const samples of await this.recording.push(bytes)) await this.#listen(samples);
  }

  /** Ends the bytes. */
  async finish(): Promise<void> {
    for (const samples of await this.recording.finish()) await this.#listen(samples);
  }

  async #listen(samples: Float32Array): Promise<void> {
    this.#options.onSamples?.(samples);
    if (!this.#options.all) this.#speech.push(samples);
    await this.#listener.push(samples);
  }

  /** Returns the result. */
  async end(): Promise<ChannelPrediction> {
    const { seconds, warnings } = this.recording, { peak, clippedShare, samples } = this.recording.levels!;
    const name = this.#name;
    for (const line of warnings) this.#options.onWarning?.(line);
    if (samples === 0) throw new Error(`${name}: expected samples, found none`);
    if (peak < SILENCE) {
      throw new Error(`${name}: silent: no sample reaches -80 dB of full scale`);
    }
    const prediction = await this.#judge();
    if (clippedShare < MUCH_CLIPPED) return { seconds, prediction };
    const share = `${(100 * clippedShare).toFixed(1)} %`;
    return {
      seconds,
      prediction,
      doubt: `${name}: clipped: ${share} of its samples are cut off at full scale, so the result is doubtful`,
    };
  }

  async #judge(): Promise<SpeechPrediction> {
    const { model } = this.#predictor, { emotions, frontEnd } = model.description, name = this.#name;
    try {
      const prediction = await this.#listener.end(), segments = prediction.profile.length / emotions.length;
      if (this.#options.all) return { ...prediction, speech: new Uint8Array(segments).fill(1) };
      const speech = speechSegments(this.#speech.frames(), segments, prediction.segmentHop, frontEnd);
      if (!speech.includes(1)) {
        throw new Error(`${name}: expected speech, found none by its energy; --all judges it anyway`);
      }
      return judgeSpeech(model, prediction, speech, this.#options.decide);
    } catch (error) {
      if (!(error instanceof TooShortError)) throw error;
      throw new Error(`${name}: ${error.message}; --pad pads it with silence`, { cause: error });
    }
  }
}

/**
 * Yields the bytes of a recording as they arrive. Each piece overwrites the one before.
 *
 * @throws {Error} with its name, if it can't be read
 */
export async function* pieces(source: RecordingSource, name: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const piece = new Uint8Array(PIECE);
  for (let read; (read = await unlessAborted(source.file.read(piece), signal, name)) !== null;) {
    yield piece.subarray(0, read);
  }
}

/** A source of bytes. */
export interface RecordingSource extends Disposable {
  file: { read(into: Uint8Array): Promise<number | null> };
  /** in bytes, if known */
  length?: number;
}

/** Opens a recording's bytes: a file with a length, or a pipe. */
export async function open(
  { name, file }: Pick<Exclude<Input, { fault: string }>, "name" | "file">,
): Promise<RecordingSource> {
  if (file === undefined) return { file: Deno.stdin, [Symbol.dispose]() {} };
  try {
    const opened = await Deno.open(file), info = await opened.stat();
    return { file: opened, length: info.isFile ? info.size : undefined, [Symbol.dispose]: () => opened.close() };
  } catch (error) {
    throw new Error(`${name}: can't be read: ${(error as Error).message}`, { cause: error });
  }
}

/** Awaits a promise, or throws the signal's reason if it aborts first: a pipe may keep its reader waiting for ever. */
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
