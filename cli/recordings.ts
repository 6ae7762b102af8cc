/**
 * The recordings that a command line names: files, folders with files in them, `-` for standard input. Each is read in pieces, so
 * that its length costs no memory.
 */
import { basename, join } from "@std/path";
import { followLink, listRecordings, statOrNull } from "../corpora/files.ts";
import { RecordingReader } from "../dsp/recording_reader.ts";
import { SpeechActivity, speechSegments } from "../dsp/speech.ts";
import { judgeSpeech, type SpeechPrediction } from "../models/judge_speech.ts";
import { type ListenOptions, type Predictor, TooShortError } from "../models/predictor.ts";

/** What a name on the command line came to. */
export type Input =
  | {
    /** as messages and results call it */
    name: string;
    /** where it is; not set: standard input */
    file?: string;
    /** its path below the folder that was named, or its own name: what files that are made of it are called */
    below: string;
  }
  | {
    /** what is wrong, in a line that names it */
    fault: string;
  };

/** What standard input is called. */
export const STANDARD_INPUT = "standard input";

/** The recordings that names come to, in their order; a folder's, and those of the folders in it, by name. */
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

/** Why there is nothing under a name: a link may be there that leads nowhere. */
async function whyNotThere(name: string): Promise<string> {
  const isLink = await Deno.lstat(name).then((info) => info.isSymlink, () => false);
  const found = isLink ? await followLink(name) : "no such file";
  return typeof found === "string" ? found : "no such file";
}

/** What came of listening to a recording, or to one channel of it: what was heard, or not; and what makes it doubtful. */
export interface ChannelPrediction {
  /** The channel, where each is judged by itself: "left", "right", "channel 3". */
  channel?: string;
  /** Its length, in seconds of its own. */
  seconds: number;
  /** What the model hears, and which segments have speech. */
  prediction: SpeechPrediction;
  /** Why that is to be doubted, in a line that names it. */
  doubt?: string;
}

/** Which channels are heard: their mean; one of them, from 0; or each by itself. */
export type Channels = "mean" | number | "each";

/** How a recording is listened to. */
export interface HearOptions extends ListenOptions {
  /** Default: their mean. */
  channels?: Channels;
  /** Whether segments without speech are judged as well. Default no. */
  all?: boolean;
  /** Hears of its samples too, at 16 kHz. */
  onSamples?: (samples: Float32Array) => void;
  /** Hears what is wrong with the recording and was read all the same, in a line that names it. */
  onWarning?: (line: string) => void;
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
 * @returns one result; of `channels: "each"` one a channel, or what is wrong with it, in a line that names it
 * @throws {Error} naming it, where it can't be read, is no wav file; or, of a single result, is too short or silent
 */
export async function hear(
  input: Exclude<Input, { fault: string }>,
  predictor: Predictor,
  options: HearOptions,
): Promise<(ChannelPrediction | { channel: string; fault: string })[]> {
  const { name } = input, { channels: which = "mean", signal } = options, each = which === "each";
  const source = await open(input); // not `using`, which Node 20 does not know
  try {
    const newEar = (channel: number | undefined) =>
      new Ear({ name, channel, length: source.length }, predictor, options);
    const first = newEar(which === "mean" ? undefined : each ? 0 : which), ears = [first];
    /** Until it is known how many channels there are. */
    let early: Uint8Array[] | undefined = each ? [] : undefined;
    const meetChannels = async () => {
      const { channels } = first.recording.format;
      if (!early || channels === 0) return;
      for (let c = 1; c < channels; c++) {
        ears.push(newEar(c));
        for (const piece of early) await ears[c].hear(piece);
      }
      early = undefined;
    };
    for await (const piece of pieces(source, name, signal)) {
      early?.push(piece.slice());
      for (const ear of ears) await ear.hear(piece);
      await meetChannels();
    }
    await first.finish();
    await meetChannels();
    for (const ear of ears.slice(1)) await ear.finish();
    const heard: (ChannelPrediction | { channel: string; fault: string })[] = [];
    for (const [c, ear] of ears.entries()) {
      if (!each) return [await ear.end()];
      const channel = channelName(c, ears.length);
      try {
        heard.push({ ...await ear.end(), channel });
      } catch (error) {
        const { message } = error as Error;
        heard.push({ channel, fault: message.replace(name, `${name}:${channel}`) });
      }
    }
    return heard;
  } finally {
    source[Symbol.dispose]();
  }
}

/** What a channel is called. @param channel from 0 */
export function channelName(channel: number, channels: number): string {
  return channels === 2 ? ["left", "right"][channel] : `channel ${channel + 1}`;
}

/** Hears one mix of a recording's channels. */
class Ear {
  readonly recording: RecordingReader;
  readonly #name: string;
  readonly #predictor: Predictor;
  readonly #options: HearOptions;
  readonly #listener: ReturnType<Predictor["listen"]>;
  readonly #speech: SpeechActivity;

  constructor(
    { name, ...how }: { name: string; channel?: number; length?: number },
    predictor: Predictor,
    options: HearOptions,
  ) {
    [this.#name, this.#predictor, this.#options] = [name, predictor, options];
    this.recording = new RecordingReader(name, how);
    this.#listener = predictor.listen(options);
    this.#speech = new SpeechActivity({ settings: predictor.model.description.frontEnd });
  }

  /** Takes the next bytes. */
  async hear(bytes: Uint8Array): Promise<void> {
    for (const samples of await this.recording.push(bytes)) await this.#listen(samples);
  }

  /** The bytes are over. */
  async finish(): Promise<void> {
    for (const samples of await this.recording.finish()) await this.#listen(samples);
  }

  async #listen(samples: Float32Array): Promise<void> {
    this.#options.onSamples?.(samples);
    if (!this.#options.all) this.#speech.push(samples);
    await this.#listener.hear(samples);
  }

  /** What was heard. */
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
 * The bytes of a recording as they come, in pieces that the next one overwrites.
 *
 * @throws {Error} naming it, where it can't be read
 */
export async function* pieces(source: Source, name: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const piece = new Uint8Array(PIECE);
  for (let read; (read = await unlessAborted(source.file.read(piece), signal, name)) !== null;) {
    yield piece.subarray(0, read);
  }
}

/** What bytes are read from. */
export interface Source extends Disposable {
  file: { read(into: Uint8Array): Promise<number | null> };
  /** in bytes, where it is known */
  length?: number;
}

/** The bytes of a recording: of a file with a length, or of a pipe. */
export async function open({ name, file }: Pick<Exclude<Input, { fault: string }>, "name" | "file">): Promise<Source> {
  if (file === undefined) return { file: Deno.stdin, [Symbol.dispose]() {} };
  try {
    const opened = await Deno.open(file), info = await opened.stat();
    return { file: opened, length: info.isFile ? info.size : undefined, [Symbol.dispose]: () => opened.close() };
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
