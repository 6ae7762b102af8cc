/**
 * A corpus as input for the network: log-mel frames, each stored once, and segments that are views of them.
 *
 *     frames  [totalFrames, nMels]   utterance after utterance
 *     segment s = frames[segmentStart[s] .. segmentStart[s] + 32)
 *
 * Neighbouring segments share 31 of their 32 frames at hop 1. Copied out, Emo-DB's 131,053 segments would take 1.07 GB;
 * as views they take 38 MB.
 *
 * @module
 */
import { OptionError } from "../base/option_error.ts";
import type { Level } from "../dsp/levelling.ts";
import { padFrames, segmentCount } from "../dsp/segments.ts";
import { frontEnd } from "../dsp/settings.ts";
import {
  type Corpus,
  orderEmotions,
  requireTwoEmotions,
  type SkippedFile,
  type Span,
  type Utterance,
} from "./corpus.ts";
import type { Conditions } from "./conditions.ts";
import { readUtterances } from "./feature_reading.ts";
import type { RecordingSound } from "./recording_frames.ts";
import { whyLeftOut } from "./left_out.ts";
import { majority } from "./majority.ts";
import { CORPUS_KINDS } from "./open.ts";

/** An utterance of {@link Features}: its labels, and the position of its frames and segments. */
export interface FeatureUtterance {
  /** as in the corpus */
  id: string;
  /** index into `emotions` */
  emotion: number;
  /** as in the corpus */
  speaker: string;
  /** as in the corpus */
  text: string;
  /** as in the corpus, if given there */
  session?: string;
  /** as in the corpus, if given there */
  fold?: string;
  /** the listeners' votes, [emotions], which add up to 1, if known: stage 1 learns them instead of the label */
  votes?: number[];
  /** the id of the first utterance with the same content, if copies are kept */
  copyOf?: string;
  /** measurements of its sound, if it is a recording */
  sound?: RecordingSound;
  /** the file it was read from, if any */
  path?: string;
  /** the part of that file, if it is not the whole */
  span?: Span;
  /** SHA-256, in hexadecimal, of the file's bytes (and of the span), or of the samples if there is no file */
  digest: string;
  /** duration of the recording */
  seconds: number;
  /** index of its first row of `frames` */
  firstFrame: number;
  /** number of its rows of `frames` */
  frameCount: number;
  /** index of its first segment */
  firstSegment: number;
  /** number of its segments, at least one */
  segmentCount: number;
}

/** Every frame and segment of a corpus. */
export interface Features {
  /** the emotions that occur, in the order used in every table and output */
  emotions: string[];
  /** log-mel, [totalFrames, nMels] */
  frames: Float32Array;
  /** for multi-condition training: the frames of each copy of all recordings, each like `frames` */
  copies?: Float32Array[];
  /** in the corpus's order */
  utterances: FeatureUtterance[];
  /** frames from one segment of an utterance to the next */
  segmentHop: number;
  /** frames a segment */
  segmentFrames: number;
  /** the level to which recordings were brought; default: none */
  level?: Level;
  /** number of utterances shorter than a segment; their last frame is repeated to the end of the segment */
  padded: number;
  /** [segments]: the first frame of each segment, as a row of `frames` */
  segmentStart: Int32Array;
  /** [segments]: the utterance of each segment, as an index into `utterances` */
  segmentUtterance: Int32Array;
  /**
   * [segments]: the true emotion of most of the segment's frames, as an index into `emotions`, if the corpus knows it
   */
  segmentTruth?: Uint8Array;
  /** duration of all recordings together */
  seconds: number;
  /**
   * unused recordings: those that the corpus skipped, then those that are unreadable, silent, copies or shorter than a
   * segment
   */
  skipped: SkippedFile[];
  /** doubts about the corpus's labels, one line each */
  notes?: string[];
}

