/**
 * A corpus as the network sees it: log-mel frames, each kept once, and segments that are views of them.
 *
 *     frames  [totalFrames, nMels]   utterance after utterance
 *     segment s = frames[segmentStart[s] .. segmentStart[s] + 32)
 *
 * Neighbouring segments share 31 of their 32 frames at hop 1. Emo-DB's 131,053 segments would be 1.07 GB copied out, and
 * are 38 MB so.
 *
 * @module
 */
import { OptionError } from "../base/option_error.ts";
import type { Level } from "../dsp/levelling.ts";
import { padFrames, segmentCount } from "../dsp/segments.ts";
import { frontEnd } from "../dsp/settings.ts";
import { type Corpus, orderEmotions, requireTwoEmotions, type Skipped, type Span, type Utterance } from "./corpus.ts";
import { readUtterances } from "./feature_reading.ts";
import type { Sound } from "./framed.ts";
import { whyLeftOut } from "./left_out.ts";
import { majority } from "./majority.ts";
import { CORPUS_KINDS } from "./open.ts";

/** An utterance among {@link Features}: what is known of it, and where its frames and segments are. */
export interface FeatureUtterance {
  /** as in the corpus */
  id: string;
  /** index into `emotions` */
  emotion: number;
  /** as in the corpus */
  speaker: string;
  /** as in the corpus */
  text: string;
  /** as in the corpus, where that says it */
  session?: string;
  /** as in the corpus, where that says it */
  fold?: string;
  /** what listeners heard, [emotions], adds up to 1: what stage 1 learns in the place of its label; where it is known */
  votes?: number[];
  /** the id of the first utterance with the same content, where copies are kept */
  copyOf?: string;
  /** what it sounds like, where it is a recording */
  sound?: Sound;
  /** the file it came from, if it came from one */
  path?: string;
  /** the part of that file, if it is not the whole */
  span?: Span;
  /** SHA-256 of the file's bytes (and the part of it), or of the samples where it came from none, in hexadecimal */
  digest: string;
  /** length of the recording */
  seconds: number;
  /** its first row of `frames` */
  firstFrame: number;
  /** its rows of `frames` */
  frameCount: number;
  /** its first segment */
  firstSegment: number;
  /** its segments, at least one */
  segmentCount: number;
}

/** Every frame and segment of a corpus. */
export interface Features {
  /** the emotions that occur, in the order of every table and output */
  emotions: string[];
  /** log-mel, [totalFrames, nMels] */
  frames: Float32Array;
  /** in the corpus's order */
  utterances: FeatureUtterance[];
  /** frames from one segment of an utterance to the next */
  segmentHop: number;
  /** frames of a segment */
  segmentFrames: number;
  /** to which level recordings were brought; not set: to none */
  level?: Level;
  /** utterances that are shorter than a segment: their last frame is repeated to its end */
  padded: number;
  /** [segments]: the first frame of each, as a row of `frames` */
  segmentStart: Int32Array;
  /** [segments]: whose each is, as an index into `utterances` */
  segmentUtterance: Int32Array;
  /** [segments]: the true emotion of most of its frames, as an index into `emotions`; where the corpus knows it */
  segmentTruth?: Uint8Array;
  /** length of all recordings together */
  seconds: number;
  /** what could not be used: what the corpus skipped, then what could not be read, is silent, a copy or shorter than a segment */
  skipped: Skipped[];
  /** what is doubtful about the corpus's labels, a line each */
  notes?: string[];
}

