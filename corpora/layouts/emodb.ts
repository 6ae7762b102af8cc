/**
 * Emo-DB, the Berlin Database of Emotional Speech (Burkhardt, Paeschke, Rolfes, Sendlmeier & Weiss, Interspeech 2005):
 * 535 utterances, ten German actors, ten sentences, seven emotions. The name gives everything: `03a01Fa.wav` is speaker
 * 03, sentence a01, F(reude) = happiness, version a.
 *
 * @module
 */
import { baseName, type Layout } from "../layout.ts";

/** The first letters of Wut, Langeweile, Ekel, Angst, Freude, Trauer; N is neutral. */
const LETTERS: Readonly<Record<string, string>> = {
  W: "anger",
  L: "boredom",
  E: "disgust",
  A: "fear",
  F: "happiness",
  T: "sadness",
  N: "neutral",
};

/** Emo-DB. Its recordings lie in the folder itself, or in its `wav`. */
export const emodb: Layout = {
  name: "emodb",
  about: "Emo-DB, German: 10 actors, 7 emotions",
  expected: "names like 03a01Fa.wav (speaker, text, emotion W L E A F T or N, version)",
  inner: "wav",
  signature: /(?:^|\/)(?:03|08|09|1[0-6])[ab]\d\d[WLEAFTN][a-z]?$/i,
  reader: () => (name) => {
    const match = /^(\d\d)([a-z]\d\d)([WLEAFTN])([a-z]?)$/i.exec(baseName(name));
    if (match === null) return null;
    const [, speaker, text, letter, version] = match;
    const emotion = LETTERS[letter.toUpperCase()];
    return { id: `${speaker}${text}${letter.toUpperCase()}${version}`, emotion, speaker, text };
  },
};
