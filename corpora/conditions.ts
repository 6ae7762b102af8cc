/**
 * Multi-condition training: copies of a recording as other places, lines and microphones would have made it. A network that learned
 * them as well expects less of the studio in which the corpus was recorded.
 *
 *     telephone    300 to 3400 Hz, 8 kHz, mu-law
 *     noise        pink, 0 to 25 dB below the recording's power
 *     babble       3 to 8 voices at once, 0 to 25 dB below the recording's power
 *     room         reverberation that falls by 60 dB in 0.2 to 0.8 s
 *     microphone   -4 to 4 dB an octave around 1 kHz: dull to shrill
 *
 * The voices are synthetic (`corpora/synthetic.ts`): recordings of the corpus would bring held-out speech into what a network learns.
 * A copy is as long as its recording. Its amount is drawn once, uniformly, keyed by the recording's content: a recording has the same
 * copies in every run and under every name. `dsp/strangers.ts` defines the changes.
 *
 * @module
 */
import { CONDITION_STREAM } from "../base/streams.ts";
import {
  addNoise,
  babble,
  type Draw,
  pinkNoise,
  reverberate,
  roomResponse,
  telephone,
  tilt,
} from "../dsp/strangers.ts";
import { Random } from "../kernels/random.ts";
import { makeVoices } from "./synthetic.ts";

/** The conditions of training: the recordings alone, or their copies too. */
export type Conditions = "clean" | "multi";

/** Both. */
export const CONDITIONS: readonly Conditions[] = ["clean", "multi"];

type Change = (samples: Float32Array, draw: Draw) => Float32Array;

const between = (low: number, high: number, draw: Draw) => low + (high - low) * draw();

/** Number of synthetic voices, and the seed of their corpus. */
const VOICES = 48, VOICES_SEED = 20;
let voices: readonly Float32Array[] | undefined;

/** Some of the voices, from a place in their circle on: neighbours are a man and a woman, of different emotions. */
function someVoices(draw: Draw): Float32Array[] {
  const all = voices ??= makeVoices(VOICES, VOICES_SEED);
  const from = Math.floor(draw() * VOICES), count = 3 + Math.floor(draw() * 6);
  return Array.from({ length: count }, (_, i) => all[(from + i) % VOICES]);
}

/** The change of each copy, in order. */
const COPIES: readonly Change[] = [
  telephone,
  (samples, draw) => addNoise(samples, pinkNoise(samples.length, draw), between(0, 25, draw)),
  (samples, draw) => addNoise(samples, babble(samples.length, someVoices(draw), draw), between(0, 25, draw)),
  (samples, draw) => reverberate(samples, roomResponse(between(0.2, 0.8, draw), draw)),
  (samples, draw) => tilt(samples, between(-4, 4, draw)),
];

/** Number of copies of each recording. */
export function copyCount(conditions: Conditions): number {
  return conditions === "clean" ? 0 : COPIES.length;
}

/**
 * Makes a recording's copies, one after the other.
 *
 * @param samples at 16 kHz
 * @param digest of the recording's content, in hexadecimal; keys the random numbers
 */
export function* copiesOf(samples: Float32Array, digest: string, conditions: Conditions): Generator<Float32Array> {
  const content = parseInt(digest.slice(0, 12), 16);
  for (let copy = 0; copy < copyCount(conditions); copy++) {
    const random = new Random(CONDITION_STREAM, copy, content);
    yield COPIES[copy](samples, () => random.uniform());
  }
}
