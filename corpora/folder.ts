/**
 * Any corpus sorted into folders: one folder per emotion (`angry/x.wav`), with speakers' folders inside
 * (`angry/anna/x.wav`) or outside (`anna/angry/x.wav`). Without speakers' folders, every utterance's speaker is
 * "unknown". Outer folders called train, dev or test are the corpus's own parts.
 *
 * @module
 */
import { OptionError } from "../base/option_error.ts";
import { type Corpus, emotionName, isEmotion, type LabelMap, mapLabel, type ReadingChoices } from "./corpus.ts";
import { listRecordings } from "./files.ts";
import { namedCorpus } from "./layout.ts";
import { describeNames, nearestLayout } from "./layouts.ts";

const EXPECTED =
  "one folder for each emotion, with WAV files in it (angry/x.wav, angry/anna/x.wav or anna/angry/x.wav)";

/** Names of a corpus's parts. */
export const PART = /^(train(ing)?|dev(elopment)?|val(id|idation)?|test(ing)?|eval(uation)?)$/i;

/**
 * Opens a folder of folders. A folder with an unknown name is a separate emotion if a folder beside it has a known one.
 *
 * @throws {Error} if the folder does not exist or contains no WAV file, no folder names an emotion, or there is one emotion only
 */
export async function openFolder(dir: string, choices: ReadingChoices = {}): Promise<Corpus> {
  const found = await listRecordings(dir);
  const folders = found.wavs.map((file) => file.split("/").slice(0, -1)).filter((parts) => parts.length > 0);
  const level = emotionLevel(folders, choices.labels), layout = nearestLayout(found.wavs);
  if (level === undefined && (folders.length > 0 || layout !== undefined)) {
    const looks = layout === undefined
      ? `its files look like this: ${describeNames(found.wavs)}. ` +
        "`pattern: '{speaker}_{emotion}_{text}.wav'` reads emotions from names; `labels: map.json` maps folder names to emotions"
      : `its files look like ${layout.about}: \`corpus: ${layout.name}\` reads it`;
    const instead = folders.length > 0 ? named(folders) : "no folders";
    throw new OptionError({
      option: "corpus",
      where: dir,
      required: "folders named by emotions (other folders would be learned as emotions)",
      found: instead,
      help: looks,
    });
  }
  const corpus = namedCorpus(dir, { name: "folder", expected: EXPECTED, segmentHop: 1 }, {
    found,
    choices,
    understand(name) {
      const parts = name.split("/").slice(0, -1), word = parts[level ?? 0];
      if (word === undefined) return null;
      const around = level! > 0 ? parts[level! - 1] : undefined,
        part = parts.slice(0, level).find((own) => PART.test(own));
      const speaker = around === undefined || PART.test(around) ? parts[level! + 1] : around;
      return {
        id: name,
        emotion: emotionName(word),
        speaker: speaker ?? "unknown",
        text: "",
        ...(part && { fold: part.toLowerCase() }),
        word,
      };
    },
  });
  if (layout === undefined) return corpus;
  const note = `the files are named like ${layout.about}: \`corpus: ${layout.name}\` reads more from their names`;
  return { ...corpus, notes: [...corpus.notes ?? [], note] };
}

/**
 * The depth at which folder names are emotions: the first at which most recordings have one, otherwise the one at which
 * any has.
 */
export function emotionLevel(folders: readonly (readonly string[])[], labels?: LabelMap): number | undefined {
  const deepest = Math.max(0, ...folders.map((parts) => parts.length));
  const shares = Array.from({ length: deepest }, (_, level) => {
    const names = folders.filter((parts) => {
      const name = parts[level];
      return name !== undefined && (isEmotion(name) || mapLabel(labels, name) !== undefined);
    });
    return names.length / folders.length;
  });
  const most = shares.findIndex((share) => share > 0.5);
  if (most >= 0) return most;
  const any = shares.findIndex((share) => share > 0);
  return any < 0 ? undefined : any;
}

function named(folders: readonly (readonly string[])[]): string {
  const names = [...new Set(folders.map(([first]) => first))];
  return names.slice(0, 4).join(", ") + (names.length > 4 ? ` and ${names.length - 4} more` : "");
}
