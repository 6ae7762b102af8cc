/**
 * Emo-DB, the Berlin Database of Emotional Speech (Burkhardt, Paeschke, Rolfes, Sendlmeier & Weiss, Interspeech 2005):
 * 535 utterances, ten German actors, ten sentences, seven emotions. A name says it all: `03a01Fa.wav` is speaker 03,
 * sentence a01, F(reude) = happiness, version a.
 *
 * @module
 */
import { basename, join } from "@std/path";
import type { Corpus } from "./corpus.ts";
import { openNamedFiles, statOrNull } from "./files.ts";

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

/**
 * Opens Emo-DB.
 *
 * @param dir the folder of the recordings, or the one whose `wav` they lie in
 * @throws {Error} where the folder is not there, or holds no recording named as Emo-DB names them
 */
export async function openEmodb(dir: string): Promise<Corpus> {
  const inner = join(dir, "wav");
  const from = (await statOrNull(inner))?.isDirectory ? inner : dir;
  return openNamedFiles(from, {
    name: "emodb",
    wanted: "names like 03a01Fa.wav (speaker, text, emotion W L E A F T or N, version)",
    segmentHop: 1,
    understand(file) {
      const match = /^(\d\d)([a-z]\d\d)([WLEAFTN])([a-z]?)\.wav$/i.exec(basename(file));
      if (match === null) return null;
      const [, speaker, text, letter, version] = match;
      return {
        id: `${speaker}${text}${letter.toUpperCase()}${version}`,
        emotion: LETTERS[letter.toUpperCase()],
        speaker,
        text,
      };
    },
  });
}
