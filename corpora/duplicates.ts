/**
 * Finds copies: recordings with the same content under different names. Frames are compared, so a copy with a different header
 * is found too. If one copy is used for training and the other for testing, the test is invalid. If copies have two labels, one
 * of these is wrong.
 *
 * @module
 */
import { OptionError } from "../base/option_error.ts";
import { count } from "../base/count.ts";
import type { DuplicatePolicy } from "./corpus.ts";

/** The content to compare. */
export interface Content {
  /** the recording's file or id */
  name: string;
  /** the recording's label */
  emotion: string;
  /** log-mel, [frames, nMels] */
  frames: Float32Array;
}

/** The decision about copies, by index in the list. */
export interface DuplicateDecision {
  /** dropped recordings and the reasons */
  dropped: Map<number, string>;
  /** kept copies, each with the first of its group */
  copyOf: Map<number, number>;
}

/**
 * Finds copies and decides about them. By default the first copy with one label is kept, and several labels are an error;
 * `keep` keeps all copies, and `drop` drops those with several labels.
 *
 * @throws {OptionError} of `duplicates` with both files, if one recording has two labels and the policy is `refuse`
 */
export function settleDuplicates(contents: readonly Content[], policy: DuplicatePolicy = "refuse"): DuplicateDecision {
  const settled: DuplicateDecision = { dropped: new Map(), copyOf: new Map() };
  const groups = findCopies(contents);
  const contradicting = groups.filter((group) => group.some((i) => contents[i].emotion !== contents[group[0]].emotion));
  if (policy === "refuse" && contradicting.length > 0) throw contradiction(contents, contradicting);
  for (const group of groups) {
    const [first, ...others] = group;
    if (policy === "keep") others.forEach((i) => settled.copyOf.set(i, first));
    else if (contradicting.includes(group)) {
      for (const i of group) {
        const other = group.find((j) => contents[j].emotion !== contents[i].emotion)!;
        settled.dropped.set(i, `the same recording as ${contents[other].name}, which is ${contents[other].emotion}`);
      }
    } else others.forEach((i) => settled.dropped.set(i, `a copy of ${contents[first].name}`));
  }
  return settled;
}

function contradiction(contents: readonly Content[], groups: readonly (readonly number[])[]): Error {
  const [group] = groups, first = contents[group[0]];
  const other = contents[group.find((i) => contents[i].emotion !== first.emotion)!];
  const more = groups.length === 1 ? "" : ` (and ${count(groups.length - 1, "more such recording")})`;
  return new OptionError({
    option: "duplicates",
    required: "drop or keep",
    found:
      `none, though ${first.name} (${first.emotion}) and ${other.name} (${other.emotion}) are one recording with two labels${more}`,
    help: "correct the labels, or choose `duplicates: drop` (leave them out) or keep (learn both, never in two folds)",
  });
}

/** Groups of two or more recordings with the same frames, each in the list's order. */
export function findCopies(contents: readonly Pick<Content, "frames">[]): number[][] {
  const alike = new Map<string, number[][]>();
  for (const [i, { frames }] of contents.entries()) {
    // a few values separate nearly all recordings; the rest are compared in full
    const key = [frames.length, ...[0.2, 0.4, 0.6, 0.8].map((at) => frames[Math.floor(at * frames.length)])].join();
    const groups = alike.get(key);
    if (groups === undefined) alike.set(key, [[i]]);
    else {
      const own = groups.find(([first]) => sameFrames(contents[first].frames, frames));
      if (own) own.push(i);
      else groups.push([i]);
    }
  }
  return [...alike.values()].flat().filter((group) => group.length > 1);
}

function sameFrames(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
