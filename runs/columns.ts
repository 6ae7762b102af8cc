/** Columns of tables that have one for each emotion beside their own: an emotion may be called as one of these is. */

/** What is put before an emotion's name that would be taken for another column's. */
const PREFIX = "emotion_";

/** The column of an emotion; no two emotions have one. @param own the table's other columns */
export function emotionColumn(emotion: string, own: readonly string[]): string {
  return own.includes(emotion) || emotion.startsWith(PREFIX) ? PREFIX + emotion : emotion;
}
