/**
 * IEMOCAP, Interactive Emotional Dyadic Motion Capture Database (Busso et al., Language Resources and Evaluation 2008): five
 * sessions of two English actors each, 10,039 turns of scripted and improvised dialogues.
 *
 *     Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav      the last F or M: the speaker
 *     Session1/dialog/EmoEvaluation/Ses01F_impro01.txt                   listeners' ratings:
 *         [6.2901 - 8.2357] <tab> Ses01F_impro01_F000 <tab> neu <tab> [2.5000, 2.5000, 2.5000]
 *         C-E2: <tab> Neutral; <tab> ()                                  one listener's vote; C-F1, C-M1: the actors' own
 *
 * The usual choice is four classes, 5,531 turns: anger, happiness with excitement, neutral and sadness. Other labels are left
 * out, unless `--labels` names them ({"frustration": "frustration"}). The text is the script or the scene, which all sessions
 * and both speakers of each share.
 *
 * @module
 */
import { FileError } from "../../base/file_error.ts";
import { join } from "@std/path";
import { emotionName, mapLabel } from "../corpus.ts";
import { plainWord } from "../emotion_names.ts";
import { statOrNull } from "../files.ts";
import { baseName, type Layout } from "../layout.ts";

/** Meanings of the label files' codes. */
const CODES: Readonly<Record<string, string>> = {
  ang: "anger",
  hap: "happiness",
  exc: "excitement",
  neu: "neutral",
  sad: "sadness",
  fru: "frustration",
  fea: "fear",
  sur: "surprise",
  dis: "disgust",
  oth: "other",
  xxx: "undecided",
};

/** The four classes, and the emotions that each includes. */
const FOUR: Readonly<Record<string, string>> = {
  anger: "anger",
  happiness: "happiness",
  excitement: "happiness",
  neutral: "neutral",
  sadness: "sadness",
};

/** IEMOCAP. */
export const iemocap: Layout = {
  name: "iemocap",
  about: "IEMOCAP, English: 5 sessions of 2 actors, 4 emotions by custom",
  expected:
    "names like Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav, and Session1/dialog/EmoEvaluation/Ses01F_impro01.txt",
  signature: /(?:^|\/)Ses0[1-5][FM]_(?:impro|script)\d\d[^/]*_[FM]\d{3}$/,
  async reader(dir, { wavs }, { labels, softLabels }) {
    const turns = await readTurns(dir, wavs);
    return (file) => {
      const name = baseName(file), match = /^Ses(\d\d)[FM]_((?:impro|script)\w+?)_([FM])\w?\d{3}$/.exec(name);
      if (match === null) return null;
      const [, session, text, speaker] = match, turn = turns.get(name);
      if (turn === undefined) return "no row for it in dialog/EmoEvaluation";
      const word = CODES[turn.code] ?? turn.code, emotion = mapLabel(labels, turn.code, word) ?? FOUR[word];
      if (mapLabel(labels, turn.code, word) === null) return `\`labels\` leaves "${word}" out`;
      if (emotion === undefined) return `"${word}" is not one of the four classes; \`labels\` can map it to one`;
      const votes = softLabels ? countVotes(turn.votes, (own) => mapLabel(labels, own) ?? FOUR[own]) : undefined;
      return { id: name, emotion, speaker: `${session}${speaker}`, text, session, ...(votes && { votes }) };
    };
  },
};

/** A turn's label, and each listener's words. */
interface Turn {
  code: string;
  votes: string[];
}

/** Reads the label files of every dialogue that has recordings. */
async function readTurns(dir: string, wavs: readonly string[]): Promise<Map<string, Turn>> {
  const files = new Set(wavs.flatMap((file) => {
    const match = /^(.*?)sentences\/wav\/([^/]+)\//.exec(file);
    return match === null ? [] : [`${match[1]}dialog/EmoEvaluation/${match[2]}.txt`];
  }));
  const turns = new Map<string, Turn>();
  let read = 0;
  for (const name of files) {
    const file = join(dir, name);
    if (!(await statOrNull(file))?.isFile) continue;
    read++;
    let turn: Turn | undefined;
    for (const line of new TextDecoder().decode(await Deno.readFile(file)).split(/\r?\n/)) {
      const head = /^\[\s*[\d.]+\s*-\s*[\d.]+\s*\]\t([^\t]+)\t([a-z]+)\t/.exec(line);
      if (head !== null) turns.set(head[1], turn = { code: head[2], votes: [] });
      // votes of listeners (E), not the actors' own (F, M)
      const vote = /^C-E\d+:\t([^\t(]*)/.exec(line);
      if (vote !== null) turn?.votes.push(...vote[1].split(";").map(plainWord).filter((word) => word !== ""));
    }
  }
  if (read === 0) {
    throw new FileError({
      file: dir,
      expected:
        "IEMOCAP's label files, Session1/dialog/EmoEvaluation/Ses01F_impro01.txt and so on beside Session1/sentences",
      found: "none",
    });
  }
  return turns;
}

/** Counts listeners' votes for the learned classes; undefined if nobody chose one. */
function countVotes(
  words: readonly string[],
  nameOf: (emotion: string) => string | undefined,
): Record<string, number> | undefined {
  const counts: Record<string, number> = {};
  for (const word of words) {
    const emotion = nameOf(WORDS[word] ?? emotionName(word));
    if (emotion !== undefined) counts[emotion] = (counts[emotion] ?? 0) + 1;
  }
  return Object.keys(counts).length === 0 ? undefined : counts;
}

/** Listeners' words that differ from the label files' codes. */
const WORDS: Readonly<Record<string, string>> = {
  "neutral state": "neutral",
  excited: "excitement",
  frustrated: "frustration",
};
