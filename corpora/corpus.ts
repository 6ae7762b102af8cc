/**
 * A corpus: recorded utterances, each said by one speaker with one emotion. What every kind of corpus is turned into, and
 * the names that emotions bear whatever a corpus calls them ("angry", "W" and "sa" all have one name here).
 *
 * Reading is lazy: a corpus is a list of what there is, and `read()` gives an utterance's sound when it is wanted.
 *
 * @module
 */

/** Every emotion that the known corpora have between them, in the order that tables and outputs keep. */
export const EMOTIONS: readonly string[] = [
  "anger",
  "boredom",
  "disgust",
  "fear",
  "happiness",
  "neutral",
  "sadness",
  "surprise",
  "calm",
];

/** What corpora call them, beside the names themselves. */
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  anger: ["angry", "ang", "mad", "rage", "hot anger"],
  boredom: ["bored", "boring", "bor"],
  disgust: ["disgusted", "disgusting", "dis"],
  fear: ["fearful", "afraid", "anxious", "anxiety", "anxiety/fear", "scared", "fea"],
  happiness: ["happy", "hap", "joy", "joyful", "joyous", "glad"],
  neutral: ["neu", "neutrality", "normal"],
  sadness: ["sad", "unhappy", "sorrow"],
  surprise: ["surprised", "surprising", "sur", "pleasant surprise", "pleasant surprised"],
  calm: ["calmness", "calming"],
};

const NAME_OF: ReadonlyMap<string, string> = new Map(
  EMOTIONS.flatMap((emotion) => [emotion, ...SYNONYMS[emotion]].map((word): [string, string] => [word, emotion])),
);

/** A stretch of sound, decoded. */
export interface Spoken {
  /** mono, 16 kHz, within [-1, 1] */
  samples: Float32Array;
  /** how long the recording is, before any resampling */
  seconds: number;
  /** the emotion of each log-mel frame, as an index into the corpus's `emotions`: only where the corpus knows it */
  truth?: Uint8Array;
}

/** One utterance of a corpus. */
export interface Utterance {
  /** unique in its corpus, and the same wherever the corpus lies */
  id: string;
  /** one of the corpus's `emotions` */
  emotion: string;
  /** who speaks; "unknown" where the corpus does not say */
  speaker: string;
  /** what is said, as the corpus names it (a code or the words); "" where it does not say */
  text: string;
  /** the file it is read from, if it is read from one */
  path?: string;
  /** The sound. Rejects with an error that names the file and its fault where that can't be read. */
  read(): Promise<Spoken>;
}

/** A file that was left out, and why. */
export interface Skipped {
  /** the file */
  path: string;
  /** what is wrong with it, as the end of a sentence */
  reason: string;
}

/** Utterances, at least two emotions of them. */
export interface Corpus {
  /** its kind: `emodb`, `savee`, `casia`, `folder`, `csv` or `synthetic` */
  name: string;
  /** the emotions that occur, in the order of {@link EMOTIONS}, then any others by the alphabet */
  emotions: string[];
  /** sorted by `id` */
  utterances: Utterance[];
  /** what looked like a recording of this corpus and could not be taken */
  skipped: Skipped[];
  /** frames from one segment to the next, where the user does not choose: 1 (10 ms), or 3 for CASIA */
  segmentHop: number;
}

/**
 * The one name of an emotion: "Angry", "anger" and "ang" are all "anger". A word that is none of those known is an
 * emotion of its own, in lower case.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(emotionName(" Happy "), "happiness");
 * assertEquals(emotionName("Sarcasm"), "sarcasm");
 * ```
 */
export function emotionName(word: string): string {
  const plain = word.trim().toLowerCase().replaceAll(/[\s_-]+/g, " ");
  return NAME_OF.get(plain) ?? plain;
}

/** Whether a word is a known emotion's name or a synonym of it. */
export function isEmotion(word: string): boolean {
  return EMOTIONS.includes(emotionName(word));
}

/** Each emotion once: those of {@link EMOTIONS} in its order, then the others by the alphabet. */
export function orderEmotions(emotions: Iterable<string>): string[] {
  const present = new Set(emotions);
  const others = [...present].filter((emotion) => !EMOTIONS.includes(emotion)).sort();
  return [...EMOTIONS.filter((emotion) => present.has(emotion)), ...others];
}

/**
 * Completes a corpus from its utterances: sorts them, names the emotions, and leaves out (saying so) an utterance whose
 * id another has.
 *
 * @param from where the utterances were looked for; only errors name it
 * @throws {Error} with no utterance, or utterances of one emotion only: nothing could be learnt from either
 */
export function makeCorpus(
  parts: { name: string; from: string; utterances: Utterance[]; skipped: Skipped[]; segmentHop: number },
): Corpus {
  const { name, from, segmentHop } = parts;
  const skipped = [...parts.skipped];
  const byId = new Map<string, Utterance>();
  for (const utterance of parts.utterances) {
    const first = byId.get(utterance.id);
    if (first === undefined) byId.set(utterance.id, utterance);
    else {skipped.push({
        path: utterance.path ?? utterance.id,
        reason: `the same utterance as ${first.path ?? first.id}`,
      });}
  }
  // by code unit, not by locale: the order must not depend on the machine
  const utterances = [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const emotions = orderEmotions(utterances.map((utterance) => utterance.emotion));
  requireTwoEmotions(from, emotions, utterances.length, skipped);
  return { name, emotions, utterances, skipped, segmentHop };
}

/**
 * Throws unless at least two emotions are left, naming what was found and the first file that was left out.
 *
 * @throws {Error} where fewer than two emotions are left
 */
export function requireTwoEmotions(
  from: string,
  emotions: readonly string[],
  utterances: number,
  skipped: readonly Skipped[],
): void {
  if (emotions.length >= 2) return;
  const found = emotions.length === 0
    ? "no utterance that can be used"
    : `only one emotion, ${emotions[0]} (${count(utterances, "utterance")})`;
  const left = skipped.length === 0
    ? ""
    : `. Left out: ${count(skipped.length, "file")}, the first ${skipped[0].path}: ${skipped[0].reason}`;
  throw new Error(`${from} has ${found}; at least two emotions are wanted${left}`);
}

/** "1 file", "2 files": for messages. */
export function count(n: number, noun: string): string {
  return `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
}
