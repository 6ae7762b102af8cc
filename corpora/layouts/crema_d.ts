/**
 * CREMA-D, Crowd-sourced Emotional Multimodal Actors Dataset (Cao et al., IEEE Transactions on Affective Computing 2014): 7,442
 * recordings by 91 actors, twelve sentences, six emotions. `AudioWAV/1001_DFA_ANG_XX.wav` gives actor, sentence, emotion,
 * intensity (LO MD HI, XX if none was requested; one file has X).
 *
 * About 2,400 people rated the recordings. `processedResults/tabulatedVotes.csv` counts their votes, in columns A D F H N S: for
 * the voice alone in rows that begin with 1, for the face in rows with 2, for both in rows with 3. The votes are soft labels on
 * request.
 *
 * @module
 */
import { FileError } from "../../base/file_error.ts";
import { OptionError } from "../../base/option_error.ts";
import { join } from "@std/path";
import { readTable } from "../csv.ts";
import { statOrNull } from "../files.ts";
import { baseName, type Layout } from "../layout.ts";

const EMOTIONS: Readonly<Record<string, string>> = {
  ANG: "anger",
  DIS: "disgust",
  FEA: "fear",
  HAP: "happiness",
  NEU: "neutral",
  SAD: "sadness",
};

/** CREMA-D. */
export const cremaD: Layout = {
  name: "crema-d",
  about: "CREMA-D, English: 91 actors, 6 emotions",
  expected: "names like AudioWAV/1001_DFA_ANG_XX.wav (actor, sentence, emotion ANG DIS FEA HAP NEU or SAD, intensity)",
  inner: "AudioWAV",
  signature: /(?:^|\/)1\d{3}_[A-Z]{3}_(?:ANG|DIS|FEA|HAP|NEU|SAD)_(?:LO|MD|HI|XX|X)$/,
  async reader(dir, _found, { softLabels }) {
    const votes = softLabels ? await readVotes(dir) : undefined;
    return (file) => {
      const name = baseName(file);
      const match = /^(\d{4})_([A-Z]{3})_(ANG|DIS|FEA|HAP|NEU|SAD)_(?:LO|MD|HI|XX?)$/i.exec(name);
      if (match === null) return null;
      const [, speaker, text, word] = match, own = votes?.get(name);
      const emotion = EMOTIONS[word.toUpperCase()];
      return { id: name, emotion, speaker, text: text.toUpperCase(), word, ...(own && { votes: own }) };
    };
  },
};

/** The votes of people who only heard the voice, by recording. */
async function readVotes(dir: string): Promise<Map<string, Record<string, number>>> {
  for (const folder of [dir, join(dir, "..")]) {
    const file = join(folder, "processedResults", "tabulatedVotes.csv");
    if (!(await statOrNull(file))?.isFile) continue;
    const { rows } = readTable(await Deno.readFile(file), file);
    const votes = new Map<string, Record<string, number>>();
    for (const { value } of rows) {
      if (!/^1\d{5}$/.test(value(0))) continue;
      const counts = Object.values(EMOTIONS).map((emotion, column): [string, number] => {
        return [emotion, Number(value("ADFHNS"[column]))];
      });
      votes.set(value("fileName"), Object.fromEntries(counts));
    }
    if (votes.size > 0) return votes;
    const expected = "rows of votes on the voice alone (first column from 100001 on)";
    throw new FileError({ file, expected, found: "none" });
  }
  throw new OptionError({
    option: "softLabels",
    where: dir,
    required: "processedResults/tabulatedVotes.csv beside AudioWAV, as CREMA-D ships it",
    found: undefined,
  });
}
