/**
 * CASIA, the Chinese emotional corpus of the Institute of Automation (Tao, Liu, Zhang & Jia, 2008): four speakers, six
 * emotions, the same sentences in each. Three layouts exist: `liuchanhg/angry/201.wav`, `201-angry-liuchanhg.wav` and
 * `Happy_liuchanhg_440.wav`. An utterance gets the same id in all of them.
 *
 * @module
 */
import { emotionName, isEmotion } from "../corpus.ts";
import type { Layout, NameLabel } from "../layout.ts";

/** CASIA, in any of its layouts. Its segments start every 3 frames (30 ms), as in the paper. */
export const casia: Layout = {
  name: "casia",
  about: "CASIA, Mandarin: 4 speakers, 6 emotions",
  expected: "names like liuchanhg/angry/201.wav, 201-angry-liuchanhg.wav or Happy_liuchanhg_440.wav",
  segmentHop: 3,
  // its four speakers: other people's folders may also be named like anna/angry/1.wav
  signature: /(?:^|[/_-])(?:liuchanhg|liuchang|wangzhe|zhaoquanyin|zhaozuoxiang)(?:[/_-]|$)/i,
  reader: () => understand,
};

function understand(file: string): NameLabel | null {
  const foldered = /(?:^|\/)([^/]+)\/([^/]+)\/(\d+)$/i.exec(file);
  if (foldered !== null) {
    return label(foldered[1], foldered[2], foldered[3]) ?? label(foldered[2], foldered[1], foldered[3]);
  }
  const numberFirst = /(?:^|\/)(\d+)-([a-z]+)-([a-z]+)$/i.exec(file);
  if (numberFirst !== null) return label(numberFirst[3], numberFirst[2], numberFirst[1]);
  const emotionFirst = /(?:^|\/)([a-z]+)_([a-z]+)_(\d+)$/i.exec(file);
  if (emotionFirst !== null) return label(emotionFirst[2], emotionFirst[1], emotionFirst[3]);
  return null;
}

function label(name: string, word: string, text: string): NameLabel | null {
  if (!isEmotion(word)) return null;
  const speaker = name.toLowerCase(), emotion = emotionName(word);
  return { id: `${speaker}_${emotion}_${text}`, emotion, speaker, text, word };
}
