/**
 * SAVEE, Surrey Audio-Visual Expressed Emotion (Haq & Jackson, AVSP 2009): 480 utterances by four English men in seven
 * emotions. It goes about in two layouts: `DC/sa01.wav`, a folder a speaker, and `DC_sa01.wav`, all in one.
 *
 * @module
 */
import type { Corpus } from "./corpus.ts";
import { openNamedFiles } from "./files.ts";

const CODES: Readonly<Record<string, string>> = {
  a: "anger",
  d: "disgust",
  f: "fear",
  h: "happiness",
  n: "neutral",
  sa: "sadness",
  su: "surprise",
};

/**
 * Opens SAVEE, in either layout.
 *
 * @param dir the folder of the recordings (`AudioData`)
 * @throws {Error} where the folder is not there, or holds no recording named as SAVEE names them
 */
export function openSavee(dir: string): Promise<Corpus> {
  return openNamedFiles(dir, {
    name: "savee",
    wanted: "names like DC_sa01.wav or DC/sa01.wav (speaker, emotion a d f h n sa or su, number)",
    segmentHop: 1,
    understand(file) {
      const match = /(?:^|\/)([a-z]+)[_/](a|d|f|h|n|sa|su)(\d+)\.wav$/i.exec(file);
      if (match === null) return null;
      const [, name, letters, number] = match;
      const speaker = name.toUpperCase(), code = letters.toLowerCase();
      // the numbers run anew in each emotion: sentence 4 of anger is not sentence 4 of fear
      return { id: `${speaker}_${code}${number}`, emotion: CODES[code], speaker, text: `${code}${number}` };
    },
  });
}
