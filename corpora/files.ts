/**
 * Finding recordings in a folder: what the kinds of corpus that lie on disk share. A kind says how a file's name is to be
 * understood; this walks the folder, asks it about each file, and says plainly what it could not use.
 *
 * @module
 */
import { join } from "@std/path";
import { decodeRecording } from "../dsp/mod.ts";
import { type Corpus, count, makeCorpus, type Skipped, type Spoken, type Utterance } from "./corpus.ts";

/** What a file's name says of the utterance in it. */
export type Label = Pick<Utterance, "id" | "emotion" | "speaker" | "text">;

/** Sound that is not WAV: worth a word where it is passed over, as a text file is not. */
const OTHER_AUDIO = /\.(aac|aif|aiff|flac|m4a|mp3|mp4|ogg|opus|webm|wma)$/i;

/**
 * Every WAV file under a folder, as paths relative to it with `/` between their parts, sorted; hidden files and folders
 * (`.git`, macOS's `._x.wav`) are passed over. Audio in other formats comes back as `others`.
 *
 * @throws {Error} where `dir` is not there or is not a folder
 */
export async function listRecordings(dir: string): Promise<{ wavs: string[]; others: string[] }> {
  await requireFolder(dir);
  const wavs: string[] = [], others: string[] = [];
  const walk = async (below: string): Promise<void> => {
    for await (const entry of Deno.readDir(join(dir, below))) {
      if (entry.name.startsWith(".")) continue;
      const name = below === "" ? entry.name : `${below}/${entry.name}`;
      // a link is followed to a file, never to a folder: folders that link to each other would not end
      if (entry.isDirectory) await walk(name);
      else if (/\.wav$/i.test(entry.name)) wavs.push(name);
      else if (OTHER_AUDIO.test(entry.name)) others.push(name);
    }
  };
  await walk("");
  return { wavs: wavs.sort(), others: others.sort() };
}

/**
 * Throws unless `dir` is a folder.
 *
 * @throws {Error} where it is not there, or is a file
 */
export async function requireFolder(dir: string): Promise<void> {
  const info = await statOrNull(dir);
  if (info === null) throw new Error(`${dir}: no such folder; --data wants the folder of the corpus`);
  if (!info.isDirectory) throw new Error(`${dir} is a file; --data wants the folder of the corpus`);
}

/** What is at a path, or null where nothing is. */
export async function statOrNull(file: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.stat(file);
  } catch (error) {
    // the second: something on the way there is a file
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
    throw error;
  }
}

/** An utterance that is read from a WAV file. */
export function fileUtterance(file: string, label: Label): Utterance {
  return {
    ...label,
    path: file,
    async read(): Promise<Spoken> {
      const { samples, seconds } = decodeRecording(await Deno.readFile(file), file);
      return { samples, seconds };
    },
  };
}

/**
 * A corpus whose files say what they are by where they lie and what they are called.
 *
 * @param kind.understand what a path relative to `dir` (with `/`) says, or null where it says nothing
 * @param kind.wanted how files are named, with an example: for messages
 * @throws {Error} where the folder is missing or empty, no file is named as wanted, or fewer than two emotions are found
 */
export async function openNamedFiles(
  dir: string,
  kind: {
    name: string;
    wanted: string;
    segmentHop: number;
    understand: (file: string) => Label | null;
    /** what was found, where the caller has walked the folder already */
    found?: { wavs: string[]; others: string[] };
  },
): Promise<Corpus> {
  const { wavs, others } = kind.found ?? await listRecordings(dir);
  if (wavs.length === 0) {
    const instead = others.length === 0
      ? "has no WAV file in it"
      : `has ${count(others.length, "recording")} but no WAV file in it (${others[0]}): convert them to WAV`;
    throw new Error(`${dir} ${instead}; wanted: ${kind.wanted}`);
  }
  const skipped: Skipped[] = others.map((file) => ({ path: join(dir, file), reason: "not a WAV file" }));
  const utterances: Utterance[] = [];
  for (const file of wavs) {
    const label = kind.understand(file);
    if (label !== null) utterances.push(fileUtterance(join(dir, file), label));
    else skipped.push({ path: join(dir, file), reason: `not named as wanted (${kind.wanted})` });
  }
  if (utterances.length === 0) {
    const first = `${count(wavs.length, "WAV file")}, none named as wanted (the first is ${wavs[0]})`;
    throw new Error(`${dir} has ${first}; wanted: ${kind.wanted}`);
  }
  return makeCorpus({ name: kind.name, from: dir, utterances, skipped, segmentHop: kind.segmentHop });
}