/** How features are extracted. */
export interface FeatureOptions {
  /** frames from one segment to the next; default: the corpus's value */
  segmentHop?: number;
  /**
   * frames a segment, 32 or more; default: 32, as in the paper. A recording that is shorter, but has at least 32 frames, is padded with
   * its last frame
   */
  segmentFrames?: number;
  /** whether each recording is brought to one level before the logarithm (`dsp/levelling.ts`); default: none */
  level?: Level;
  /** whether copies under other conditions are made of each recording, to learn from (`corpora/conditions.ts`); default: clean */
  conditions?: Conditions;
  /**
   * number of reading threads including this one, 1 to 64; default: one per processor, but at most one per 16 utterances
   */
  threads?: number;
  /**
   * A folder that caches the frames of recordings between runs, keyed by the content of each file and the settings of the
   * front end. Several corpora and several running programs may share it, and it may be deleted at any time. Default: none.
   */
  cacheDir?: string;
  /**
   * receives, once, the reason why frames can't be stored in `cacheDir`; this is not an error, since frames are then
   * computed
   */
  onCacheFault?: (message: string) => void;
  /** receives warnings about recordings that were read despite a fault, one line each, with the file's name */
  onWarning?: (line: string) => void;
  /** receives the number of utterances done, and the total */
  onProgress?: (done: number, total: number) => void;
  /** aborts the extraction: the promise then rejects with the signal's reason */
  signal?: AbortSignal;
}

/** An utterance in use, before its frames are copied to the common array. */
interface KeptUtterance {
  utterance: FeatureUtterance;
  emotion: string;
  votes?: Utterance["votes"];
  frames: Float32Array;
  copies: Float32Array[];
  truth?: Uint8Array;
}

/**
 * Reads every utterance and computes its log-mel frames. An utterance that can't be read, is silent, or is shorter than a segment
 * is left out and listed in `skipped`. So are copies of recordings, according to the corpus's `duplicates`.
 *
 * Parallel threads read the recordings of a corpus that {@link openCorpus} opened, from their `path`. This thread reads the
 * utterances of the synthetic corpus, and of a corpus made by hand, with their `read()`. The features are the same, bit for bit,
 * for any number of threads, with or without a cache.
 *
 * @throws {OptionError} if the hop is not a whole number of frames, 1 or more, or `threads` not from 1 to 64
 * @throws {Error} if fewer than two emotions are left, one recording has two labels, or a thread died; the error names the file that
 * it was reading
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openSynthetic } from "./synthetic.ts";
 * const features = await extractFeatures(openSynthetic(1, { utterances: 5, speakers: 1 }), { segmentHop: 3 });
 * const last = features.utterances[4];
 * assertEquals(features.segmentStart.length, last.firstSegment + last.segmentCount);
 * ```
 */
