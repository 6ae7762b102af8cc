/** A take: what was recorded or dropped, read as `predict` reads recordings, from the first speech in it to the last. */
import { readRecording } from "../../dsp/recording_reader.ts";
import { resample } from "../../dsp/resample.ts";
import { frontEnd } from "../../dsp/settings.ts";
import { SpeechActivity } from "../../dsp/speech.ts";
import { loadDecoder } from "./hearing.ts";
import type { ToHear } from "./protocol.ts";
import type { ReadTake } from "./teach_protocol.ts";

/** Seconds that are kept before the first speech and after the last. */
const MARGIN = 0.15;
/** Frames that are kept where there are so many, however short the speech: a segment of the network, and some to begin it in. */
const LEAST_KEPT = 80;
/** Frames of the paper's segment: what is shorter says too little, and `predict` refuses it too. */
const LEAST = 32;
/** Samples below this are as good as silence: -60 dB of full scale. */
const SILENCE = 0.001;
/** Longest take, in seconds. */
const LONGEST = 300;

/**
 * Reads a take.
 *
 * @param name what errors call it
 * @throws {Error} naming it, where it is no recording, silent, too short or too long
 */
export async function readTake(what: ToHear, name: string): Promise<ReadTake> {
  const { samples, warnings = [] } = "bytes" in what
    ? await readRecording(what.bytes, name, frontEnd, loadDecoder)
    : { ...what, samples: resample(what.samples, what.sampleRate, frontEnd.sampleRate) };
  const { sampleRate, hopLength, windowLength } = frontEnd, shortest = (LEAST - 1) * hopLength + windowLength;
  if (samples.length < shortest) {
    const [required, found] = [shortest, samples.length].map((n) => `${Math.round(1000 * n / sampleRate)} ms`);
    throw new RangeError(`${name} is too short: expected at least ${required} of sound, found ${found}`);
  }
  if (samples.length > LONGEST * sampleRate) {
    throw new RangeError(
      `${name} is too long: expected at most ${LONGEST} s, found ${Math.round(samples.length / sampleRate)} s`,
    );
  }
  if (samples.every((x) => Math.abs(x) < SILENCE)) {
    throw new RangeError(`${name} is silent: expected a sample above -60 dB of full scale, found none`);
  }
  const kept = withoutSilence(samples);
  return { samples: kept, cut: (samples.length - kept.length) / sampleRate, warnings };
}

/** From a little before the first speech to a little after the last; all of it where none is found by its energy. */
function withoutSilence(samples: Float32Array): Float32Array {
  const { sampleRate, hopLength, windowLength } = frontEnd, activity = new SpeechActivity();
  activity.push(samples);
  const active = activity.frames(), first = active.indexOf(1), last = active.lastIndexOf(1);
  if (first < 0) return samples;
  const margin = MARGIN * sampleRate, least = (LEAST_KEPT - 1) * hopLength + windowLength;
  const [begin, end] = [first * hopLength - margin, last * hopLength + windowLength + margin];
  const more = Math.max(0, least - (end - begin)) / 2;
  return samples.slice(Math.max(0, Math.floor(begin - more)), Math.min(samples.length, Math.ceil(end + more)));
}
