/**
 * TESS, Toronto Emotional Speech Set (Pichora-Fuller & Dupuis, 2010): 2,800 recordings by two actresses, 200 words, seven
 * emotions. `OAF_angry/OAF_back_angry.wav` gives actress, word, emotion; `ps` is pleasant surprise. The folders' names
 * vary (`YAF_pleasant_surprised`), so only the file's name is read. One file name lacks the F (`OA_bite_neutral.wav`).
 *
 * @module
 */
import { emotionName } from "../corpus.ts";
import { baseName, type Layout } from "../layout.ts";

/** TESS, in folders or flat. */
export const tess: Layout = {
  name: "tess",
  about: "TESS, English: 2 actresses, 7 emotions",
  expected: "names like OAF_angry/OAF_back_angry.wav (actress OAF or YAF, word, emotion)",
  signature: /(?:^|\/)(?:OAF?|YAF?)_[a-z-]+_(?:angry|disgust|fear|happy|neutral|ps|sad)$/i,
  reader: () => (file) => {
    const match = /^([OY]AF?)_(.+)_(angry|disgust|fear|happy|neutral|ps|sad)$/i.exec(baseName(file));
    if (match === null) return null;
    const speaker = `${match[1].slice(0, 2).toUpperCase()}F`, text = match[2].toLowerCase();
    const word = match[3].toLowerCase(), emotion = word === "ps" ? "surprise" : emotionName(word);
    return { id: `${speaker}_${text}_${word}`, emotion, speaker, text, word };
  },
};
