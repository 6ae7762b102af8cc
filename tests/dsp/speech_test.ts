/** Speech activity: compared with where speech was placed, whatever its level and the noise under it. */
import { assert, assertEquals } from "@std/assert";
import { openSynthetic } from "../../corpora/synthetic.ts";
import { SpeechActivity, speechSegments } from "../../dsp/speech.ts";
import { Random } from "../../kernels/random.ts";

const RATE = 16000;
const utterances = openSynthetic(1, { utterances: 5, speakers: 2 }).utterances;
const spoken = await Promise.all(utterances.map(async (one) => (await one.read()).samples));
const seconds = (n: number) => new Float32Array(Math.round(RATE * n));
const decibels = (db: number) => 10 ** (db / 20);

/** Alternating pauses and utterances, with noise under everything; and the utterances' positions, in seconds. */
function conversation(pauses: number[], gains: number[], noise: number): { samples: Float32Array; truth: number[][] } {
  const parts: Float32Array[] = [], truth: number[][] = [];
  let at = 0;
  for (const [i, pause] of pauses.entries()) {
    parts.push(seconds(pause));
    at += parts.at(-1)!.length;
    if (i === gains.length) break;
    const one = spoken[i % spoken.length].map((x) => x * gains[i]);
    truth.push([at / RATE, (at + one.length) / RATE]);
    parts.push(one);
    at += one.length;
  }
  const samples = new Float32Array(at), random = new Random(5);
  let to = 0;
  for (const part of parts) {
    samples.set(part, to);
    to += part.length;
  }
  return { samples: samples.map((x) => x + noise * random.normal()), truth };
}

/**
 * Stretches of ones longer than 0.3 s, in seconds: the loud parts of one utterance count as one if the pauses are
 * short.
 */
function runs(active: Uint8Array): number[][] {
  const found: number[][] = [];
  active.forEach((one, t) => {
    if (one === 0) return;
    const last = found.at(-1);
    if (last && t / 100 - last[1] < 0.3) last[1] = (t + 1) / 100;
    else found.push([t / 100, (t + 1) / 100]);
  });
  return found.filter(([from, to]) => to - from > 0.3);
}

Deno.test("SpeechActivity finds utterances where they were placed, at any level, over silence and over noise", () => {
  const cases = [
    { name: "as loud as it is, over digital silence", gains: [1, 1, 1], noise: 0 },
    { name: "12 dB quieter, over faint noise", gains: [0.25, 0.25, 0.25], noise: decibels(-80) },
    { name: "40 dB quieter", gains: [0.01, 0.01, 0.01], noise: decibels(-95) },
    { name: "over noise 45 dB under full scale", gains: [1, 1, 1], noise: decibels(-45) },
    { name: "a second speaker 20 dB quieter", gains: [1, 0.1, 1], noise: decibels(-70) },
  ];
  for (const { name, gains, noise } of cases) {
    const { samples, truth } = conversation([1, 1.5, 0.8, 2], gains, noise);
    const activity = new SpeechActivity();
    for (let at = 0; at < samples.length; at += 1234) activity.push(samples.subarray(at, at + 1234));
    const found = runs(activity.frames()), where = `${name}: ${JSON.stringify({ found, truth })}`;
    assertEquals(found.length, truth.length, where);
    for (const [i, [from, to]] of truth.entries()) {
      // an utterance begins and ends softly; the hangover is 200 ms
      assert(found[i][0] > from - 0.05 && found[i][0] < from + 0.2, where);
      assert(found[i][1] > to - 0.25 && found[i][1] < to + 0.26, where);
    }
  }
});

Deno.test("SpeechActivity classifies a whole recording without pauses as speech, and nothing of digital silence", () => {
  const tone = Float32Array.from({ length: RATE }, (_, i) => 0.01 * Math.sin(i / 5));
  const steady = new SpeechActivity(), silence = new SpeechActivity();
  steady.push(tone);
  silence.push(seconds(1));
  assertEquals([steady.frames(), silence.frames()], [new Uint8Array(98).fill(1), new Uint8Array(98)]);
  assertEquals(new SpeechActivity().frames().length, 0);
});

Deno.test("the active level is P.56's: a burst's threshold lies 15.9 dB under its level, less the effect of the hangover", () => {
  // 1 s of square wave at -20 dB of full scale and 1 s of a square wave 22 dB lower, three times: the lower one is the floor
  const period = Float32Array.from({ length: 2 * RATE }, (_, i) => decibels(i < RATE ? -20 : -42) * (i & 1 ? 1 : -1));
  const activity = new SpeechActivity();
  for (let i = 0; i < 3; i++) activity.push(period);
  // active: 1.2 s of every 2 s. A = -20 + 10 log10((1 + 0.006) / 1.2) = -20.8 dB, less 15.9 dB: -36.7, in whole dB upward: -36.
  // 10 dB over the floor would be -32
  assertEquals(activity.threshold, -36);
});

Deno.test("a stream's activity: noise before the first word is not speech, words are, and the noise may grow", async (t) => {
  for (const [name, noise] of [["faint", -70], ["loud", -45]] as const) {
    await t.step(name, () => {
      const { samples, truth } = conversation([3, 2, 4], [1, 1], decibels(noise));
      const activity = new SpeechActivity({ memory: 30 }), active: number[] = [];
      for (let at = 0; at < samples.length; at += 1600) active.push(...activity.push(samples.subarray(at, at + 1600)));
      const found = runs(Uint8Array.from(active));
      assertEquals([active.length, found.length], [1 + Math.floor((samples.length - 400) / 160), truth.length]);
      for (const [i, [from, to]] of truth.entries()) {
        assert(
          Math.abs(found[i][0] - from) < 0.2 && Math.abs(found[i][1] - to) < 0.3,
          JSON.stringify({ found, truth }),
        );
      }
    });
  }
});

Deno.test("speechSegments() counts the segments with speech in half of their frames", () => {
  const active = Uint8Array.from({ length: 100 }, (_, t) => t >= 40 && t < 70 ? 1 : 0);
  const marks = speechSegments(active, 7, 10);
  // frames 0-31: 0 of 32; 10-41: 2; 20-51: 12; 30-61: 22; 40-71: 30; 50-81: 20; 60-91: 10
  assertEquals([...marks], [0, 0, 0, 1, 1, 1, 0]);
  assertEquals([...speechSegments(Uint8Array.of(0, 1, 1), 1, 10)], [1]); // padded: only the frames present count
  assertEquals([...speechSegments(new Uint8Array(0), 1, 10)], [0]);
});
