/**
 * URDU (Latif, Qayyum, Usman & Qadir, 2018): 400 utterances of Urdu talk shows by 38 speakers in four emotions.
 * `Angry/SM1_F1_A01.wav` gives speaker (SM a man, SF a woman), file of the speaker, emotion and number.
 *
 * @module
 */
import { baseName, type Layout } from "../layout.ts";

const LETTERS: Readonly<Record<string, string>> = { A: "anger", H: "happiness", N: "neutral", S: "sadness" };

/** URDU. */
export const urdu: Layout = {
  name: "urdu",
  about: "URDU: 38 speakers of talk shows, 4 emotions",
  expected: "names like Angry/SM1_F1_A01.wav (speaker SM or SF and a number, file, emotion A H N or S and number)",
  signature: /(?:^|\/)S[MF]\d+_F\d+_[AHNS]\d+$/i,
  reader: () => (file) => {
    const name = baseName(file).toUpperCase(), match = /^(S[MF]\d+)_F\d+_([AHNS])\d+$/.exec(name);
    return match && { id: name, emotion: LETTERS[match[2]], speaker: match[1], text: "", word: match[2] };
  },
};
