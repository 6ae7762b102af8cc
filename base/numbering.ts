/**
 * Folds, stages, epochs and the networks of a stage count from 0 in the program. They count from 1 where people and other programs
 * meet them: in printed lines, options, file names, written formats, and in the keys of random streams, so that a run of an earlier version
 * computes the same. What is read or written there passes through these two functions, and nothing else adds or takes one.
 */

/** The number that people read: 1 for the first. */
export const ordinal = (index: number): number => index + 1;

/** What the program counts by: 0 for the first. */
export const fromOrdinal = (number: number): number => number - 1;
