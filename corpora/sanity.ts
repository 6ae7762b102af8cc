/**
 * Checks a corpus for doubtful data before training. Each finding is a line for people, with its kind and the utterances
 * concerned.
 *
 * @module
 */
import { count } from "../base/count.ts";
import type { Features, FeatureUtterance } from "./features.ts";

/** Kinds of findings. */
export type FindingKind =
  | "clipped"
  | "length"
  | "level"
  | "sample rate"
  | "imbalance"
  | "one speaker"
  | "labels"
  | "overlap";

/** Something doubtful. */
export interface Finding {
  /** its kind */
  kind: FindingKind;
  /** a sentence for people */
  message: string;
  /** ids of the utterances concerned, if any */
  utterances: string[];
}

/** Share of clipped samples from which a recording counts as clipped. */
const MUCH_CLIPPED = 0.01;

/** Tukey's outer fence: an outlier lies this many interquartile ranges outside the middle half. */
const FENCE = 3;

/** The least difference of an outlier from the median: a factor of the duration, dB of the level. */
const LEAST_FACTOR = 3, LEAST_DB = 15;

/** How much more likely a sampling rate must make one emotion for the rate to reveal it. */
const TELLING = 0.3;

/** Ratio of the most frequent emotion to the rarest from which a corpus is unbalanced. */
const UNBALANCED = 3;

/** Checks a corpus. An empty list means no doubts. */
export function inspectCorpus(features: Features): Finding[] {
  const { utterances, notes = [] } = features;
  return [
    ...notes.map((message): Finding => ({ kind: "labels", message, utterances: [] })),
    ...clipped(utterances),
    ...outliers(
      utterances,
      "length",
      ({ seconds }) => Math.log(seconds),
      Math.log(LEAST_FACTOR),
      (u) => `${tenths(u.seconds)} s`,
    ),
    ...outliers(
      utterances,
      "level",
      ({ sound }) => sound?.level,
      LEAST_DB,
      ({ sound }) => `${tenths(sound!.level)} dB`,
    ),
    ...sampleRates(features),
    ...imbalance(features),
    ...loneSpeakers(features),
    ...overlaps(utterances),
  ];
}

const tenths = (x: number) => x.toLocaleString("en", { maximumFractionDigits: 1 });

function clipped(utterances: readonly FeatureUtterance[]): Finding[] {
  const own = utterances.filter(({ sound }) => sound !== undefined && sound.clipped >= MUCH_CLIPPED);
  if (own.length === 0) return [];
  const worst = own.reduce((most, u) => u.sound!.clipped > most.sound!.clipped ? u : most);
  return [{
    kind: "clipped",
    message: `${count(own.length, "recording")} cut off at full scale, the worst ${worst.id}: ` +
      `${tenths(100 * worst.sound!.clipped)} % of its samples`,
    utterances: own.map(({ id }) => id),
  }];
}

/** Values far outside the middle half. @param least their least distance from the median */
function outliers(
  utterances: readonly FeatureUtterance[],
  kind: "length" | "level",
  valueOf: (utterance: FeatureUtterance) => number | undefined,
  least: number,
  show: (utterance: FeatureUtterance) => string,
): Finding[] {
  const valued = utterances.flatMap((utterance) => {
    const value = valueOf(utterance);
    return value === undefined ? [] : [{ utterance, value }];
  }).sort((a, b) => a.value - b.value);
  if (valued.length < 8) return []; // too few values for quartiles
  const at = (share: number) => valued[Math.round(share * (valued.length - 1))].value;
  const width = FENCE * (at(0.75) - at(0.25)), middle = at(0.5);
  const own = valued.filter(({ value }) => {
    return (value < at(0.25) - width || value > at(0.75) + width) && Math.abs(value - middle) >= least;
  });
  if (own.length === 0) return [];
  const worst = own.reduce((most, one) => Math.abs(one.value - middle) > Math.abs(most.value - middle) ? one : most);
  const typical = valued[Math.round(0.5 * (valued.length - 1))].utterance;
  return [{
    kind,
    message: `${count(own.length, "recording")} with an unusual ${kind}, the most unusual ${worst.utterance.id}: ` +
      `${show(worst.utterance)}; the median is ${show(typical)}`,
    utterances: own.map(({ utterance }) => utterance.id).sort(),
  }];
}

