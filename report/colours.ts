/**
 * Colours for data, of medium lightness, so that they are visible on a light page, a dark page and paper. The page uses them
 * too.
 */

/** Colours of methods. */
export const METHOD_COLOURS: Readonly<Record<string, string>> = {
  pEPR: "#2f7fc1",
  sEPR: "#d1495b",
  "hard dynamic": "#4f9a5f",
  "soft static": "#c07a00",
  "uniform (control)": "#7d8a97",
};

/** Colours of emotions, in the order of all tables; beyond nine they repeat. */
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

/** A colour for each emotion; unknown emotions get the remaining colours. */
export function emotionColours(emotions: readonly string[]): string[] {
  const free = Object.entries(EMOTION_COLOURS).filter(([name]) => !emotions.includes(name)).map(([, colour]) => colour);
  let taken = 0;
  return emotions.map((emotion) => EMOTION_COLOURS[emotion] ?? free[taken++ % free.length] ?? "#7d8a97");
}
