/**
 * Assigns utterances to folds. Folds are drawn over utterances, stratified by emotion, so that each fold has its share of every
 * emotion; or over whole speakers, sessions or texts; or they are the corpus's official folds. The validation set of early
 * stopping is drawn in the same ways from a fold's *training* utterances. Copies of one recording are never in two folds.
 */
import { OptionError } from "../base/option_error.ts";
import { STREAMS } from "../base/streams.ts";
import { Random } from "../kernels/random.ts";
import type { Split } from "./choices.ts";
import type { Settings } from "./settings.ts";

/** The properties of an utterance by which folds are drawn. */
export interface FoldCandidate {
  /** Index of its emotion. */
  emotion: number;
  /** Its speaker. */
  speaker: string;
  /** Its id; required if there are copies. */
  id?: string;
  /** Its text; required for `text`. */
  text?: string;
  /** Its recording session; required for `session`. */
  session?: string;
  /** The corpus's own fold; required for `official`. */
  fold?: string;
  /** The id of the first utterance with the same content. */
  copyOf?: string;
  /** The listeners' votes. With votes, an emotion may have no utterance labelled with it. */
  votes?: ArrayLike<number>;
}

/**
 * The fold of each utterance, 0 to folds - 1.
 *
 * Stratified: the utterances of each emotion are shuffled and dealt out in turn. Each emotion begins where the previous one ended, so
 * folds differ by at most one utterance per emotion and in total. Speakers, sessions, texts: shuffled, then assigned from the largest to
 * the smallest, each to the fold with the fewest utterances. Official: the corpus's own folds, ordered by name, with numbers by value.
 *
 * @param draw the index of an independent draw with the same settings
 * @throws OptionError if an emotion has fewer utterances than there are folds, if there are fewer speakers, sessions or texts, if
 * the official folds differ in number, or if the corpus does not give them
 */
export function assignFolds(
  utterances: readonly FoldCandidate[],
  emotions: readonly string[],
  settings: Pick<Settings, "folds" | "split" | "seed">,
  draw = 0,
): Int32Array {
  const { folds, split, seed } = settings;
  if (!(Number.isInteger(folds) && folds >= 2)) {
    throw new OptionError({ option: "folds", required: "a whole number >= 2", found: folds });
  }
  const random = new Random(seed, STREAMS.folds, draw);
  if (split === "utterance") return stratified(utterances, emotions, folds, random);
  return split === "official" ? official(utterances, folds) : byGroup(utterances, folds, split, random);
}

/**
 * Number of groups that a split can hold out: speakers, sessions, texts or official folds; for `utterance`, all
 * utterances.
 */
export function countGroups(utterances: readonly FoldCandidate[], split: Split): number {
  if (split === "utterance") return utterances.length;
  if (split === "official") return officialFolds(utterances).length;
  return groupsOf(utterances, split).length;
}

/** The names of the corpus's own folds, with numbers ordered by value. */
export function officialFolds(utterances: readonly FoldCandidate[]): string[] {
  requireSaid(utterances, "official");
  return [...new Set(utterances.map(({ fold }) => fold!))].sort((a, b) => {
    return Number(a) - Number(b) || (a < b ? -1 : 1);
  });
}

function official(utterances: readonly FoldCandidate[], folds: number): Int32Array {
  const names = officialFolds(utterances);
  if (names.length !== folds) {
    throw new OptionError({
      option: "folds",
      required: `${names.length} for \`split: official\`, the corpus's official folds (${names.join(", ")})`,
      found: folds,
    });
  }
  const fold = Int32Array.from(utterances, ({ fold }) => names.indexOf(fold!)), places = placesOf(utterances);
  for (const [i, { copyOf, id }] of utterances.entries()) {
    const first = copyOf === undefined ? undefined : places.get(copyOf);
    if (first === undefined || fold[first] === fold[i]) continue;
    throw new OptionError({
      option: "split",
      required: "official folds that keep the copies of a recording together",
      found: `${id} in fold ${names[fold[i]]} and its copy ${copyOf} in fold ${names[fold[first]]}`,
      help: "correct the folds, or leave one copy out (without `duplicates: keep`)",
    });
  }
  return fold;
}

/** Throws an OptionError unless every utterance has the property of the split. */
function requireSaid(utterances: readonly FoldCandidate[], split: Exclude<Split, "utterance">): void {
  if (split === "speaker") return; // "unknown" is a speaker too
  const [field, what] = split === "official" ? ["fold", "official fold"] as const : [split, split] as const;
  const silent = utterances.filter((utterance) => !utterance[field]);
  if (silent.length === 0) return;
  const all = silent.length === utterances.length;
  const which = all ? "none for any" : `${silent.length} of ${utterances.length} without`;
  const first = !all && silent[0].id ? `, the first ${silent[0].id}` : "";
  throw new OptionError({
    option: "split",
    required: `a corpus that names the ${what} of every utterance for \`split: ${split}\``,
    found: `${which}${first}`,
    ...(split === "official" && { help: "`foldsFile` names a table of folds" }),
  });
}

function stratified(
  utterances: readonly FoldCandidate[],
  emotions: readonly string[],
  folds: number,
  random: Random,
  { everyEmotion = true } = {},
): Int32Array {
  const fold = new Int32Array(utterances.length), places = placesOf(utterances);
  const firstOf = ({ copyOf }: FoldCandidate) => copyOf === undefined ? undefined : places.get(copyOf);
  const voted = utterances.some(({ votes }) => votes !== undefined);
  let dealt = 0;
  for (const [k, name] of emotions.entries()) {
    const own = utterances.flatMap((utterance, i) => {
      return utterance.emotion === k && firstOf(utterance) === undefined ? [i] : [];
    });
    // an emotion that occurs only in votes is no utterance's label
    if (everyEmotion && own.length < folds && !(voted && own.length === 0)) {
      throw new OptionError({
        option: "folds",
        required: `an utterance of '${name}' for each of ${folds}`,
        found: own.length,
        help: own.length < 2 ? "leave it out, or record more" : `at most \`folds: ${own.length}\``,
      });
    }
    for (const i of random.shuffle(own)) fold[i] = dealt++ % folds;
  }
  for (const [i, utterance] of utterances.entries()) fold[i] = fold[firstOf(utterance) ?? i];
  return fold;
}

