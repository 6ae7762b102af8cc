/**
 * Finds recordings in a folder, and reads one: the code shared by all corpora on disk.
 *
 * @module
 */
import { FileError } from "../base/file_error.ts";
import { OptionError } from "../base/option_error.ts";
import { join } from "@std/path";
import { readRecording } from "../dsp/recording_reader.ts";
import { frontEnd } from "../dsp/settings.ts";
import type { SkippedFile, Span, Speech, Utterance } from "./corpus.ts";

/** The properties of an utterance that are known before its sound is read. */
export type Label = Omit<Utterance, "path" | "read">;

/** Names of files to read. The content then decides the format. */
export const RECORDING = /\.(wav|wave|w64|rf64|bw64|flac|mp3|ogg|oga|opus|m4a|aac)$/i;

/** Names of sound files that are not read. Skipping one is worth a message; skipping a text file is not. */
const OTHER_AUDIO = /\.(aif|aifc|aiff|au|caf|amr|mp4|mov|3gp|mka|webm|wma|wv|ape|ac3|sph)$/i;

/** A recording's name without the extension. */
export function stem(file: string): string {
  return file.replace(RECORDING, "").replace(OTHER_AUDIO, "");
}

/** The result of {@link listRecordings}: sorted paths relative to the folder, with `/` as separator. */
export interface RecordingList {
  /** WAV files */
  wavs: string[];
  /** audio in other formats */
  others: string[];
  /** broken or circular links, with their full paths */
  faults: SkippedFile[];
}

/**
 * Lists every recording under a folder (wav and the supported compressed formats). Hidden files and folders (`.git`, macOS's `._x.wav`)
 * are ignored. Links to files and folders are followed; a circular or broken link is a fault.
 *
 * @throws {Error} if `dir` does not exist or is not a folder
 */
export async function listRecordings(dir: string): Promise<RecordingList> {
  await requireFolder(dir);
  const wavs: string[] = [], others: string[] = [], faults: SkippedFile[] = [];
  const walk = async (below: string, above: readonly string[]): Promise<void> => {
    const folder = join(dir, below), real = await Deno.realPath(folder);
    if (above.includes(real)) {
      faults.push({ path: folder, reason: `a circular link, to ${real}` });
      return;
    }
    for await (const entry of Deno.readDir(folder)) {
      if (entry.name.startsWith(".")) continue;
      const name = below === "" ? entry.name : `${below}/${entry.name}`;
      let isFolder = entry.isDirectory;
      if (entry.isSymlink) {
        const target = await followLink(join(dir, name));
        if (typeof target === "string") {
          faults.push({ path: join(dir, name), reason: target });
          continue;
        }
        isFolder = target.isDirectory;
      }
      if (isFolder) await walk(name, [...above, real]);
      else if (RECORDING.test(entry.name)) wavs.push(name);
      else if (OTHER_AUDIO.test(entry.name)) others.push(name);
    }
  };
  await walk("", []);
  return { wavs: wavs.sort(), others: others.sort(), faults: faults.sort((a, b) => a.path < b.path ? -1 : 1) };
}

/** The target of a link, or what is wrong with it, as the end of a sentence. */
export async function followLink(link: string): Promise<Deno.FileInfo | string> {
  try {
    return await Deno.stat(link);
  } catch (error) {
    const target = await Deno.readLink(link);
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return `a broken link: ${target} does not exist`;
    }
    if (error instanceof Deno.errors.FilesystemLoop || /too many levels/i.test((error as Error).message)) {
      return `a circular link, to ${target}`;
    }
    return `a link that can't be followed, to ${target}: ${(error as Error).message}`;
  }
}

/**
 * Throws unless `dir` is a folder.
 *
 * @throws {OptionError} of `data` if it does not exist, or is a file
 */
export async function requireFolder(dir: string): Promise<void> {
  const info = await statOrNull(dir);
  if (info?.isDirectory) return;
  const found = info === null ? undefined : "a file";
  throw new OptionError({ option: "data", where: dir, required: "the folder of the corpus", found });
}

/** The file or folder at a path, or null if there is none. */
export async function statOrNull(file: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.stat(file);
  } catch (error) {
    // NotADirectory: a part of the path is a file; the third: a name that no file can have
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
    if (error instanceof Deno.errors.FilesystemLoop || /name too long/i.test((error as Error).message)) return null;
    throw error;
  }
}

/** An utterance that is a recording, or a part of one. */
export function fileUtterance(file: string, label: Label): Utterance {
  return {
    ...label,
    path: file,
    async read(): Promise<Speech> {
      const bytes = await Deno.readFile(file);
      requireContent(bytes, file);
      const recording = await readRecording(bytes, file);
      return label.span === undefined
        ? { samples: recording.samples, seconds: recording.seconds }
        : cutSpan(recording, label.span, file);
    },
  };
}

/**
 * Throws if a file is a Git LFS pointer instead of the recording.
 *
 * @throws {FileError} with the file and the command that fetches it
 */
export function requireContent(bytes: Uint8Array, name: string): void {
  if (bytes.length > 1024 || bytes[0] !== 0x76) return; // "v"
  const text = new TextDecoder().decode(bytes);
  if (!text.startsWith("version https://git-lfs.github.com/spec/")) return;
  const size = /^size (\d+)$/m.exec(text)?.[1];
  const found = `a Git LFS pointer${size ? ` to ${size} bytes` : ""}`;
  throw new FileError({ file: name, expected: "a recording", found, help: "git lfs pull fetches it" });
}

/** Seconds by which a span may exceed its recording: lists contain rounded times. */
const OVERRUN = 0.1;

/**
 * A part of a decoded recording.
 *
 * @throws {FileError} if the span does not lie within it
 */
export function cutSpan({ samples, seconds }: Speech, { start, end }: Span, name: string): Speech {
  if (start >= seconds || end > seconds + OVERRUN) {
    const expected = `a part within the recording's ${Number(seconds.toFixed(3))} s`;
    throw new FileError({ file: name, expected, found: `${start} to ${end} s` });
  }
  const at = (time: number) => Math.min(samples.length, Math.round(time * frontEnd.sampleRate));
  const cut = samples.slice(at(start), at(end));
  return { samples: cut, seconds: Math.min(end, seconds) - start };
}
