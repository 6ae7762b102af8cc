/**
 * Who is held out when. Folds are drawn over utterances, stratified by emotion, so that each fold has its share of every
 * emotion; or over whole speakers. The validation set of early stopping is drawn from a fold's *training* utterances in the
 * same two ways.
 */
import { Random } from "../kernels/random.ts";
import type { Settings } from "./settings.ts";

/** What folds are drawn by. */
export interface Drawn {
  /** Index of its emotion. */
  emotion: number;
  /** Who speaks. */
  speaker: string;
}

/** Purposes that random streams are keyed by, after the seed. */
const FOLDS = 1, VALIDATION = 2, PARTS = 6;

/**
 * The fold of each utterance, 0 to folds - 1.
 *
 * Stratified: the utterances of each emotion are shuffled and dealt out in turn, each emotion beginning where the one before
 * ended, so that folds differ by at most one utterance an emotion and in all. Speakers: shuffled, then the one with the most utterances first, each to the
 * fold that has the fewest.
 *
 * @param draw numbers further, independent draws of the same settings
 * @throws RangeError where an emotion has fewer utterances than there are folds, or there are fewer speakers
 */
export function assignFolds(
  utterances: readonly Drawn[],
  emotions: readonly string[],
  settings: Pick<Settings, "folds" | "split" | "seed">,
  draw = 0,
): Int32Array {
  const { folds, split, seed } = settings;
  if (!(Number.isInteger(folds) && folds >= 2)) {
    throw new RangeError(`--folds wants a whole number, 2 or more; found ${folds}`);
  }
  const random = new Random(seed, FOLDS, draw);
  return split === "speaker" ? bySpeaker(utterances, folds, random) : stratified(utterances, emotions, folds, random);
}

function stratified(
  utterances: readonly Drawn[],
  emotions: readonly string[],
  folds: number,
  random: Random,
  { everyEmotion = true } = {},
): Int32Array {
  const fold = new Int32Array(utterances.length);
  let dealt = 0;
  for (const [k, name] of emotions.entries()) {
    const own = utterances.flatMap(({ emotion }, i) => emotion === k ? [i] : []);
    if (everyEmotion && own.length < folds) {
      throw new RangeError(
        `--folds ${folds}: every fold needs an utterance of '${name}', found ${own.length}: ${
          own.length < 2 ? "leave it out, or record more" : `at most --folds ${own.length}`
        }`,
      );
    }
    for (const i of random.shuffle(own)) fold[i] = dealt++ % folds;
  }
  return fold;
}

function bySpeaker(utterances: readonly Drawn[], folds: number, random: Random): Int32Array {
  const own = groupBy(utterances.keys(), (i) => utterances[i].speaker);
  if (own.size < folds) {
    throw new RangeError(`--folds ${folds} --split speaker: there are ${own.size} speakers, every fold needs one`);
  }
  const fold = new Int32Array(utterances.length), sizes = new Array<number>(folds).fill(0);
  const speakers = random.shuffle([...own.values()]).sort((a, b) => b.length - a.length);
  for (const indices of speakers) {
    const smallest = sizes.indexOf(Math.min(...sizes));
    for (const i of indices) fold[i] = smallest;
    sizes[smallest] += indices.length;
  }
  return fold;
}

/**
 * Parts of a fold's training utterances, for networks that label what they have not learned: stratified by emotion, or whole speakers under
 * `split: "speaker"` where there are enough.
 *
 * @param training indices into utterances
 * @returns the part of each, from 0
 */
export function assignParts(
  { utterances, emotions }: { utterances: readonly Drawn[]; emotions: readonly string[] },
  training: readonly number[],
  { parts, split, seed }: Pick<Settings, "split" | "seed"> & { parts: number },
  fold: number,
): Map<number, number> {
  const own = training.map((i) => utterances[i]), random = new Random(seed, PARTS, fold);
  const speakers = new Set(own.map(({ speaker }) => speaker)).size;
  const assigned = split === "speaker" && speakers >= parts
    ? bySpeaker(own, parts, random)
    : stratified(own, emotions, parts, random, { everyEmotion: false });
  return new Map(training.map((i, at) => [i, assigned[at]]));
}

/** Training speakers that whole-speaker validation asks for: below that, one would be too much of the training set. */
const ENOUGH_SPEAKERS = 4;

/**
 * Splits a fold's training utterances into those that are learned from and those that early stopping looks at: a share of each
 * emotion (at least one utterance where it has more than one), or whole speakers under `split: "speaker"` where there are
 * four or more. A share of 0 holds nothing back.
 *
 * @param training indices into utterances
 */
export function drawValidation(
  utterances: readonly Drawn[],
  training: readonly number[],
  settings: Pick<Settings, "split" | "seed" | "validationShare">,
  fold: number,
): { learning: number[]; validation: number[] } {
  const random = new Random(settings.seed, VALIDATION, fold);
  const share = settings.validationShare;
  if (share === 0) return { learning: [...training], validation: [] };
  const chosen = new Set<number>();
  const speakers = groupBy(training, (i) => utterances[i].speaker);
  if (settings.split === "speaker" && speakers.size >= ENOUGH_SPEAKERS) {
    for (const own of random.shuffle([...speakers.values()])) {
      if (chosen.size > 0 && chosen.size + own.length / 2 > share * training.length) break;
      own.forEach((i) => chosen.add(i));
    }
  } else {
    for (const own of groupBy(training, (i) => utterances[i].emotion).values()) {
      const taken = Math.min(own.length - 1, Math.max(1, Math.round(share * own.length)));
      random.shuffle([...own]).slice(0, taken).forEach((i) => chosen.add(i));
    }
  }
  return {
    learning: training.filter((i) => !chosen.has(i)),
    validation: training.filter((i) => chosen.has(i)),
  };
}

/** Items by a key, in the order in which keys first come. `Map.groupBy` is that, but no part of Node 20. */
function groupBy<T, K>(items: Iterable<T>, keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item), own = groups.get(key);
    if (own) own.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