/** How features are extracted. */
export interface FeatureOptions {
  /** frames from one segment to the next; the corpus's own if not said */
  segmentHop?: number;
  /**
   * frames of a segment, 32 or more; 32 (the paper's) if not said. A recording that is shorter than that, but not shorter than 32 frames, is
   * padded by its last frame
   */
  segmentFrames?: number;
  /** whether each recording is brought to one level before the logarithm (`dsp/levelling.ts`); none if not said */
  level?: Level;
  /**
   * threads that read recordings, this one among them, 1 to 64; if not said, as many as there are processors, but no more
   * than one for every 16 utterances
   */
  threads?: number;
  /**
   * A folder in which the frames of recordings are kept between runs, found by the content of each file and the settings of
   * the front end; it may be shared by corpora and by programs that run at once, and deleted at any time. None if not said.
   */
  cacheDir?: string;
  /** hears, once, why frames can't be kept in `cacheDir`: no error, they are then computed */
  onCacheFault?: (message: string) => void;
  /** hears what is wrong with a recording that was read all the same, in a line that names it */
  onWarning?: (line: string) => void;
  /** hears how many utterances are done, of how many */
  onProgress?: (done: number, total: number) => void;
  /** aborts: the promise then rejects with the signal's reason */
  signal?: AbortSignal;
}

/** An utterance that is used, before its frames are put beside the others'. */
interface Kept {
  utterance: FeatureUtterance;
  emotion: string;
  votes?: Utterance["votes"];
  frames: Float32Array;
  truth?: Uint8Array;
}

/**
 * Reads every utterance and computes its log-mel frames. One that can't be read, is silent, or is shorter than a segment, is left
 * out and listed in `skipped`; so are copies of recordings, as the corpus's `duplicates` says.
 *
 * The recordings of a corpus that {@link openCorpus} opened are read in parallel threads, from their `path`; the utterances
 * of the synthetic corpus, and of one made by hand, by their `read()`, on this thread. The features are the same to the bit
 * with any number of threads, and with a cache or without.
 *
 * @throws {OptionError} if the hop is not a whole number of frames, 1 or more, or `threads` not from 1 to 64
 * @throws {Error} if fewer than two emotions are left, one recording bears two labels, or a thread died, naming the file that
 * it read
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
  const kept: Kept[] = [];
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
        emotion: -1, // known when it is known which emotions are left
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
      truth: outcome.truth,
    });
    frameTotal += frameCount;
    segmentTotal += segments;
    seconds += outcome.seconds;
  }
  outcomes.length = 0; // so that frames can be let go below

  const spoken = orderEmotions(kept.map(({ emotion }) => emotion));
  requireTwoEmotions(`The corpus ${corpus.name}`, spoken, kept.length, skipped);
  const truthKnown = kept.every(({ truth }) => truth !== undefined);
  // a true emotion may have lost all utterances that bear its label
  const heard = kept.flatMap(({ truth }) => truthKnown ? [...new Set(truth)].map((e) => corpus.emotions[e]) : []);
  const named = kept.flatMap(({ votes = {} }) => Object.keys(votes).filter((emotion) => votes[emotion] > 0));
  const emotions = orderEmotions([...spoken, ...heard, ...named]);

  const frames = new Float32Array(frameTotal * frontEnd.nMels);
  const segmentStart = new Int32Array(segmentTotal), segmentUtterance = new Int32Array(segmentTotal);
  const segmentTruth = truthKnown ? new Uint8Array(segmentTotal) : undefined;
  const relabel = corpus.emotions.map((emotion) => emotions.indexOf(emotion));
  for (const [u, { utterance, emotion, votes, frames: own, truth }] of kept.entries()) {
    utterance.emotion = emotions.indexOf(emotion);
    if (votes) utterance.votes = shares(votes, emotions);
    frames.set(own, utterance.firstFrame * frontEnd.nMels);
    kept[u].frames = new Float32Array(0); // copied: let it go before the next
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

/** Votes as shares of 1, [emotions]. */
function shares(votes: Readonly<Record<string, number>>, emotions: readonly string[]): number[] {
  const all = Object.values(votes).reduce((sum, own) => sum + own, 0);
  return emotions.map((emotion) => (Object.hasOwn(votes, emotion) ? votes[emotion] : 0) / all);
}

/**
 * Whether every utterance is a whole wav file, so that a thread can read it by its path. Only EPR's own kinds of corpus are
 * known to be so: an utterance made by hand may do in `read()` what it likes.
 */
function areRecordings({ name, utterances }: Corpus): boolean {
  const known = name !== "synthetic" && CORPUS_KINDS.some((kind) => kind === name);
  return known && utterances.every(({ path }) => path !== undefined);
}