function byGroup(
  utterances: readonly FoldCandidate[],
  folds: number,
  split: Exclude<Split, "utterance" | "official">,
  random: Random,
): Int32Array {
  const groups = groupsOf(utterances, split);
  if (groups.length < folds) {
    throw new OptionError({
      option: "folds",
      required: `at most ${groups.length}, the number of ${split}s, for \`split: ${split}\``,
      found: folds,
    });
  }
  const fold = new Int32Array(utterances.length), sizes = new Array<number>(folds).fill(0);
  for (const indices of random.shuffle(groups).sort((a, b) => b.length - a.length)) {
    const smallest = sizes.indexOf(Math.min(...sizes));
    for (const i of indices) fold[i] = smallest;
    sizes[smallest] += indices.length;
  }
  return fold;
}

/** Utterances that stay together: those of one speaker, session or text; two groups that share a copy are merged. */
function groupsOf(utterances: readonly FoldCandidate[], split: Exclude<Split, "utterance" | "official">): number[][] {
  requireSaid(utterances, split);
  const groups = groupBy(utterances.keys(), (i) => utterances[i][split]), places = placesOf(utterances);
  for (const [i, { copyOf }] of utterances.entries()) {
    const first = copyOf === undefined ? undefined : places.get(copyOf);
    if (first === undefined) continue;
    const [own, other] = [i, first].map((at) => [...groups].find(([, indices]) => indices.includes(at))!);
    if (own[0] === other[0]) continue;
    other[1].push(...own[1]);
    groups.delete(own[0]);
  }
  return [...groups.values()];
}

/** The index of each utterance that others are copies of, by id. */
function placesOf(utterances: readonly FoldCandidate[]): Map<string, number> {
  const originals = new Set(utterances.flatMap(({ copyOf }) => copyOf ?? []));
  return new Map(utterances.flatMap(({ id }, i) => id !== undefined && originals.has(id) ? [[id, i]] : []));
}

/**
 * Divides a fold's training utterances into parts, for networks that label utterances that they have not learned: stratified by emotion,
 * or by whole speakers (sessions, texts) if the split is by these and there are enough.
 *
 * @param training indices into utterances
 * @returns the part of each
 */
export function assignParts(
  { utterances, emotions }: { utterances: readonly FoldCandidate[]; emotions: readonly string[] },
  training: readonly number[],
  { parts, split, seed }: Pick<Settings, "split" | "seed"> & { parts: number },
  fold: number,
): Map<number, number> {
  const own = training.map((i) => utterances[i]), random = new Random(seed, STREAMS.parts, fold);
  const grouped = split !== "utterance" && split !== "official" && groupsOf(own, split).length >= parts;
  const assigned = grouped
    ? byGroup(own, parts, split, random)
    : stratified(own, emotions, parts, random, { everyEmotion: false });
  return new Map(training.map((i, at) => [i, assigned[at]]));
}

/**
 * Fewest training speakers (sessions, texts) for whole-speaker validation: with fewer, one would be too large a share
 * of the training set.
 */
const ENOUGH_GROUPS = 4;

/**
 * Splits a fold's training utterances into learning and validation: a share of each emotion (at least one utterance if it has more than
 * one), or whole speakers (sessions, texts) if the split is by these and there are four or more. With a share of 0, there is no
 * validation set.
 *
 * @param training indices into utterances
 */
export function drawValidation(
  utterances: readonly FoldCandidate[],
  training: readonly number[],
  settings: Pick<Settings, "split" | "seed" | "validationShare">,
  fold: number,
): { learning: number[]; validation: number[] } {
  const random = new Random(settings.seed, STREAMS.validation, fold);
  const share = settings.validationShare;
  if (share === 0) return { learning: [...training], validation: [] };
  const chosen = new Set<number>();
  const { split } = settings;
  const groups = split === "utterance" || split === "official"
    ? []
    : groupsOf(training.map((i) => utterances[i]), split).map((own) => own.map((at) => training[at]));
  if (groups.length >= ENOUGH_GROUPS) {
    for (const own of random.shuffle(groups)) {
      if (chosen.size > 0 && chosen.size + own.length / 2 > share * training.length) break;
      own.forEach((i) => chosen.add(i));
    }
  } else {
    for (const own of groupBy(training, (i) => utterances[i].emotion).values()) {
      const taken = Math.min(own.length - 1, Math.max(1, Math.round(share * own.length)));
      random.shuffle([...own]).slice(0, taken).forEach((i) => chosen.add(i));
    }
    // a copy of a learned utterance does not test anything
    const places = placesOf(utterances), trained = new Set(training);
    for (const i of training) {
      const first = places.get(utterances[i].copyOf ?? "");
      if (first === undefined || !trained.has(first)) continue;
      if (chosen.has(first)) chosen.add(i);
      else chosen.delete(i);
    }
  }
  return {
    learning: training.filter((i) => !chosen.has(i)),
    validation: training.filter((i) => chosen.has(i)),
  };
}

/** Groups items by a key, in the order in which keys first occur. `Map.groupBy` does this, but Node 20 lacks it. */
function groupBy<T, K>(items: Iterable<T>, keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item), own = groups.get(key);
    if (own) own.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
