/**
 * AESDD, Acted Emotional Speech Dynamic Database (Vryzas, Kotsakis, Liatsou, Dimoulas & Kalliris, 2018): about 600
 * Greek recordings by five or more actors, about twenty sentences, five emotions. `anger/a03 (2).wav` gives the
 * emotion's first letter, the sentence, and the speaker in parentheses; later releases have more takes, `a03 (2)b.wav`.
 *
 * @module
 */
import { baseName, type Layout } from "../layout.ts";

const LETTERS: Readonly<Record<string, string>> = {
  a: "anger",
  d: "disgust",
  f: "fear",
  h: "happiness",
  s: "sadness",
};

/** AESDD. */
export const aesdd: Layout = {
  name: "aesdd",
  about: "AESDD, Greek: 5 actors and more, 5 emotions",
  expected: 'names like "anger/a03 (2).wav" (emotion a d f h or s, sentence, speaker in parentheses)',
  signature: /(?:^|\/)[adfhs]\d\d ?\(\d+\)[a-z]?$/i,
  reader: () => (file) => {
    const match = /^([adfhs])(\d\d)\s*\((\d+)\)\s*([a-z]?)$/.exec(baseName(file).toLowerCase());
    if (match === null) return null;
    const [, letter, text, speaker, take] = match;
    return { id: `${letter}${text}_${speaker}${take}`, emotion: LETTERS[letter], speaker, text, word: letter };
  },
};
