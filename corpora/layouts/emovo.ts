/**
 * EMOVO (Costantini, Iaderola, Paoloni & Todisco, LREC 2014): 588 Italian recordings by six actors, fourteen sentences, seven
 * emotions. `f1/dis-f1-b1.wav` gives emotion, speaker, sentence.
 *
 * @module
 */
import { baseName, type Layout } from "../layout.ts";

/** Disgusto, gioia, neutrale, paura, rabbia, sorpresa, tristezza. */
const EMOTIONS: Readonly<Record<string, string>> = {
  dis: "disgust",
  gio: "happiness",
  neu: "neutral",
  pau: "fear",
  rab: "anger",
  sor: "surprise",
  tri: "sadness",
};

/** EMOVO. */
export const emovo: Layout = {
  name: "emovo",
  about: "EMOVO, Italian: 6 actors, 7 emotions",
  expected: "names like f1/dis-f1-b1.wav (emotion dis gio neu pau rab sor or tri, speaker f1 to m3, sentence)",
  signature: /(?:^|\/)(?:dis|gio|neu|pau|rab|sor|tri)-[fm][1-3]-[a-z]\d+$/i,
  reader: () => (file) => {
    const match = /^(dis|gio|neu|pau|rab|sor|tri)-([fm]\d)-([a-z]+\d+)$/i.exec(baseName(file).toLowerCase());
    if (match === null) return null;
    const [id, word, speaker, text] = match;
    return { id, emotion: EMOTIONS[word], speaker, text, word };
  },
};
