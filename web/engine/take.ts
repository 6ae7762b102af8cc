/**
 * A take: a recorded or dropped recording, read as `predict` reads recordings, and cut from its first speech to its
 * last.
 */
import { readRecording } from "../../dsp/recording_reader.ts";
import { resample } from "../../dsp/resample.ts";
import { frontEnd } from "../../dsp/settings.ts";
import { SpeechActivity } from "../../dsp/speech.ts";
import { loadDecoder } from "./recognition.ts";
import type { SoundSource } from "./protocol.ts";
import type { ReadTake } from "./teach_protocol.ts";

/** Seconds kept before the first speech and after the last. */
const MARGIN = 0.15;
/**
 * Least number of frames kept, however short the speech, if there are as many: a segment of the network, and room for
 * its start.
 */
const LEAST_KEPT = 80;
/** Frames of the paper's segment: shorter takes are too short, and `predict` rejects them too. */
const LEAST = 32;
/** Samples below this count as silence: -60 dB of full scale. */
const SILENCE = 0.001;
/** Longest take, in seconds. */
const LONGEST = 300;

/**
 * Reads a take.
 *
 * @param name its name in errors
 * @throws {Error} with its name, if it is not a recording, or is silent, too short or too long
 */
export async function readTake(what: SoundSource, name: string): Promise<ReadTake> {
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

/**
 * Cuts samples from shortly before the first speech to shortly after the last; returns everything if no speech is
 * detected.
 */
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
