/** The page's engine recognises a stream as it recognises a file; tested without a browser. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { SpeechActivity, speechSegments } from "../../dsp/speech.ts";
import { judgeSpeech } from "../../models/judge_speech.ts";
import { Predictor } from "../../models/predictor.ts";
import { liveHop, LiveRecognition, recognise } from "../../web/engine/recognition.ts";
import type { News } from "../../web/engine/protocol.ts";
import { cpu } from "../devices.ts";
import { tinyCorpus, trainTinyModel } from "../models/tiny_model.ts";

const device = await cpu.open();
const predictor = new Predictor((await trainTinyModel(device)).model, device);
const { emotions, segmentHop } = predictor.model.description, K = emotions.length;
const { samples } = await tinyCorpus.utterances[0].read();

/** Says samples to a stream in blocks of 10 ms and of odd sizes. */
async function say(rate: number, spoken: Float32Array, sizes: readonly number[], by: Predictor = predictor) {
  const news: (News & { news: "live" })[] = [];
  const live = new LiveRecognition(by, rate, (one) => {
    assertEquals(one.news, "live", JSON.stringify(one));
    news.push(one as News & { news: "live" });
  });
  for (let at = 0, turn = 0; at < spoken.length; turn++) {
    const size = sizes[turn % sizes.length];
    live.push(spoken.slice(at, at + size), at);
    at += size;
    if (turn % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return { recognition: await live.end(), news, hop: live.segmentHop };
}

Deno.test("a stream has a segment every 30 ms or less, including the model's own segments", () => {
  assertEquals([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 30].map(liveHop), [1, 2, 3, 2, 1, 3, 1, 2, 3, 2, 3]);
});

Deno.test("a stream is recognised as the file of the same samples, however it is cut, and its news add up to it", async () => {
  const file = await recognise(predictor, { samples, sampleRate: 16000 });
  for (const sizes of [[160], [4096], [1, 77, 1600, 128]]) {
    const { recognition, news, hop } = await say(16000, samples, sizes);
    assertEquals(segmentHop % hop, 0);
    assertEquals([recognition!.emotion, recognition!.seconds], [file.emotion, file.seconds]);
    assertEquals(recognition!.probabilities, file.probabilities);
    assertEquals([recognition!.profile, recognition!.speech, recognition!.why], [file.profile, file.speech, file.why]);
    assertEquals(news.flatMap(({ samples }) => [...samples]), [...recognition!.samples]);
    assertEquals(news.flatMap(({ frames }) => [...frames]), [...recognition!.frames]);
    assertEquals(news.flatMap(({ profile }) => [...profile]), [...recognition!.profile]);
    // judged by the speech so far, whose marks may differ from those that a whole recording has
    const last = news.findLast(({ probabilities }) => probabilities.length > 0)!.probabilities;
    assert(Math.abs(last.reduce((a, b) => a + b) - 1) < 1e-9);
    assert(news.every(({ behind }, i) => i < news.length - 1 || behind === 0));
  }
});

Deno.test("a file is drawn densely and judged as predict judges it: by the model's own segments with speech", async () => {
  const paused = Float32Array.from([...new Float32Array(16000), ...samples, ...new Float32Array(20000)]);
  const recognition = await recognise(predictor, { samples: paused, sampleRate: 16000 });
  assertEquals([recognition.segmentHop, recognition.judgedHop], [liveHop(segmentHop), segmentHop]);
  const own = await predictor.predict(paused), activity = new SpeechActivity();
  activity.push(paused);
  const marks = speechSegments(activity.frames(), own.profile.length / K, segmentHop);
  const wanted = judgeSpeech(predictor.model, own, marks);
  assertEquals([recognition.emotion, recognition.probabilities], [wanted.emotion, [...wanted.probabilities]]);
  assertEquals(recognition.speech.filter((_, s) => s % (segmentHop / recognition.segmentHop) === 0), marks);
  assert(marks.includes(0) && marks.includes(1));
  assertMatch(recognition.why, /^the profile's statistics, and the votes of the forest's 10 trees[^]*\n {2}tree 10: /);
  const silent = await recognise(predictor, { samples: new Float32Array(16000), sampleRate: 16000 });
  assert(!silent.speech.includes(1) && silent.probability > 0);
});

Deno.test("a stream of another rate is resampled as it arrives; one shorter than a segment gives nothing", async () => {
  const twice = Float32Array.from({ length: 2 * samples.length }, (_, i) => samples[i >> 1]);
  const { recognition } = await say(32000, twice, [320]);
  assert(Math.abs(recognition!.seconds - samples.length / 16000) < 0.02);
  assertEquals((await say(16000, samples.subarray(0, 1000), [160])).recognition, undefined);
});

Deno.test("with a model that levels, a stream is judged by its last half minute, and at its end like a file", async () => {
  const levelling = new Predictor((await trainTinyModel(device, 64, "percentile")).model, device);
  const loud = samples.map((x) => 4 * x), level = { samples: loud, sampleRate: 16000 };
  const file = await recognise(levelling, level);
  const profile: number[] = [];
  let told = () => {};
  const live = new LiveRecognition(levelling, 16000, (one) => {
    profile.push(...(one as News & { news: "live" }).profile);
    setTimeout(told, 0); // as messages come: each by itself
  });
  for (let at = 0; at < loud.length; at += 1600) {
    const reported = new Promise<void>((resolve) => told = resolve);
    live.push(loud.slice(at, at + 1600), at);
    await reported;
  }
  const recognition = await live.end();
  assertEquals([recognition!.emotion, recognition!.profile, recognition!.frames], [
    file.emotion,
    file.profile,
    file.frames,
  ]);
  assertEquals(profile.length, file.profile.length);
  const apart = (...at: [number, number?]) =>
    Math.max(...profile.map((p, i) => Math.abs(p - file.profile[i])).slice(...at));
  // its last segments had nearly the level of the whole, the first did not
  assert(apart(0, 4 * K) > 4 * apart(-4 * K), `${apart(0, 4 * K)}, ${apart(-4 * K)}`);
  levelling.close();
});

Deno.test.afterAll(() => {
  predictor.close();
  device.close();
});
