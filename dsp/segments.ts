/**
 * Segments: windows of 32 log-mel frames (335 ms), the pieces of an utterance that are classified one by one.
 *
 *   segment s = frames [s hop ... s hop + segmentFrames),   s = 0 ... segmentCount - 1
 *
 * Neighbours share 31 of their 32 frames at hop 1, so a segment is stored as a position in its utterance's frames: a
 * number, or a view. Copied out, the 131,053 segments of Emo-DB would take 1.07 GB; as views on its frames, 38 MB.
 */
import { type FrontEnd, frontEnd } from "./settings.ts";

/**
 * Number of segments in an utterance of `frames` frames: 1 + floor((frames - segmentFrames) / hop), or 0 if it is shorter
 * than a segment.
 *
 * @param frames log-mel frames of the utterance
 * @param hop frames from one segment to the next, a positive integer
 * @throws {RangeError} if the hop is no positive integer
 */
export function segmentCount(frames: number, hop: number, settings: FrontEnd = frontEnd): number {
  if (!Number.isInteger(hop) || hop < 1) {
    throw new RangeError(`The segment hop: expected a whole number of frames >= 1, found ${hop}`);
  }
  return Math.max(0, 1 + Math.floor((frames - settings.segmentFrames) / hop));
}

/** First frame of segment `segment`. */
export function segmentStart(segment: number, hop: number): number {
  return segment * hop;
}

/** Start of segment `segment`, in seconds from the start of its utterance. */
export function segmentStartSeconds(segment: number, hop: number, settings: FrontEnd = frontEnd): number {
  return segmentStart(segment, hop) * settings.hopLength / settings.sampleRate;
}

/** Duration of a segment, from the first sample of its first frame to the last sample of its last: 0.335 s. */
export function segmentSeconds(settings: FrontEnd = frontEnd): number {
  return ((settings.segmentFrames - 1) * settings.hopLength + settings.windowLength) / settings.sampleRate;
}

/**
 * Segment `segment` of an utterance as a view: nothing is copied, and writes to it change the frames.
 *
 * @param frames the utterance's log-mel frames, [T, nMels] row-major
 * @param hop frames from one segment to the next
 * @returns [segmentFrames, nMels] row-major, a view of the same memory
 * @throws {RangeError} if the utterance has no such segment
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { logMel, segmentCount, segmentView } from "@epr/epr/dsp";
 *
 * const frames = logMel(new Float32Array(16000)); // 98 frames
 * assert(segmentCount(98, 1) === 67);
 * assert(segmentView(frames, 66, 1).buffer === frames.buffer);
 * ```
 */
export function segmentView(
  frames: Float32Array,
  segment: number,
  hop: number,
  settings: FrontEnd = frontEnd,
): Float32Array {
  const count = segmentCount(frames.length / settings.nMels, hop, settings);
  if (!(Number.isInteger(segment) && segment >= 0 && segment < count)) {
    throw new RangeError(`A segment: expected a number below this utterance's ${count}, found ${segment}`);
  }
  const at = segmentStart(segment, hop) * settings.nMels;
  return frames.subarray(at, at + settings.segmentFrames * settings.nMels);
}

/** Frames, repeating the last until there are at least `least`. @param frames [any, nMels] */
export function padFrames(frames: Float32Array, least: number, { nMels }: FrontEnd = frontEnd): Float32Array {
  if (frames.length >= least * nMels) return frames;
  const padded = new Float32Array(least * nMels), last = frames.subarray(frames.length - nMels);
  padded.set(frames);
  for (let at = frames.length; at < padded.length; at += nMels) padded.set(last, at);
  return padded;
}
