/**
 * The synthetic corpus: emotional speech made from a seed. EPR runs without a download, and the paper's argument can be
 * tested. Each utterance *mixes* its emotion with neutral stretches (the emotion swells over 40 to 70 % of it), so one
 * label for all its segments is wrong. Unlike in any recorded corpus, the true emotion of every frame is known.
 *
 * The emotions follow the literature on emotional voices (Murray & Arnott, JASA 93, 1993; Burkhardt & Sendlmeier, 2000):
 * level and range of pitch, loudness, tempo, spectral tilt, breath, irregularity. Speakers, sentences and takes vary the
 * same cues by about as much, so no single cue reveals the emotion.
 *
 * @module
 */
import { OptionError } from "../base/option_error.ts";
import { SPEECH_STREAMS } from "../base/streams.ts";
import { frameCount } from "../dsp/log_mel.ts";
import { frontEnd } from "../dsp/settings.ts";
import { Random } from "../kernels/random.ts";
import { type Corpus, EMOTIONS, makeCorpus, type Speech, type Utterance } from "./corpus.ts";
import { makeSentence, type Sentence } from "./phonemes.ts";
import { emptyTrack, FORMANTS, noiseTable, speak, TRACK_STEP, VOICE_RATE, type VoiceTrack } from "./voice.ts";

/** The amount of speech to make. */
export interface SyntheticSize {
  /** number of utterances in all, shared evenly between the five emotions; default: 120 */
  utterances?: number;
  /** number of speakers; default: 6 */
  speakers?: number;
}

/**
 * A manner of speaking: the offsets that an emotion, a speaker's habit or a daily mood adds to a plain voice. Zero is
 * plain.
 */
interface Manner {
  /** pitch, semitones higher */
  level: number;
  /** log2 of a factor on the movement of the pitch */
  range: number;
  /** dB louder */
  loudness: number;
  /** log2 of a factor of speed */
  tempo: number;
  /** added to the pole of the spectral tilt: negative is brighter */
  tilt: number;
  /** added to the open quotient: negative is pressed */
  open: number;
  /** breath noise, as a share of the voice's amplitude */
  breath: number;
  /** added to the irregularity of the periods */
  jitter: number;
  /** depth of a tremor of 6 Hz, semitones */
  tremor: number;
  /** log2 of a factor on the formants: a smile shortens the vocal tract */
  formants: number;
}

const PLAIN: Manner = {
  level: 0,
  range: 0,
  loudness: 0,
  tempo: 0,
  tilt: 0,
  open: 0,
  breath: 0,
  jitter: 0,
  tremor: 0,
  formants: 0,
};

const MANNERS: Readonly<Record<string, Manner>> = {
  anger: { ...PLAIN, level: 3, range: 0.6, loudness: 5, tempo: 0.12, tilt: -0.26, open: -0.14, jitter: 0.006 },
  fear: { ...PLAIN, level: 5, range: -0.2, loudness: -1, tempo: 0.2, breath: 0.15, jitter: 0.02, tremor: 0.7 },
  happiness: { ...PLAIN, level: 4, range: 0.8, loudness: 2.5, tempo: 0.05, tilt: -0.08, formants: 0.08 },
  neutral: PLAIN,
  sadness: { ...PLAIN, level: -1.5, range: -0.9, loudness: -5, tempo: -0.22, tilt: 0.16, open: 0.14, breath: 0.15 },
};

/** The emotions spoken, in the order of every corpus. */
const SPOKEN = EMOTIONS.filter((emotion) => emotion in MANNERS);

interface Speaker {
  name: string;
  /** pitch at rest, Hz */
  pitch: number;
  /** length of the vocal tract relative to the average man's, as a factor on all formants */
  tract: number;
  habit: Manner;
}

const SENTENCES = 8;

/**
 * Opens the synthetic corpus of a seed. The same seed gives the same speech (on engines whose `Math.exp` and `Math.cos`
 * agree), and speech is computed only when an utterance is read.
 *
 * @throws {OptionError} unless the sizes are whole numbers, with at least 5 utterances and 1 speaker
 */