/** Whether sampling rates reveal the emotions: a network may learn the rate. */
function sampleRates({ utterances, emotions }: Features): Finding[] {
  const known = utterances.filter(({ sound }) => sound !== undefined);
  const rates = [...new Set(known.map(({ sound }) => sound!.sampleRate))].sort((a, b) => a - b);
  if (rates.length < 2) return [];
  const share = (of: readonly FeatureUtterance[], rate: number) =>
    of.filter(({ sound }) => sound!.sampleRate === rate).length / of.length;
  const telling = emotions.flatMap((emotion, e) => {
    const own = known.filter((utterance) => utterance.emotion === e);
    const others = known.filter((utterance) => utterance.emotion !== e);
    if (own.length === 0 || others.length === 0) return [];
    return rates.map((rate) => ({ emotion, e, rate, own: share(own, rate), others: share(others, rate) }));
  }).filter(({ own, others }) => own - others >= TELLING);
  if (telling.length === 0) return [];
  const most = telling.reduce((best, one) => one.own - one.others > best.own - best.others ? one : best);
  const percent = (part: number) => `${Math.round(100 * part)} %`;
  return [{
    kind: "sample rate",
    message: `sampling rates differ by emotion (${[...new Set(telling.map(({ emotion }) => emotion))].join(", ")}): ` +
      `${percent(most.own)} of ${most.emotion} is recorded at ${most.rate} Hz, ${
        percent(most.others)
      } of the others; ` +
      "a network may learn the rate instead of the emotion",
    utterances: known.filter((u) => u.emotion === most.e && u.sound!.sampleRate === most.rate).map(({ id }) => id),
  }];
}

function imbalance({ utterances, emotions }: Features): Finding[] {
  const sizes = emotions.map((emotion, e) => ({ emotion, size: utterances.filter((u) => u.emotion === e).length }))
    .filter(({ size }) => size > 0).sort((a, b) => b.size - a.size);
  const most = sizes[0], least = sizes.at(-1)!;
  if (most.size < UNBALANCED * least.size) return [];
  return [{
    kind: "imbalance",
    message: `unbalanced: ${count(most.size, "utterance")} of ${most.emotion}, ${least.size} of ${least.emotion}; ` +
      "`balance: true` draws equally many segments of each; UA weights all emotions equally",
    utterances: [],
  }];
}

/** Emotions that only one of several speakers has: a network may learn the voice. */
function loneSpeakers({ utterances, emotions }: Features): Finding[] {
  if (new Set(utterances.map(({ speaker }) => speaker)).size < 2) return [];
  return emotions.flatMap((emotion, e): Finding[] => {
    const own = utterances.filter((utterance) => utterance.emotion === e);
    const speakers = new Set(own.map(({ speaker }) => speaker));
    if (speakers.size !== 1) return [];
    return [{
      kind: "one speaker",
      message: `only ${[...speakers][0]} speaks with ${emotion} (${count(own.length, "utterance")}): ` +
        "a network may learn the voice instead of the emotion, and `split: speaker` can't judge this emotion",
      utterances: own.map(({ id }) => id),
    }];
  });
}

/** Parts of a recording that overlap: they may fall into two folds. */
function overlaps(utterances: readonly FeatureUtterance[]): Finding[] {
  const parts = utterances.flatMap(({ id, path, span }) => path !== undefined && span ? [{ id, path, ...span }] : [])
    .sort((a, b) => a.path < b.path ? -1 : a.path > b.path ? 1 : a.start - b.start);
  const own: string[] = [];
  let reach = { id: "", path: "", end: 0 };
  for (const part of parts) {
    if (part.path === reach.path && part.start < reach.end) own.push(part.id);
    if (part.path !== reach.path || part.end > reach.end) reach = part;
  }
  if (own.length === 0) return [];
  return [{
    kind: "overlap",
    message: `${count(own.length, "part")} of a recording overlap${own.length === 1 ? "s" : ""} the part before, ` +
      `the first ${own[0]}: the same sound may be in training and test; \`split: session\` keeps a recording together`,
    utterances: own,
  }];
}
