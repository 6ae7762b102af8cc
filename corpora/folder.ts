/**
 * Any corpus that is sorted into folders: a folder an emotion (`angry/x.wav`), with a folder a speaker inside each
 * (`angry/anna/x.wav`) or around them (`anna/angry/x.wav`). Where there are no folders of speakers, every utterance's
 * speaker is "unknown".
 *
 * @module
 */
import { type Corpus, emotionName, isEmotion } from "./corpus.ts";
import { listRecordings, openNamedFiles, RECORDING } from "./files.ts";

/**
 * Opens a folder of folders. A folder whose name is no known emotion's is an emotion of its own.
 *
 * @throws {Error} where the folder is not there or holds no WAV file in a folder of its own, or there is one emotion only
 */
export async function openFolder(dir: string): Promise<Corpus> {
  const found = await listRecordings(dir);
  const folders = found.wavs.map((file) => file.split("/").slice(0, -1)).filter((parts) => parts.length > 0);
  // speakers are outside only where the outer folders name no emotion and the inner ones do
  const speakersOutside = !folders.some((parts) => isEmotion(parts[0])) &&
    folders.some((parts) => parts.length > 1 && isEmotion(parts[1]));
  return openNamedFiles(dir, {
    name: "folder",
    wanted: "a folder an emotion, with WAV files in it (angry/x.wav, angry/anna/x.wav or anna/angry/x.wav)",
    segmentHop: 1,
    found,
    understand(file) {
      const parts = file.split("/").slice(0, -1);
      const [emotion, speaker] = speakersOutside ? [parts[1], parts[0]] : [parts[0], parts[1] ?? "unknown"];
      if (emotion === undefined) return null;
      return { id: file.replace(RECORDING, ""), emotion: emotionName(emotion), speaker, text: "" };
    },
  });
}