export function openSynthetic(seed = 1, size: SyntheticSize = {}): Corpus {
  const { utterances: utteranceCount = 120, speakers: speakerCount = 6 } = size;
  if (!Number.isInteger(utteranceCount) || utteranceCount < SPOKEN.length) {
    throw new OptionError({
      option: "utterances",
      where: "The synthetic corpus",
      required: `a whole number >= ${SPOKEN.length}`,
      found: utteranceCount,
    });
  }
  if (!Number.isInteger(speakerCount) || speakerCount < 1) {
    throw new OptionError({
      option: "speakers",
      where: "The synthetic corpus",
      required: "a whole number >= 1",
      found: speakerCount,
    });
  }
  const speakers = Array.from(
    { length: speakerCount },
    (_, i) => makeSpeaker(i, new Random(seed, SPEECH_STREAMS.speaker, i)),
  );
  const sentences = Array.from(
    { length: SENTENCES },
    (_, i) => makeSentence(new Random(seed, SPEECH_STREAMS.sentence, i)),
  );
  let noise: Float32Array | undefined;

  const digits = String(utteranceCount).length;
  const utterances = Array.from({ length: utteranceCount }, (_, i): Utterance => {
    const emotion = SPOKEN[i % SPOKEN.length];
    const speaker = speakers[Math.floor(i / SPOKEN.length) % speakerCount];
    const sentence = sentences[new Random(seed, SPEECH_STREAMS.take, i, 0).below(SENTENCES)];
    return {
      id: `${speaker.name}_${emotion}_${String(i + 1).padStart(digits, "0")}`,
      emotion,
      speaker: speaker.name,
      text: sentence.text,
      read() {
        noise ??= noiseTable(new Random(seed, SPEECH_STREAMS.noise));
        return Promise.resolve(utter(sentence, speaker, emotion, noise, new Random(seed, SPEECH_STREAMS.take, i, 1)));
      },
    };
  });
  return makeCorpus({ name: "synthetic", from: "The synthetic corpus", utterances, skipped: [], segmentHop: 1 });
}

/**
 * Sentences by as many speakers, men and women in turn, the emotions in turn: voices for a background.
 *
 * @returns samples of each voice, 16 kHz
 */
export function makeVoices(count: number, seed: number): Float32Array[] {
  const noise = noiseTable(new Random(seed, SPEECH_STREAMS.noise));
  return Array.from({ length: count }, (_, i) => {
    const speaker = makeSpeaker(i, new Random(seed, SPEECH_STREAMS.speaker, i));
    const sentence = makeSentence(new Random(seed, SPEECH_STREAMS.sentence, i));
    const take = new Random(seed, SPEECH_STREAMS.take, i, 1);
    return utter(sentence, speaker, SPOKEN[i % SPOKEN.length], noise, take).samples;
  });
}

/** Draws a speaker: men and women alternate. */
function makeSpeaker(index: number, random: Random): Speaker {
  const woman = index % 2 === 1;
  return {
    name: `speaker${index + 1}`,
    pitch: (woman ? 195 : 112) * 2 ** (0.15 * random.normal()),
    tract: (woman ? 1.15 : 1) * (0.95 + 0.1 * random.uniform()),
    habit: {
      ...PLAIN,
      range: 0.3 * random.normal(),
      loudness: 1.5 * random.normal(),
      tempo: 0.06 * random.normal(),
      tilt: 0.04 * random.normal(),
      open: 0.04 * random.normal(),
      breath: 0.05 * random.uniform(),
      jitter: 0.004 * random.uniform(),
    },
  };
}

/** The mood of one take: variation between utterances that does not come from the emotion. */
function takeManner(random: Random): Manner {
  return {
    ...PLAIN,
    level: 0.8 * random.normal(),
    range: 0.2 * random.normal(),
    loudness: 1.5 * random.normal(),
    tempo: 0.05 * random.normal(),
    tilt: 0.04 * random.normal(),
    breath: 0.03 * random.uniform(),
  };
}

function utter(sentence: Sentence, speaker: Speaker, emotion: string, noise: Float32Array, random: Random): Speech {
  const take = takeManner(random), strength = 0.9 + 0.5 * random.uniform();
  const swell = drawSwell(sentence.ms, 2 ** (strength * MANNERS[emotion].tempo), random);
  const { track, emotional } = perform(sentence, speaker, take, scale(MANNERS[emotion], strength), swell);
  const samples = speak(track, noise, random);
  const label = SPOKEN.indexOf(emotion), neutral = SPOKEN.indexOf("neutral");
  const truth = Uint8Array.from({ length: frameCount(samples.length) }, (_, frame) => {
    const middle = frame * frontEnd.hopLength + frontEnd.windowLength / 2;
    return emotional[Math.floor(middle / TRACK_STEP)] >= 0.5 ? label : neutral;
  });
  return { samples, seconds: samples.length / VOICE_RATE, truth };
}

/** The strength of the emotion at a millisecond of the sentence, 0 to 1. */
type Swell = (ms: number) => number;

