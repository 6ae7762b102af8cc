/**
 * Colours of data, of middling lightness, so that they can be told on a light page, a dark one and on paper. The page draws with
 * them too.
 */

/** Colours of ways of refining labels. */
export const METHOD_COLOURS: Readonly<Record<string, string>> = {
  pEPR: "#2f7fc1",
  sEPR: "#d1495b",
  "hard dynamic": "#4f9a5f",
  "soft static": "#c07a00",
  "uniform (control)": "#7d8a97",
};

/** Colours of emotions, in the order of all tables; more than nine begin again. */
const EMOTION_COLOURS: Readonly<Record<string, string>> = {
  anger: "#d1495b",
  boredom: "#9a7b5f",
  disgust: "#4f9a5f",
  fear: "#8a63d2",
  happiness: "#d08700",
  neutral: "#7d8a97",
  sadness: "#2f7fc1",
  surprise: "#c5559f",
  calm: "#1f9e89",
};

/** A colour for each emotion; those that bear no known name get those that are left. */
export function emotionColours(emotions: readonly string[]): string[] {
  const free = Object.entries(EMOTION_COLOURS).filter(([name]) => !emotions.includes(name)).map(([, colour]) => colour);
  let taken = 0;
  return emotions.map((emotion) => EMOTION_COLOURS[emotion] ?? free[taken++ % free.length] ?? "#7d8a97");
}
