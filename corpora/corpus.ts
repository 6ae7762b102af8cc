/**
 * A corpus: recorded utterances, each spoken by one speaker with one emotion. Every kind of corpus is converted into
 * this.
 *
 * Reading is lazy: a corpus lists its utterances, and `read()` loads an utterance's sound on demand.
 *
 * @module
 */
import { count } from "../base/count.ts";
import { FileError } from "../base/file_error.ts";
import { emotionName, isEmotion, nearestEmotion, orderEmotions, plainWord } from "./emotion_names.ts";
export { emotionName, EMOTIONS, isEmotion, orderEmotions } from "./emotion_names.ts";

/** A stretch of sound, decoded. */
export interface Speech {
  /** mono, 16 kHz, within [-1, 1] */
  samples: Float32Array;
  /** duration of the recording, before resampling */
  seconds: number;
  /** the emotion of each log-mel frame, as an index into the corpus's `emotions`, if the corpus knows it */
  truth?: Uint8Array;
}

/** A part of a recording, in seconds. */
export interface Span {
  /** start */
  start: number;
  /** end */
  end: number;
}

/** One utterance of a corpus. */
export interface Utterance {
  /** unique in its corpus, and independent of the corpus's location */
  id: string;
  /** one of the corpus's `emotions` */
  emotion: string;
  /** the speaker; "unknown" if the corpus does not give it */
  speaker: string;
  /** the spoken text, as the corpus names it (a code or the words); "" if the corpus does not give it */
  text: string;
  /** the recording session, if the corpus gives it */
  session?: string;
  /** the corpus's own fold, or part ("train", "test"), if the corpus gives it */
  fold?: string;
  /** how many listeners chose each emotion, or their shares: the soft label that stage 1 learns, if known */
  votes?: Readonly<Record<string, number>>;
  /** the file it is read from, if any */
  path?: string;
  /** the part of that file; default: the whole file */
  span?: Span;
  /** Loads the sound. Rejects with an error that names the file and its fault if it can't be read. */
  read(): Promise<Speech>;
}

/** A skipped file and the reason. */
export interface SkippedFile {
  /** the file */
  path: string;
  /** what is wrong with it, as the end of a sentence */
  reason: string;
}

/**
 * How to treat recordings with the same content: `refuse` conflicting labels (and keep one copy otherwise), keep all,
 * or drop.
 */
export type DuplicatePolicy = "refuse" | "keep" | "drop";

/** Utterances with at least two emotions. */
export interface Corpus {
  /** its kind: `emodb`, `folder`, `csv`, `synthetic` and so on */
  name: string;
  /** the emotions that occur, in the order of {@link EMOTIONS}, then any others alphabetically */
  emotions: string[];
  /** sorted by `id` */
  utterances: Utterance[];
  /** files that look like recordings of this corpus but could not be used */
  skipped: SkippedFile[];
  /** default number of frames from one segment to the next: 1 (10 ms), or 3 for CASIA */
  segmentHop: number;
  /** how to treat copies; default: `refuse` */
  duplicates?: DuplicatePolicy;
  /** doubts about its labels, one line each */
  notes?: string[];
  /** the folder or file that `openCorpus` read; undefined for synthetic speech */
  data?: string;
  /** the choices that `openCorpus` received */
  choices?: ReadingChoices;
}

/** A mapping of labels: from the corpus's word to an emotion, or to null, which leaves those utterances out. */
export type LabelMap = Readonly<Record<string, string | null>>;

/** Choices that the user has when a corpus is read. */
export interface ReadingChoices {
  /** a mapping of labels */
  labels?: LabelMap;
  /**
   * whether stage 1 learns listeners' votes as labels, if the corpus has them; a list's votes are learned unless this
   * is false
   */
  softLabels?: boolean;
  /** how to treat recordings with the same content */
  duplicates?: DuplicatePolicy;
  /** a table of official folds: `utterance,fold` */
  foldsFile?: string;
  /** the pattern of file names, for the kind `pattern`: `{speaker}_{emotion}_{text}.wav` */
  pattern?: string;
}

/**
 * Looks up a label in a {@link LabelMap}, first by the corpus's word, then by the emotion's name; undefined if it has
 * neither.
 */
export function mapLabel(labels: LabelMap | undefined, ...words: (string | undefined)[]): string | null | undefined {
  if (labels === undefined) return undefined;
  for (const word of words) {
    if (word === undefined) continue;
    const key = Object.keys(labels).find((key) => plainWord(key) === plainWord(word));
    if (key !== undefined) return labels[key] === null ? null : emotionName(labels[key]!);
  }
  return undefined;
}

/** The parts from which a corpus is completed. */
export interface CorpusParts extends Pick<Corpus, "name" | "utterances" | "skipped" | "segmentHop" | "duplicates"> {
  /** the place that was searched for utterances, for errors */
  from: string;
}

/**
 * Completes a corpus from its utterances: sorts them, lists the emotions, and skips, with a reason, an utterance with
 * the id of another.
 *
 * @throws {Error} if there is no utterance, or only one emotion: nothing could be learned
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

/** Warnings about unknown emotions: each may be a misspelling, or a separate class. */
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
 * Throws unless at least two emotions are left. The error gives what was found and the first skipped file.
 *
 * @throws {FileError} if fewer than two emotions are left
 */
export function requireTwoEmotions(
  from: string,
  emotions: readonly string[],
  utterances: number,
  skipped: readonly SkippedFile[],
): void {
  if (emotions.length >= 2) return;
  const found = emotions.length === 0
    ? "no utterance that can be used"
    : `only one emotion, ${emotions[0]} (${count(utterances, "utterance")})`;
  const left = skipped.length === 0
    ? ""
    : `. Left out: ${count(skipped.length, "file")}, the first ${skipped[0].path}: ${skipped[0].reason}`;
  throw new FileError({ file: from, expected: "at least two emotions", found: `${found}${left}` });
}
