/**
 * MELD, Multimodal EmotionLines Dataset (Poria et al., ACL 2019): 13,708 utterances of a television series in seven emotions. Its
 * sound is in films, `dia0_utt0.mp4`, which users convert. Its labels are in `train_sent_emo.csv`, `dev_sent_emo.csv` and
 * `test_sent_emo.csv`. The numbering of dialogues restarts in each of the three parts. So a recording's part comes from its
 * folders' names (`train_splits/dia0_utt0.wav`), or from the table if there is only one.
 *
 * @module
 */
import { FileError } from "../../base/file_error.ts";
import { basename, join } from "@std/path";
import { type CsvTable, readTable } from "../csv.ts";
import { emotionName } from "../corpus.ts";
import { baseName, type Layout } from "../layout.ts";

const PARTS = ["train", "dev", "test"];

/** MELD. A dialogue is a session. */
export const meld: Layout = {
  name: "meld",
  about: "MELD, English: a television series, 7 emotions",
  expected:
    "names like train_splits/dia0_utt0.wav (convert the films: ffmpeg -i dia0_utt0.mp4 dia0_utt0.wav), and train_sent_emo.csv",
  signature: /(?:^|\/)dia\d+_utt\d+$/i,
  async reader(dir) {
    const tables = await readTables(dir);
    if (tables.size === 0) {
      throw new FileError({
        file: dir,
        expected:
          "MELD's labels, train_sent_emo.csv, dev_sent_emo.csv or test_sent_emo.csv, in this folder or above it",
        found: "none",
      });
    }
    return (file) => {
      const match = /^(?:final_videos_test)?dia(\d+)_utt(\d+)$/i.exec(baseName(file));
      if (match === null) return null;
      const [, dialogue, utterance] = match,
        part = partOf(file) ?? (tables.size === 1 ? [...tables.keys()][0] : undefined);
      if (part === undefined) return "its folder's name has none of train, dev and test";
      const row = tables.get(part)?.get(`${Number(dialogue)} ${Number(utterance)}`);
      if (row === undefined) return `no row for it in ${part}_sent_emo.csv`;
      const session = `${part}_dia${dialogue}`;
      return {
        id: `${session}_utt${utterance}`,
        emotion: emotionName(row.emotion),
        speaker: row.speaker || "unknown",
        text: row.text,
        session,
        fold: part,
        word: row.emotion,
      };
    };
  },
};

/** The part that a path names. */
function partOf(file: string): string | undefined {
  return PARTS.find((part) => new RegExp(`(?:^|[/_])${part}(?:[/_]|$)`, "i").test(file));
}

interface Row {
  emotion: string;
  speaker: string;
  text: string;
}

/** The tables that exist, by part; each by dialogue and utterance. */
async function readTables(dir: string): Promise<Map<string, Map<string, Row>>> {
  const tables = new Map<string, Map<string, Row>>();
  const found: string[] = [];
  const walk = async (folder: string, deep: number): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (/^(train|dev|test)_sent_emo\.csv$/i.test(name)) found.push(join(folder, name));
      else if (isDirectory && deep > 0 && !name.startsWith(".")) await walk(join(folder, name), deep - 1);
    }
  };
  await walk(dir, 2);
  if (found.length === 0) await walk(join(dir, ".."), 0);
  for (const file of found.sort()) {
    const part = basename(file).split("_")[0].toLowerCase();
    if (!tables.has(part)) tables.set(part, rowsOf(readTable(await Deno.readFile(file), file)));
  }
  return tables;
}

function rowsOf({ rows, name }: CsvTable): Map<string, Row> {
  return new Map(rows.map(({ value, line }) => {
    const [dialogue, utterance] = [value("Dialogue_ID"), value("Utterance_ID")];
    if (!/^\d+$/.test(dialogue) || !/^\d+$/.test(utterance)) {
      const expected = "numbers in Dialogue_ID and Utterance_ID";
      throw new FileError({ file: name, line, expected, found: `"${dialogue}" and "${utterance}"` });
    }
    return [`${Number(dialogue)} ${Number(utterance)}`, {
      emotion: value("Emotion"),
      speaker: value("Speaker"),
      text: value("Utterance"),
    }];
  }));
}
