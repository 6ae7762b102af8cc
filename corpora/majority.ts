/**
 * The most frequent value; in a tie, the one that reaches the count first. The true emotion of a segment is that of most of its frames.
 */
export function majority(values: Uint8Array): number {
  const counts = new Uint32Array(256);
  let best = values[0];
  for (const value of values) {
    if (++counts[value] > counts[best]) best = value;
  }
  return best;
}
