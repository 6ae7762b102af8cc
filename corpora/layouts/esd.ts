/**
 * ESD, Emotional Speech Dataset (Zhou, Sisman, Liu & Li, ICASSP 2021): 35,000 recordings by ten speakers of Mandarin (0001 to
 * 0010) and ten of English, 350 sentences, five emotions. `0001/Angry/0001_000351.wav` is a typical path; some releases add
 * `train`, `evaluation` or `test` between emotion and file, the authors' own split.
 *
 * A speaker's numbers run through the emotions, 350 each, so sentence k has the numbers k, 350 + k, 700 + k and so on.
 * `0001/0001.txt` has the words, in UTF-8, UTF-16 or GB 18030, depending on the speaker.
 *
 * @module
 */
import { basename, join } from "@std/path";
import { decodeText } from "../csv.ts";
import { emotionName } from "../corpus.ts";
import type { Layout } from "../layout.ts";

const SENTENCES = 350;

const FILE = /(?:^|\/)(?:(angry|happy|neutral|sad|surprise)\/)?(?:(train|evaluation|test)\/)?((\d{4})_(\d{6}))$/i;

/** ESD. The text is the sentence's number and its language, or the words if the speaker's list exists. */
export const esd: Layout = {
  name: "esd",
  about: "ESD, Mandarin and English: 20 speakers, 5 emotions",
  expected: "names like 0001/Angry/0001_000351.wav (speaker, emotion Angry Happy Neutral Sad or Surprise, number)",
  signature: /(?:^|\/)(?:angry|happy|neutral|sad|surprise)\/(?:(?:train|evaluation|test)\/)?00[012]\d_\d{6}$/i,
  async reader(dir, { wavs }) {
    const folders = new Set(wavs.flatMap((file) => {
      const at = /^(.*?)(\d{4})\//.exec(file);
      return at === null ? [] : [`${at[1]}${at[2]}`];
    }));
    const lines = new Map<string, { words: string; emotion?: string }>();
    for (const folder of folders) await readWords(join(dir, folder), lines);
    return (file) => {
      const match = FILE.exec(file);
      if (match === null) return null;
      const [, folder, part, id, speaker, number] = match, listed = lines.get(id);
      const word = folder ?? listed?.emotion;
      if (word === undefined) return null;
      const sentence = (Number(number) - 1) % SENTENCES + 1, language = Number(speaker) <= 10 ? "zh" : "en";
      return {
        id,
        emotion: emotionName(word),
        speaker,
        text: listed?.words ?? `${language}${String(sentence).padStart(3, "0")}`,
        ...(part && { fold: part.toLowerCase() }),
        word,
      };
    };
  },
};

/** Adds the lines of a speaker's list, `number<tab>words<tab>emotion`. Does nothing if there is no list. */
async function readWords(folder: string, into: Map<string, { words: string; emotion?: string }>): Promise<void> {
  const file = join(folder, `${basename(folder)}.txt`);
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  for (const line of decodeText(bytes, "gb18030").split(/\r?\n/)) {
    const [id, words, emotion] = line.split("\t").map((field) => field.trim());
    if (/^\d{4}_\d{6}$/.test(id) && words) into.set(id, { words, emotion: CHINESE[emotion] ?? (emotion || undefined) });
  }
}

/** Names of emotions in the Mandarin speakers' lists. */
const CHINESE: Readonly<Record<string, string>> = {
  中立: "neutral",
  生气: "angry",
  快乐: "happy",
  伤心: "sad",
  惊喜: "surprise",
};
