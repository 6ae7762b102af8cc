/**
 * CASIA, the Chinese emotional corpus of the Institute of Automation (Tao, Liu, Zhang & Jia, 2008): four speakers, six
 * emotions, the same sentences in each. Three layouts go about: `liuchanhg/angry/201.wav`, `201-angry-liuchanhg.wav` and
 * `Happy_liuchanhg_440.wav`. An utterance gets the same id in all of them.
 *
 * @module
 */
import { type Corpus, emotionName, isEmotion } from "./corpus.ts";
import { type Label, openNamedFiles } from "./files.ts";

/**
 * Opens CASIA, in any of its layouts. Its segments are 3 frames (30 ms) apart, as in the paper.
 *
 * @throws {Error} where the folder is not there, or holds no recording named as CASIA's are
 */
export function openCasia(dir: string): Promise<Corpus> {
  return openNamedFiles(dir, {
    name: "casia",
    wanted: "names like liuchanhg/angry/201.wav, 201-angry-liuchanhg.wav or Happy_liuchanhg_440.wav",
    segmentHop: 3,
    understand: understandCasia,
  });
}

function understandCasia(file: string): Label | null {
  const foldered = /(?:^|\/)([^/]+)\/([^/]+)\/(\d+)\.wav$/i.exec(file);
  if (foldered !== null) {
    return label(foldered[1], foldered[2], foldered[3]) ?? label(foldered[2], foldered[1], foldered[3]);
  }
  const numberFirst = /(?:^|\/)(\d+)-([a-z]+)-([a-z]+)\.wav$/i.exec(file);
  if (numberFirst !== null) return label(numberFirst[3], numberFirst[2], numberFirst[1]);
  const emotionFirst = /(?:^|\/)([a-z]+)_([a-z]+)_(\d+)\.wav$/i.exec(file);
  if (emotionFirst !== null) return label(emotionFirst[2], emotionFirst[1], emotionFirst[3]);
  return null;
}

function label(name: string, word: string, text: string): Label | null {
  if (!isEmotion(word)) return null;
  const speaker = name.toLowerCase(), emotion = emotionName(word);
  return { id: `${speaker}_${emotion}_${text}`, emotion, speaker, text };
}
