/** What a crew that reads recordings (`feature_crew.ts`) and its workers tell each other, and how files are claimed. */
import type { Level } from "../dsp/levelling.ts";
import type { Span } from "./corpus.ts";
import type { Outcome } from "./feature_frames.ts";

/** What a worker is sent, once. */
export interface CrewStart {
  /** paths */
  files: readonly string[];
  /** the part of each that is to be read; the whole of it where there is none */
  spans?: readonly (Span | undefined)[];
  /** [1 + files], shared */
  claims: Int32Array;
  /** its number, from 1 */
  member: number;
  /** the folder of the cache, if there is one */
  cacheDir?: string;
  /** whether each recording is brought to one level; none if not said */
  level?: Level;
}

/** What a worker sends for each file it claimed. */
export interface CrewReport {
  /** as an index into the files */
  file: number;
  /** frames, or what is wrong with it */
  outcome: Outcome;
  /** why frames can't be kept in the cache, if so */
  cacheFault?: string;
}

/** Takes the next file: its index, or undefined where none is left. @param member who takes it, 0 for the starter */
export function claim(claims: Int32Array, member: number): number | undefined {
  const file = Atomics.add(claims, 0, 1);
  if (file >= claims.length - 1) return undefined;
  Atomics.store(claims, 1 + file, member);
  return file;
}
