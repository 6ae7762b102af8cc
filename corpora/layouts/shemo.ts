/**
 * ShEMO, Sharif Emotional Speech Database (Mohamad Nezami, Jamshid Lou & Karami, 2019): 3,000 Persian utterances of radio plays by
 * 87 speakers in six emotions. `female/F01A01.wav` gives speaker (F or M and a number), emotion, number. The texts are all
 * different, and the names do not contain them.
 *
 * @module
 */
import { baseName, type Layout } from "../layout.ts";

const LETTERS: Readonly<Record<string, string>> = {
  A: "anger",
  F: "fear",
  H: "happiness",
  N: "neutral",
  S: "sadness",
  W: "surprise",
};

/** ShEMO. */
export const shemo: Layout = {
  name: "shemo",
  about: "ShEMO, Persian: 87 speakers, 6 emotions",
  expected: "names like female/F01A01.wav (speaker F or M and two digits, emotion A F H N S or W, number)",
  signature: /(?:^|\/)[FM]\d\d[AFHNSW]\d\d$/i,
  reader: () => (file) => {
    const name = baseName(file).toUpperCase(), match = /^([FM]\d\d)([AFHNSW])\d+$/.exec(name);
    return match && { id: name, emotion: LETTERS[match[2]], speaker: match[1], text: "", word: match[2] };
  },
};
