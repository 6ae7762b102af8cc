/** `predict --format`: writes labelled stretches to stdout or to files in a folder. */
import { dirname, join, resolve } from "@std/path";
import { pathToFileURL } from "node:url";
import type { ModelDescription } from "../models/description.ts";
import { LABEL_EXTENSIONS, labelFile, type LabelFormat } from "../report/label_files.ts";
import { stretchesOf } from "../report/stretches.ts";
import { writeAtomically } from "../files/atomic.ts";
import type { ChannelPrediction, Input } from "./recordings.ts";

/** Media types by file extension, as in ELAN. */
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  ".wav": "audio/x-wav",
  ".mp3": "audio/mpeg",
  ".m4a": "audio/mp4",
  ".ogg": "audio/ogg",
  ".opus": "audio/ogg",
  ".flac": "audio/flac",
};

/** Writes the labels of recordings. */
export class LabelOutput {
  readonly #format: LabelFormat;
  readonly #folder: string | undefined;
  /** Files written so far, with the recording of each. */
  readonly #written = new Map<string, string>();

  /** @param folder the folder for the files; default: labels are printed */
  constructor(format: LabelFormat, folder: string | undefined) {
    [this.#format, this.#folder] = [format, folder];
  }

  /** Number of files written. */
  get written(): number {
    return this.#written.size;
  }

  /**
   * Writes or prints the labels of a recording.
   *
   * @throws {Error} if the file already belongs to another recording
   */
  async write(
    { name, file, below }: Exclude<Input, { fault: string }>,
    { channel, seconds, prediction }: ChannelPrediction,
    model: ModelDescription,
  ): Promise<void> {
    const [ext] = /\.[^./\\]*$/.exec(below) ?? [""];
    const text = labelFile(this.#format, {
      stretches: stretchesOf(prediction, seconds, model),
      seconds,
      media: file === undefined ? undefined : {
        url: pathToFileURL(resolve(file)).href,
        type: MEDIA_TYPES[ext.toLowerCase()] ?? "audio/*",
      },
      date: new Date(),
    });
    if (this.#folder === undefined) {
      console.log(text.trimEnd());
      return;
    }
    const stem = below.slice(0, below.length - ext.length) +
      (channel === undefined ? "" : `.${channel.replace(" ", "_")}`);
    const target = join(this.#folder, `${stem}.${LABEL_EXTENSIONS[this.#format]}`),
      before = this.#written.get(target);
    if (before !== undefined) throw new Error(`${name}: its labels would overwrite those of ${before}: ${target}`);
    this.#written.set(target, name);
    await Deno.mkdir(dirname(target), { recursive: true });
    await writeAtomically(target, text);
  }
}
