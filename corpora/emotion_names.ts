/**
 * Emotion names. Each emotion has one name, although corpora use many: "Angry", "ang" and "W" (Emo-DB) are all "anger"
 * here.
 */
import { distance } from "fastest-levenshtein";

/** Every emotion of the known corpora, in the order of tables and outputs. */
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

/** Other names that corpora use. */
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

/** Normalises a word for comparison: Unicode NFC, lower case, single spaces. */
export function plainWord(word: string): string {
  return word.normalize("NFC").trim().toLowerCase().replaceAll(/[\s_-]+/g, " ");
}

/**
 * The standard name of an emotion: "Angry", "anger" and "ang" are all "anger". An unknown word becomes a separate
 * emotion, in lower case and in Unicode's composed form (NFC).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(emotionName(" Happy "), "happiness");
 * assertEquals(emotionName("Sarcasm"), "sarcasm");
 * assertEquals(emotionName("tre\u0301s"), emotionName("tr\u00e9s"));
 * ```
 */
export function emotionName(word: string): string {
  const plain = plainWord(word);
  return NAME_OF.get(plain) ?? plain;
}

/** Whether a word is a known emotion's name or synonym. */
export function isEmotion(word: string): boolean {
  return EMOTIONS.includes(emotionName(word));
}

/**
 * Each emotion once: those of {@link EMOTIONS} in its order, then the others alphabetically, with numbers in them ordered by
 * value.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(orderEmotions(["10", "2", "calm", "1"]), ["calm", "1", "2", "10"]);
 * ```
 */
export function orderEmotions(emotions: Iterable<string>): string[] {
  const present = new Set(emotions);
  const others = [...present].filter((emotion) => !EMOTIONS.includes(emotion)).sort(byValue);
  return [...EMOTIONS.filter((emotion) => present.has(emotion)), ...others];
}

/** Compares by code unit, but runs of digits by value. The order is the same on every machine, so it uses no locale. */
export function byValue(a: string, b: string): number {
  const parts = (text: string) => text.match(/\d+|\D+/g) ?? [];
  const [left, right] = [parts(a), parts(b)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const numbers = /^\d/.test(left[i]) && /^\d/.test(right[i]);
    const difference = numbers ? Number(left[i]) - Number(right[i]) : 0;
    if (difference !== 0) return difference;
    if (left[i] !== right[i] && !numbers) return left[i] < right[i] ? -1 : 1;
  }
  // "01" and "1" are different names
  return left.length - right.length || (a < b ? -1 : a > b ? 1 : 0);
}

/**
 * The known emotion, or the one of `others`, of which a word may be a misspelling; undefined if none is close: at most two
 * letters may differ, or one in a word of up to four letters.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(nearestEmotion("hapiness"), "happiness");
 * assertEquals(nearestEmotion("sarcasm"), undefined);
 * ```
 */
export function nearestEmotion(word: string, others: Iterable<string> = []): string | undefined {
  const plain = plainWord(word), allowed = plain.length <= 4 ? 1 : 2;
  let best: string | undefined, least = allowed + 1;
  const known = [...NAME_OF, ...[...others].map((other): [string, string] => [plainWord(other), other])];
  for (const [name, emotion] of known) {
    // words of three letters have too many neighbours
    if (name === plain || name.length < 4 || plain.length < 4) continue;
    const apart = distance(plain, name);
    if (apart < least) [best, least] = [emotion, apart];
  }
  return best;
}
