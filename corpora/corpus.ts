/**
 * A corpus: recorded utterances, each said by one speaker with one emotion. What every kind of corpus is turned into.
 *
 * Reading is lazy: a corpus is a list of what there is, and `read()` gives an utterance's sound when it is wanted.
 *
 * @module
 */
import { emotionName, isEmotion, nearestEmotion, orderEmotions, plainWord } from "./emotion_names.ts";
export { emotionName, EMOTIONS, isEmotion, orderEmotions } from "./emotion_names.ts";

/** A stretch of sound, decoded. */
export interface Spoken {
  /** mono, 16 kHz, within [-1, 1] */
  samples: Float32Array;
  /** how long the recording is, before any resampling */
  seconds: number;
  /** the emotion of each log-mel frame, as an index into the corpus's `emotions`: only where the corpus knows it */
  truth?: Uint8Array;
}

/** A part of a recording, in seconds. */
export interface Span {
  /** where it starts */
  start: number;
  /** where it ends */
  end: number;
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
  /** the session it was recorded in; only where the corpus says */
  session?: string;
  /** the corpus's own fold, or part ("train", "test"); only where the corpus says */
  fold?: string;
  /** how many listeners named each emotion, or their shares: the soft label that stage 1 learns; only where it is known */
  votes?: Readonly<Record<string, number>>;
  /** the file it is read from, if it is read from one */
  path?: string;
  /** the part of that file; the whole of it where there is none */
  span?: Span;
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

/** What becomes of recordings with the same content: refused where their labels differ (else one is kept), kept, or dropped. */
export type DuplicatePolicy = "refuse" | "keep" | "drop";

/** Utterances, at least two emotions of them. */
export interface Corpus {
  /** its kind: `emodb`, `folder`, `csv`, `synthetic` and so on */
  name: string;
  /** the emotions that occur, in the order of {@link EMOTIONS}, then any others by the alphabet */
  emotions: string[];
  /** sorted by `id` */
  utterances: Utterance[];
  /** what looked like a recording of this corpus and could not be taken */
  skipped: Skipped[];
  /** frames from one segment to the next, where the user does not choose: 1 (10 ms), or 3 for CASIA */
  segmentHop: number;
  /** what becomes of copies; not set: `refuse` */
  duplicates?: DuplicatePolicy;
  /** what is doubtful about its labels, a line each */
  notes?: string[];
  /** where `openCorpus` read it: a folder or a file; not set for synthetic speech */
  data?: string;
  /** how `openCorpus` was told to read it */
  choices?: ReadingChoices;
}

/** What labels are called otherwise: by the corpus's word, the emotion, or null for "leave these utterances out". */
export type LabelMap = Readonly<Record<string, string | null>>;

/** How a corpus is read, where its user chooses. */
export interface ReadingChoices {
  /** what labels are called otherwise */
  labels?: LabelMap;
  /** whether listeners' votes, where the corpus has them, are the labels that stage 1 learns; a list's are, unless false */
  softLabels?: boolean;
  /** what becomes of recordings with the same content */
  duplicates?: DuplicatePolicy;
  /** a table of official folds: `utterance,fold` */
  foldsFile?: string;
  /** how names are read, for the kind `pattern`: `{speaker}_{emotion}_{text}.wav` */
  pattern?: string;
}

/** Where a {@link LabelMap} sends a label: by the corpus's own word first, then by the emotion's name; undefined: nowhere. */
export function mapLabel(labels: LabelMap | undefined, ...words: (string | undefined)[]): string | null | undefined {
  if (labels === undefined) return undefined;
  for (const word of words) {
    if (word === undefined) continue;
    const key = Object.keys(labels).find((key) => plainWord(key) === plainWord(word));
    if (key !== undefined) return labels[key] === null ? null : emotionName(labels[key]!);
  }
  return undefined;
}

/** What a corpus is completed from. */
export interface CorpusParts extends Pick<Corpus, "name" | "utterances" | "skipped" | "segmentHop" | "duplicates"> {
  /** where the utterances were looked for; only errors name it */
  from: string;
}

/**
 * Completes a corpus from its utterances: sorts them, names the emotions, and leaves out (saying so) an utterance whose
 * id another has.
 *
 * @throws {Error} with no utterance, or utterances of one emotion only: nothing could be learnt from either
 */
export function makeCorpus(parts: CorpusParts): Corpus {
  const { name, from, segmentHop, duplicates } = parts;
  const skipped = [...parts.skipped];
  const byId = new Map<string, Utterance>();
  for (const utterance of parts.utterances) {
    const first = byId.get(utterance.id);
    if (first === undefined) byId.set(utterance.id, utterance);
    else {
      skipped.push({
        path: utterance.path ?? utterance.id,
        reason: `the same utterance as ${first.path ?? first.id}`,
      });
    }
  }
  // by code unit, not by locale: the order must not depend on the machine
  const utterances = [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const emotions = orderEmotions(utterances.map((utterance) => utterance.emotion));
  requireTwoEmotions(from, emotions, utterances.length, skipped);
  const notes = name === "synthetic" ? [] : doubtfulNames(emotions, utterances);
  return {
    name,
    emotions,
    utterances,
    skipped,
    segmentHop,
    ...(duplicates !== undefined && { duplicates }),
    ...(notes.length > 0 && { notes }),
  };
}

/** Lines about emotions that nobody knows: perhaps a misspelling, else a class of its own. */
function doubtfulNames(emotions: readonly string[], utterances: readonly Utterance[]): string[] {
  return emotions.filter((emotion) => !isEmotion(emotion)).map((emotion) => {
    const own = utterances.filter((utterance) => utterance.emotion === emotion).length;
    const commoner = emotions.filter((other) => utterances.filter((u) => u.emotion === other).length > own);
    const nearest = nearestEmotion(emotion, commoner);
    const said = `"${emotion}" (${count(own, "utterance")}) is not a known emotion`;
    return nearest === undefined
      ? `${said}: it becomes a class; \`labels: map.json\` can rename it`
      : `${said}; did you mean "${nearest}"? \`labels: map.json\` with {"${emotion}": "${nearest}"} renames it`;
  });
}

/**
 * Throws unless at least two emotions are left, naming what was found and the first file that was left out.
 *
 * @throws {Error} if fewer than two emotions are left
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
  throw new Error(`${from}: expected at least two emotions, found ${found}${left}`);
}

/** "1 file", "2 files": for messages. */
export function count(n: number, noun: string): string {
  return `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
}
