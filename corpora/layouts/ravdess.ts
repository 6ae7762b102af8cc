/**
 * RAVDESS, Ryerson Audio-Visual Database of Emotional Speech and Song (Livingstone & Russo, PLoS ONE 2018): 1,440 spoken
 * recordings by 24 actors, two sentences, eight emotions. A name consists of seven numbers, `03-01-06-01-02-01-12.wav`: modality
 * (03 is sound alone), channel (01 speech, 02 song), emotion, intensity, sentence, repetition, actor (odd: a man).
 *
 * @module
 */
import { baseName, type Layout } from "../layout.ts";

const EMOTIONS = ["neutral", "calm", "happiness", "sadness", "anger", "fear", "disgust", "surprise"];

/** RAVDESS. Singing is left out, and so is the sound of the films beside the recordings. */
export const ravdess: Layout = {
  name: "ravdess",
  about: "RAVDESS, English: 24 actors, 8 emotions",
  expected:
    "names like Actor_12/03-01-06-01-02-01-12.wav (modality, channel, emotion 01 to 08, intensity, sentence, take, actor)",
  signature: /(?:^|\/)0[1-3]-0[12]-0[1-8]-0[12]-0[12]-0[12]-(?:0[1-9]|1\d|2[0-4])$/,
  reader: () => (file) => {
    const name = baseName(file), numbers = name.split("-");
    if (!/^\d\d(-\d\d){6}$/.test(name)) return null;
    const [modality, channel, emotion, , text, , speaker] = numbers;
    if (channel === "02") return "sung, not spoken (channel 02)";
    if (modality !== "03") return `from a film (modality ${modality}); its sound is 03${name.slice(2)}`;
    const own = EMOTIONS[Number(emotion) - 1];
    return own === undefined ? null : { id: name, emotion: own, speaker, text, word: emotion };
  },
};
