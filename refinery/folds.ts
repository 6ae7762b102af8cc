/**
 * Who is held out when. Folds are drawn over utterances, stratified by emotion, so that each fold has its share of every
 * emotion; over whole speakers, sessions or texts; or they are those that the corpus's authors laid down. The validation set of
 * early stopping is drawn from a fold's *training* utterances in the same ways. Copies of one recording are never in two folds.
 */
import { OptionError } from "../base/option_error.ts";
import { STREAMS } from "../base/streams.ts";
import { Random } from "../kernels/random.ts";
import type { Split } from "./choices.ts";
import type { Settings } from "./settings.ts";

/** What folds are drawn by. */
export interface Drawn {
  /** Index of its emotion. */
  emotion: number;
  /** Who speaks. */
  speaker: string;
  /** Its name; needed where there are copies. */
  id?: string;
  /** What is said; needed for `text`. */
  text?: string;
  /** The session it was recorded in; needed for `session`. */
  session?: string;
  /** The corpus's own fold; needed for `official`. */
  fold?: string;
  /** The id of the first utterance with the same content. */
  copyOf?: string;
  /** What listeners heard: then an emotion may have no utterance of its own. */
  votes?: ArrayLike<number>;
}

/**
 * The fold of each utterance, 0 to folds - 1.
 *
 * Stratified: the utterances of each emotion are shuffled and dealt out in turn, each emotion beginning where the one before
 * ended, so that folds differ by at most one utterance an emotion and in all. Speakers, sessions, texts: shuffled, then the one with the most
 * utterances first, each to the fold that has the fewest. Official: by the corpus's names of folds, numbers by their value.
 *
 * @param draw numbers further, independent draws of the same settings
 * @throws OptionError if an emotion has fewer utterances than there are folds, or there are fewer speakers, sessions or texts, or
 * other official folds, or the corpus does not say them
 */
export function assignFolds(
  utterances: readonly Drawn[],
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

/** How many groups a split may hold out: speakers, sessions, texts or official folds; of utterances, all. */
export function countGroups(utterances: readonly Drawn[], split: Split): number {
  if (split === "utterance") return utterances.length;
  if (split === "official") return officialFolds(utterances).length;
  return groupsOf(utterances, split).length;
}

/** The names of the corpus's own folds, numbers by their value. */
export function officialFolds(utterances: readonly Drawn[]): string[] {
  requireSaid(utterances, "official");
  return [...new Set(utterances.map(({ fold }) => fold!))].sort((a, b) => {
    return Number(a) - Number(b) || (a < b ? -1 : 1);
  });
}

function official(utterances: readonly Drawn[], folds: number): Int32Array {
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

/** Throws an OptionError unless the corpus says of every utterance what it is to be split by. */
function requireSaid(utterances: readonly Drawn[], split: Exclude<Split, "utterance">): void {
  if (split === "speaker") return; // "unknown" is one of them
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
  utterances: readonly Drawn[],
  emotions: readonly string[],
  folds: number,
  random: Random,
  { everyEmotion = true } = {},
): Int32Array {
  const fold = new Int32Array(utterances.length), places = placesOf(utterances);
  const firstOf = ({ copyOf }: Drawn) => copyOf === undefined ? undefined : places.get(copyOf);
  const voted = utterances.some(({ votes }) => votes !== undefined);
  let dealt = 0;
  for (const [k, name] of emotions.entries()) {
    const own = utterances.flatMap((utterance, i) => {
      return utterance.emotion === k && firstOf(utterance) === undefined ? [i] : [];
    });
    // an emotion that is only voted for is nobody's label
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
  utterances: readonly Drawn[],
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

/** Utterances that stay together: those of one speaker, session or text; two that share a copy are one. */
function groupsOf(utterances: readonly Drawn[], split: Exclude<Split, "utterance" | "official">): number[][] {
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

/** The place of each utterance that others are copies of, by its id. */
function placesOf(utterances: readonly Drawn[]): Map<string, number> {
  const originals = new Set(utterances.flatMap(({ copyOf }) => copyOf ?? []));
  return new Map(utterances.flatMap(({ id }, i) => id !== undefined && originals.has(id) ? [[id, i]] : []));
}

/**
 * Parts of a fold's training utterances, for networks that label what they have not learned: stratified by emotion, or whole speakers (sessions,
 * texts) under a split by them where there are enough.
 *
 * @param training indices into utterances
 * @returns the part of each
 */
export function assignParts(
  { utterances, emotions }: { utterances: readonly Drawn[]; emotions: readonly string[] },
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

/** Training speakers (sessions, texts) that whole-speaker validation asks for: below that, one would be too much of the training set. */
const ENOUGH_GROUPS = 4;

/**
 * Splits a fold's training utterances into those that are learned from and those that early stopping looks at: a share of each
 * emotion (at least one utterance where it has more than one), or whole speakers (sessions, texts) under a split by them where there are
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
    // a copy of what is learned is no test of it
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