export async function extractFeatures(corpus: Corpus, options: FeatureOptions = {}): Promise<Features> {
  const { segmentHop = corpus.segmentHop, segmentFrames = frontEnd.segmentFrames, level = "none" } = options;
  const front = { ...frontEnd, segmentFrames };
  if (!Number.isInteger(segmentHop) || segmentHop < 1) {
    throw new OptionError({ option: "segmentHop", required: "a whole number of frames, 1 or more", found: segmentHop });
  }
  const skipped = [...corpus.skipped];
  const kept: KeptUtterance[] = [];
  let frameTotal = 0, segmentTotal = 0, seconds = 0, padded = 0;
  const recordings = areRecordings(corpus);
  const outcomes = await readUtterances(corpus.utterances, recordings, options);
  const leftOut = whyLeftOut(corpus, outcomes, recordings, segmentHop);
  for (const [i, outcome] of outcomes.entries()) {
    const { id, emotion, speaker, text, session, fold, votes, path, span } = corpus.utterances[i];
    if (!("frames" in outcome) || leftOut.reasons.has(i)) {
      skipped.push({ path: path ?? id, reason: leftOut.reasons.get(i)! });
      continue;
    }
    const frames = padFrames(outcome.frames, segmentFrames), frameCount = frames.length / frontEnd.nMels;
    const segments = segmentCount(frameCount, segmentHop, front);
    if (frames.length > outcome.frames.length) padded++;
    const first = leftOut.copyOf.get(i);
    kept.push({
      utterance: {
        id,
        emotion: -1, // set later, when the remaining emotions are known
        speaker,
        text,
        ...(session !== undefined && { session }),
        ...(fold !== undefined && { fold }),
        ...(first !== undefined && { copyOf: corpus.utterances[first].id }),
        ...(outcome.sound && { sound: outcome.sound }),
        ...(path !== undefined && { path }),
        ...(span && { span }),
        digest: outcome.digest,
        seconds: outcome.seconds,
        firstFrame: frameTotal,
        frameCount,
        firstSegment: segmentTotal,
        segmentCount: segments,
      },
      emotion,
      votes,
      frames,
      copies: (outcome.copies ?? []).map((copy) => padFrames(copy, segmentFrames)),
      truth: outcome.truth,
    });
    frameTotal += frameCount;
    segmentTotal += segments;
    seconds += outcome.seconds;
  }
  outcomes.length = 0; // to free the frames below

  const spoken = orderEmotions(kept.map(({ emotion }) => emotion));
  requireTwoEmotions(`The corpus ${corpus.name}`, spoken, kept.length, skipped);
  const truthKnown = kept.every(({ truth }) => truth !== undefined);
  // all utterances labelled with a true emotion may have been left out
  const trueOnes = kept.flatMap(({ truth }) => truthKnown ? [...new Set(truth)].map((e) => corpus.emotions[e]) : []);
  const named = kept.flatMap(({ votes = {} }) => Object.keys(votes).filter((emotion) => votes[emotion] > 0));
  const emotions = orderEmotions([...spoken, ...trueOnes, ...named]);

  const frames = new Float32Array(frameTotal * frontEnd.nMels);
  const copies = kept[0].copies.map(() => new Float32Array(frames.length));
  const segmentStart = new Int32Array(segmentTotal), segmentUtterance = new Int32Array(segmentTotal);
  const segmentTruth = truthKnown ? new Uint8Array(segmentTotal) : undefined;
  const relabel = corpus.emotions.map((emotion) => emotions.indexOf(emotion));
  for (const [u, { utterance, emotion, votes, frames: own, copies: ownCopies, truth }] of kept.entries()) {
    utterance.emotion = emotions.indexOf(emotion);
    if (votes) utterance.votes = shares(votes, emotions);
    frames.set(own, utterance.firstFrame * frontEnd.nMels);
    ownCopies.forEach((copy, c) => copies[c].set(copy, utterance.firstFrame * frontEnd.nMels));
    [kept[u].frames, kept[u].copies] = [new Float32Array(0), []]; // copied: free them before the next
    for (let s = 0; s < utterance.segmentCount; s++) {
      const segment = utterance.firstSegment + s;
      segmentStart[segment] = utterance.firstFrame + s * segmentHop;
      segmentUtterance[segment] = u;
      if (segmentTruth && truth) {
        segmentTruth[segment] = relabel[majority(truth.subarray(s * segmentHop, s * segmentHop + segmentFrames))];
      }
    }
  }
  return {
    emotions,
    frames,
    ...(copies.length > 0 && { copies }),
    utterances: kept.map(({ utterance }) => utterance),
    segmentHop,
    segmentFrames,
    ...(level !== "none" && { level }),
    padded,
    segmentStart,
    segmentUtterance,
    ...(segmentTruth && { segmentTruth }),
    seconds,
    skipped,
    ...(corpus.notes && { notes: corpus.notes }),
  };
}

/** Votes as fractions of 1, [emotions]. */
function shares(votes: Readonly<Record<string, number>>, emotions: readonly string[]): number[] {
  const all = Object.values(votes).reduce((sum, own) => sum + own, 0);
  return emotions.map((emotion) => (Object.hasOwn(votes, emotion) ? votes[emotion] : 0) / all);
}

/**
 * Whether every utterance is a whole wav file, so that a thread can read it from its path. This is known only for EPR's own
 * kinds of corpus: the `read()` of an utterance made by hand may do anything.
 */
function areRecordings({ name, utterances }: Corpus): boolean {
  const known = name !== "synthetic" && CORPUS_KINDS.some((kind) => kind === name);
  return known && utterances.every(({ path }) => path !== undefined);
}
