/** The synthetic corpus: the same for the same seed, mixed as described, and physically like speech. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { Corpus, Speech } from "../../corpora/corpus.ts";
import { openCorpus } from "../../corpora/open.ts";
import { openSynthetic } from "../../corpora/synthetic.ts";
import { emptyTrack, FORMANTS, noiseTable, speak, TRACK_STEP, VOICE_RATE } from "../../corpora/voice.ts";
import { frameCount } from "../../dsp/log_mel.ts";
import { Random } from "../../kernels/random.ts";
import { assertOptionError } from "../option_errors.ts";

const readAll = (corpus: Corpus): Promise<Speech[]> => Promise.all(corpus.utterances.map(({ read }) => read()));

Deno.test("openSynthetic() makes the same speech from the same seed, in any order of reading, and other from another", async () => {
  const size = { utterances: 6, speakers: 2 };
  const forth = await readAll(openSynthetic(7, size));
  const again = openSynthetic(7, size);
  const back: Speech[] = [];
  for (const utterance of again.utterances.toReversed()) back.unshift(await utterance.read());
  assertEquals(forth, back);
  const other = await readAll(openSynthetic(8, size));
  for (const [i, { samples }] of other.entries()) assertNotEquals(samples, forth[i].samples);
});

Deno.test("openSynthetic() makes 120 utterances evenly of five emotions, by six speakers who speak each of them", async () => {
  const corpus = await openCorpus("synthetic");
  assertEquals(corpus.emotions, ["anger", "fear", "happiness", "neutral", "sadness"]);
  const counts = corpus.emotions.map((e) => corpus.utterances.filter(({ emotion }) => emotion === e).length);
  assertEquals(counts, [24, 24, 24, 24, 24]);
  assertEquals(new Set(corpus.utterances.map(({ speaker }) => speaker)).size, 6);
  assert(new Set(corpus.utterances.map(({ text }) => text)).size > 3);
  for (const speaker of new Set(corpus.utterances.map(({ speaker }) => speaker))) {
    const own = corpus.utterances.filter((utterance) => utterance.speaker === speaker);
    assertEquals(new Set(own.map(({ emotion }) => emotion)).size, 5, "no speaker may stand for an emotion");
  }
});

Deno.test("openSynthetic() mixes each emotion, over 40 to 70 % of the frames, with neutral; nothing clips", async () => {
  for (const seed of [1, 2, 3]) {
    const corpus = await openCorpus("synthetic", { seed });
    const neutral = corpus.emotions.indexOf("neutral");
    for (const utterance of corpus.utterances) {
      const { samples, seconds, truth } = await utterance.read();
      assert(seconds > 1 && seconds < 2.5, `${utterance.id} is ${seconds} s`);
      assertEquals(truth!.length, frameCount(samples.length));
      const label = corpus.emotions.indexOf(utterance.emotion);
      const share = truth!.filter((emotion) => emotion === label).length / truth!.length;
      if (label === neutral) assertEquals(share, 1);
      else assert(share >= 0.4 && share <= 0.7, `${utterance.id}: ${share}`);
      assert(truth!.every((emotion) => emotion === label || emotion === neutral));

      let peak = 0, power = 0, finite = true;
      for (const sample of samples) {
        finite &&= Number.isFinite(sample);
        peak = Math.max(peak, Math.abs(sample));
        power += sample * sample;
      }
      const rms = Math.sqrt(power / samples.length);
      assert(finite && peak < 1, `${utterance.id}: peak ${peak}`);
      assert(rms > 0.01 && rms < 0.4, `${utterance.id}: root mean square ${rms}`);
    }
  }
});

/** Mean level in dB of the frames with one true emotion, over all utterances with a label. */
async function level(corpus: Corpus, label: string, spoken: string): Promise<number> {
  let power = 0, frames = 0;
  for (const utterance of corpus.utterances.filter(({ emotion }) => emotion === label)) {
    const { samples, truth } = await utterance.read();
    truth!.forEach((emotion, frame) => {
      if (corpus.emotions[emotion] !== spoken) return;
      for (const sample of samples.subarray(frame * 160, frame * 160 + 400)) power += sample * sample / 400;
      frames++;
    });
  }
  return 10 * Math.log10(power / frames);
}

Deno.test("openSynthetic() is loud where the truth says anger and soft where it says sadness, in the same utterances", async () => {
  const corpus = openSynthetic(1, { utterances: 60, speakers: 6 });
  const anger = await level(corpus, "anger", "anger") - await level(corpus, "anger", "neutral");
  const sadness = await level(corpus, "sadness", "sadness") - await level(corpus, "sadness", "neutral");
  assert(anger > 3, `anger is ${anger.toFixed(1)} dB above neutral`);
  assert(sadness < -2, `sadness is ${sadness.toFixed(1)} dB above neutral`);
});

Deno.test("openSynthetic() refuses a size that leaves an emotion without an utterance", async () => {
  await assertOptionError(() => openSynthetic(1, { utterances: 4 }), "utterances", />= 5, found 4/);
  await assertOptionError(() => openSynthetic(1, { speakers: 0 }), "speakers", />= 1, found 0/);
});

/** A steady vowel: 140 Hz, F1 700 Hz, F2 1,200 Hz, the rest far above. */
function steadyVowel(): Float32Array {
  const track = emptyTrack(200);
  track.pitch.fill(140);
  track.voicing.fill(0.1);
  track.openQuotient.fill(0.6);
  track.tilt.fill(0.5);
  track.fricationHz.fill(4000);
  for (let p = 0; p < 200; p++) {
    track.formants.set([700, 1200, 2600, 3500, 4500, 5500], p * FORMANTS);
    track.bandwidths.set([80, 90, 130, 200, 250, 350], p * FORMANTS);
  }
  return speak(track, noiseTable(new Random(1, 1)), new Random(1, 2));
}

/** Power at one frequency over the second half of the sound, by the definition of the Fourier transform. */
function powerAt(samples: Float32Array, hz: number): number {
  let re = 0, im = 0;
  for (let n = samples.length / 2; n < samples.length; n++) {
    const hann = 0.5 - 0.5 * Math.cos(4 * Math.PI * n / samples.length);
    re += hann * samples[n] * Math.cos(2 * Math.PI * hz * n / VOICE_RATE);
    im += hann * samples[n] * Math.sin(2 * Math.PI * hz * n / VOICE_RATE);
  }
  return re * re + im * im;
}

Deno.test("speak() gives harmonics of the pitch, shaped by the formants", () => {
  const samples = steadyVowel();
  assertEquals(samples.length, 200 * TRACK_STEP);
  // between harmonics there is almost nothing
  assert(powerAt(samples, 140 * 3) > 1000 * powerAt(samples, 140 * 3.5));
  // 700 Hz is the 5th harmonic and the first formant, 1,260 the 9th and next to the second; 980 lies between, 1,960 above
  const db = (hz: number) => 10 * Math.log10(powerAt(samples, hz));
  assert(db(700) > db(420) + 3 && db(700) > db(980) + 6, "the first formant");
  assert(db(1260) > db(980) && db(1260) > db(1960) + 10, "the second formant");
});