/** Draws one stretch of the sentence that takes 44 to 66 % of the *spoken* time at the emotion's tempo. */
function drawSwell(ms: number, tempo: number, random: Random): Swell {
  const share = 0.44 + 0.22 * random.uniform();
  const width = ms * share * tempo / (1 - share + share * tempo);
  const start = (ms - width) * random.uniform();
  const ramp = 120;
  const smooth = (x: number) => {
    const t = Math.min(1, Math.max(0, x));
    return t * t * (3 - 2 * t);
  };
  return (at) => smooth((at - start) / ramp + 0.5) * smooth((start + width - at) / ramp + 0.5);
}

function scale(manner: Manner, by: number): Manner {
  return Object.fromEntries(Object.entries(manner).map(([name, value]) => [name, by * value])) as unknown as Manner;
}

/**
 * Turns a sentence into a track: the speaker's voice, the take's mood, and the emotion at its current strength. The mouth
 * moves between postures like a damped mass (two low passes in a row), so neighbouring sounds colour each other and short
 * vowels do not reach their targets.
 */
function perform(
  sentence: Sentence,
  speaker: Speaker,
  take: Manner,
  feeling: Manner,
  swell: Swell,
): { track: VoiceTrack; emotional: Float64Array } {
  const own = (name: keyof Manner) => speaker.habit[name] + take[name];
  const stepMs = 1000 * TRACK_STEP / VOICE_RATE;
  // position in the sentence of each point of the track: the tempo follows the emotion
  const places: number[] = [];
  for (let at = 0; at < sentence.ms;) {
    places.push(at);
    at += stepMs * 2 ** (own("tempo") + swell(at) * feeling.tempo);
  }
  const track = emptyTrack(places.length), emotional = Float64Array.from(places, swell);

  // the current state of mouth and larynx: formants 1 to 3, damping (halfway and there), then amplitudes
  const rest = sentence.postures[0];
  const mouth = [...rest.formants, rest.damping], halfway = [...mouth];
  let voicing = 0, breath = 0, frication = 0, current = 0;
  places.forEach((at, p) => {
    while (current + 1 < sentence.postures.length && sentence.postures[current + 1].start <= at) current++;
    const posture = sentence.postures[current];
    const manner = (name: keyof Manner) => own(name) + emotional[p] * feeling[name];

    const target = [...posture.formants, posture.damping];
    for (let f = 0; f < target.length; f++) {
      halfway[f] += 0.35 * (target[f] - halfway[f]);
      mouth[f] += 0.35 * (halfway[f] - mouth[f]);
    }
    voicing += 0.5 * (posture.voicing - voicing);
    breath += 0.6 * (posture.breath - breath);
    frication += 0.6 * (posture.frication - frication);

    const gain = 10 ** (manner("loudness") / 20);
    let accent = 2 - 5 * at / sentence.ms; // semitones: pitch falls over a sentence
    let stress = 0;
    for (const { at: middle, strength } of sentence.stresses) {
      const bump = strength * Math.exp(-(((at - middle) / 110) ** 2));
      accent += 3 * bump;
      stress += bump;
    }
    const tremor = manner("tremor") * Math.sin(2 * Math.PI * 6 * p * stepMs / 1000);
    track.pitch[p] = speaker.pitch * 2 ** ((manner("level") + accent * 2 ** manner("range") + tremor) / 12);
    track.voicing[p] = GAIN * gain * voicing * (0.8 + 0.3 * stress);
    track.breath[p] = GAIN * gain * (0.12 * breath + Math.max(0, manner("breath")) * voicing * 0.3);
    track.frication[p] = GAIN * 0.1 * Math.sqrt(gain) * frication;
    track.fricationHz[p] = Math.min(7000, posture.fricationHz * speaker.tract);
    track.openQuotient[p] = clamp(0.6 + manner("open"), 0.35, 0.85);
    track.tilt[p] = clamp(0.55 + manner("tilt"), 0.1, 0.9);
    track.jitter[p] = 0.006 + manner("jitter");

    const tract = speaker.tract * 2 ** manner("formants");
    for (let f = 0; f < FORMANTS; f++) {
      // above F3, a tube closed at one end: a formant every 1,000 Hz
      const frequency = tract * (f < 3 ? mouth[f] : 500 + 1000 * f);
      track.formants[p * FORMANTS + f] = Math.min(7600, frequency);
      track.bandwidths[p * FORMANTS + f] = BANDWIDTHS[f] * mouth[3];
    }
  });
  return { track, emotional };
}

/** Bandwidths of the formants in a vowel, Hz. */
const BANDWIDTHS = [70, 90, 130, 200, 250, 350];
/** Scales an ordinary voice to the level of an ordinary recording: about 0.07 root mean square. */
const GAIN = 0.13;

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
