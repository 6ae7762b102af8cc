/**
 * Speech sounds, and the sentences of the synthetic corpus. A sound is one or more postures of the mouth, each with a
 * duration. The sentences consist of made-up words ("mona ledisu"), drawn from the seed.
 *
 * Formant targets are those of men (vowels: Peterson & Barney, JASA 24, 1952), scaled by a speaker's vocal tract.
 *
 * @module
 */
import type { Random } from "../kernels/random.ts";

/** A posture of mouth and larynx, and its duration at ordinary tempo. */
export interface Posture {
  /** milliseconds */
  ms: number;
  /** F1, F2, F3 of a man, Hz */
  formants: readonly [number, number, number];
  /** how much wider the formants' bandwidths are than a vowel's */
  damping: number;
  /** amplitudes of the voice, the breath and the noise at a constriction, 0 to 1 */
  voicing: number;
  breath: number;
  frication: number;
  /** resonance of that noise, Hz */
  fricationHz: number;
  /** whether this is a vowel, which can be stressed and is then lengthened */
  vowel: boolean;
}

type Triple = readonly [number, number, number];

const vowel = (...formants: Triple): Posture[] => [
  { ms: 105, formants, damping: 1, voicing: 1, breath: 0, frication: 0, fricationHz: 4000, vowel: true },
];
/** Nasals and glides: voiced, quieter than vowels. */
const sonorant = (ms: number, voicing: number, damping: number, ...formants: Triple): Posture[] => [
  { ms, formants, damping, voicing, breath: 0, frication: 0, fricationHz: 4000, vowel: false },
];
const fricative = (voicing: number, frication: number, fricationHz: number, ...formants: Triple): Posture[] => [
  { ms: 85, formants, damping: 1.5, voicing, breath: 0.1, frication, fricationHz, vowel: false },
];
/** A closure, the burst that ends it, and (in p t k) breath until the voice starts. */
const plosive = (voiced: boolean, burst: number, fricationHz: number, ...formants: Triple): Posture[] => {
  const shape = { formants, damping: 1.5, fricationHz, vowel: false };
  return [
    { ...shape, ms: 50, voicing: voiced ? 0.12 : 0, breath: 0, frication: 0 },
    { ...shape, ms: 12, voicing: voiced ? 0.3 : 0, breath: 0.2, frication: burst },
    ...(voiced ? [] : [{ ...shape, ms: 28, voicing: 0, breath: 0.7, frication: 0.1 }]),
  ];
};

const VOWELS: Readonly<Record<string, Posture[]>> = {
  a: vowel(730, 1090, 2440),
  e: vowel(530, 1840, 2480),
  i: vowel(270, 2290, 3010),
  o: vowel(570, 840, 2410),
  u: vowel(300, 870, 2240),
};

const CONSONANTS: Readonly<Record<string, Posture[]>> = {
  m: sonorant(65, 0.5, 3, 280, 1000, 2200),
  n: sonorant(60, 0.5, 3, 280, 1600, 2500),
  l: sonorant(60, 0.6, 1.5, 360, 1300, 2700),
  r: sonorant(55, 0.6, 1.5, 420, 1300, 1600),
  w: sonorant(55, 0.6, 1.5, 290, 650, 2150),
  j: sonorant(55, 0.6, 1.5, 260, 2070, 3020),
  s: fricative(0, 1, 5600, 320, 1500, 2500),
  f: fricative(0, 0.35, 4600, 340, 1100, 2080),
  z: fricative(0.4, 0.6, 5600, 240, 1500, 2500),
  v: fricative(0.45, 0.15, 4400, 220, 1100, 2080),
  h: [{
    ms: 60,
    formants: [500, 1500, 2500],
    damping: 2,
    voicing: 0,
    breath: 1,
    frication: 0,
    fricationHz: 4000,
    vowel: false,
  }],
  p: plosive(false, 0.3, 1200, 350, 900, 2200),
  t: plosive(false, 0.8, 4200, 350, 1700, 2600),
  k: plosive(false, 0.6, 2000, 350, 1900, 2300),
  b: plosive(true, 0.2, 1200, 250, 900, 2200),
  d: plosive(true, 0.5, 4000, 250, 1700, 2600),
  g: plosive(true, 0.4, 2000, 250, 1900, 2300),
};

/** Rest before and after speech: an open mouth, silent. */
const REST: Posture = {
  ...VOWELS.e[0],
  ms: 60,
  formants: [500, 1500, 2500],
  voicing: 0,
  vowel: false,
};

/** A sentence: its words, and the postures that pronounce them with their start times. */
export interface Sentence {
  /** the made-up words */
  text: string;
  /** in order, each with its start in milliseconds; the first and the last are rest */
  postures: (Posture & { start: number })[];
  /** times of the stressed vowels' centres, ms, and the strength of each stress, about 1 */
  stresses: { at: number; strength: number }[];
  /** duration, ms */
  ms: number;
}

/** Draws a sentence of two or three words, six to eight syllables, 1.5 to 1.9 s at ordinary tempo. */
export function makeSentence(random: Random): Sentence {
  const pick = (from: Readonly<Record<string, Posture[]>>): string => {
    const names = Object.keys(from);
    return names[random.below(names.length)];
  };
  const words: string[] = [];
  const spoken: { posture: Posture; stressed: boolean }[] = [];
  const say = (postures: Posture[], stressed = false) => {
    for (const posture of postures) spoken.push({ posture, stressed });
  };
  const syllables = 6 + random.below(3), wordCount = 2 + random.below(2);
  for (let w = 0; w < wordCount; w++) {
    const length = Math.floor((syllables * (w + 1)) / wordCount) - Math.floor((syllables * w) / wordCount);
    const stressedSyllable = random.below(length);
    let word = "";
    for (let s = 0; s < length; s++) {
      const consonant = pick(CONSONANTS), sound = pick(VOWELS);
      say(CONSONANTS[consonant]);
      say(VOWELS[sound], s === stressedSyllable);
      word += consonant + sound;
      if (s === length - 1 && random.uniform() < 0.4) {
        say(CONSONANTS.n);
        word += "n";
      }
    }
    words.push(word);
  }
  const drawn = ({ posture, stressed }: (typeof spoken)[number]) => posture.ms * (stressed ? 1.5 : 1);
  const stretch = (1380 + 380 * random.uniform()) / spoken.reduce((sum, sound) => sum + drawn(sound), 0);

  const postures: Sentence["postures"] = [{ ...REST, start: 0 }];
  const stresses: Sentence["stresses"] = [];
  let at = REST.ms;
  for (const sound of spoken) {
    const ms = drawn(sound) * stretch;
    postures.push({ ...sound.posture, ms, start: at });
    if (sound.stressed) stresses.push({ at: at + ms / 2, strength: 0.7 + 0.6 * random.uniform() });
    at += ms;
  }
  postures.push({ ...REST, start: at });
  return { text: words.join(" "), postures, stresses, ms: at + REST.ms };
}
