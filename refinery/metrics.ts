/** Accuracy of decisions: weighted and unweighted accuracy, and the confusion matrix. */

/** Counts [true class][decided class]. */
export function confusionMatrix(truth: ArrayLike<number>, decided: ArrayLike<number>, classes: number): number[][] {
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < truth.length; i++) matrix[truth[i]][decided[i]]++;
  return matrix;
}

/** WA: the share of correct decisions. */
export function weightedAccuracy(confusion: number[][]): number {
  const all = confusion.flat().reduce((a, b) => a + b, 0);
  return confusion.reduce((sum, row, k) => sum + row[k], 0) / all;
}

/** UA: the mean recall over the classes that occur, so that a rare class counts as much as a common one. */
export function unweightedAccuracy(confusion: number[][]): number {
  const recalls = confusion.flatMap((row, k) => {
    const all = row.reduce((a, b) => a + b, 0);
    return all > 0 ? [row[k] / all] : [];
  });
  return recalls.reduce((a, b) => a + b, 0) / recalls.length;
}
