/**
 * Folds, stages, epochs and the networks of a stage count from 0 inside the program. They count from 1 where people and other programs see
 * them: in printed lines, options, file names and written formats. The keys of random streams count from 1 as well, so that runs of earlier
 * versions stay reproducible. Every value read or written there passes through these two functions; nothing else adds or subtracts one.
 */

/** The number that people read: 1 for the first. */
export const ordinal = (index: number): number => index + 1;

/** The index that the program uses: 0 for the first. */
export const fromOrdinal = (number: number): number => number - 1;
