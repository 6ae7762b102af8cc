/**
 * SAVEE, Surrey Audio-Visual Expressed Emotion (Haq & Jackson, AVSP 2009): 480 utterances by four English men in seven
 * emotions. It exists in two layouts: `DC/sa01.wav`, with a folder per speaker, and `DC_sa01.wav`, all in one folder.
 *
 * @module
 */
import type { Layout } from "../layout.ts";

const CODES: Readonly<Record<string, string>> = {
  a: "anger",
  d: "disgust",
  f: "fear",
  h: "happiness",
  n: "neutral",
  sa: "sadness",
  su: "surprise",
};

/** SAVEE, in either layout. */
export const savee: Layout = {
  name: "savee",
  about: "SAVEE, English: 4 men, 7 emotions",
  expected: "names like DC_sa01.wav or DC/sa01.wav (speaker, emotion a d f h n sa or su, number)",
  signature: /(?:^|\/)(?:DC|JE|JK|KL)[_/](?:a|d|f|h|n|sa|su)\d\d$/i,
  reader: () => (file) => {
    const match = /(?:^|\/)([a-z]+)[_/](a|d|f|h|n|sa|su)(\d+)$/i.exec(file);
    if (match === null) return null;
    const [, name, letters, number] = match;
    const speaker = name.toUpperCase(), code = letters.toLowerCase();
    // the numbering restarts in each emotion: sentence 4 of anger is not sentence 4 of fear
    return { id: `${speaker}_${code}${number}`, emotion: CODES[code], speaker, text: `${code}${number}` };
  },
};
