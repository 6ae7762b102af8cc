/**
 * Columns of tables that have one column per emotion besides others. An emotion may have the same name as one of the
 * others.
 */

/** Prefix of an emotion's name that equals the name of another column. */
const PREFIX = "emotion_";

/** The column of an emotion, unique for each. @param own the table's other columns */
export function emotionColumn(emotion: string, own: readonly string[]): string {
  return own.includes(emotion) || emotion.startsWith(PREFIX) ? PREFIX + emotion : emotion;
}
