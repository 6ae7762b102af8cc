/** A model's results equal its run's, however the samples arrive. */
import { assert, assertEquals, assertMatch, assertRejects, assertStrictEquals } from "@std/assert";
import { logMel } from "../../dsp/log_mel.ts";
import { Predictor, TooShortError } from "../../models/predictor.ts";
import { profileStatistics } from "../../refinery/statistics.ts";
import { cpu, definitions, onEach, webgpu } from "../devices.ts";
import { tinyCorpus, trainTinyModel } from "./tiny_model.ts";

const device = await cpu.open();
const { features, heldOut, profiles, forest, model } = await trainTinyModel(device);
const K = features.emotions.length;
const predictor = new Predictor(model, device);

/** The fold's network's profile of an utterance. */
function profileOf(utterance: number): Float32Array {
  const { firstSegment, segmentCount } = features.utterances[utterance];
  return profiles.subarray(firstSegment * K, (firstSegment + segmentCount) * K);
}

Deno.test("predict() gives the run's profile, bit for bit, and the forest's decision on it", async () => {
  assert(heldOut.length === 10);
  for (const i of heldOut) {
    const { samples } = await tinyCorpus.utterances[i].read();
    const { profile, emotion, probability, probabilities, segmentHop } = await predictor.predict(samples);
    assertEquals(profile, profileOf(i));
    assertEquals(segmentHop, 8);
    const statistics = profileStatistics(profileOf(i), K);
    assertEquals(probabilities, forest.predictProbabilities(statistics));
    assertStrictEquals(emotion, features.emotions[forest.predict(statistics)[0]]);
    assertStrictEquals(probability, Math.max(...probabilities));
  }
});

Deno.test("if the mean decides, the probabilities are the profile's over its segments, and the forest is not used", async () => {
  let otherwise = 0;
  for (const i of heldOut) {
    const { samples } = await tinyCorpus.utterances[i].read();
    const byForest = await predictor.predict(samples);
    const { profile, emotion, probability, probabilities } = await predictor.predict(samples, { decide: "mean" });
    assertEquals(profile, byForest.profile);
    const segments = profile.length / K;
    for (let k = 0; k < K; k++) {
      const mean = profile.filter((_, at) => at % K === k).reduce((sum, p) => sum + p, 0) / segments;
      assert(Math.abs(probabilities[k] - mean) < 1e-6);
    }
    assertStrictEquals(probability, Math.max(...probabilities));
    assertStrictEquals(emotion, features.emotions[probabilities.indexOf(probability)]);
    if (probability !== byForest.probability) otherwise++;
  }
  assertEquals(otherwise, heldOut.length);
});

Deno.test("a Listener gives the same result whatever the blocks, and several may alternate", async () => {
  const [a, b] = await Promise.all(heldOut.slice(0, 2).map((i) => tinyCorpus.utterances[i].read()));
  const hops = [1, 3, 40];
  for (const segmentHop of hops) {
    const whole = [
      await predictor.predict(a.samples, { segmentHop }),
      await predictor.predict(b.samples, { segmentHop }),
    ];
    const listeners = [predictor.listen({ segmentHop }), predictor.listen({ segmentHop })];
    let at = 0;
    for (let turn = 0; at < Math.max(a.samples.length, b.samples.length); turn++) {
      const size = [1, 399, 400, 5000, 160, 77, 12345][turn % 7];
      await listeners[0].push(a.samples.subarray(at, at + size));
      await listeners[1].push(b.samples.subarray(at, at + size));
      at += size;
    }
    assertEquals([await listeners[0].end(), await listeners[1].end()], whole, `hop ${segmentHop}`);
  }
});

Deno.test("the segments at a hop are a subset of those at hop 1, whether segments overlap or not", async () => {
  const parts = await Promise.all(heldOut.map((i) => tinyCorpus.utterances[i].read()));
  const samples = Float32Array.from(parts.flatMap((part) => [...part.samples])); // several batches at hop 1
  const all = await predictor.predict(samples, { segmentHop: 1 });
  assert(all.profile.length / K > 1000);
  for (const segmentHop of [2, 31, 32, 33, 100, 1000]) {
    const { profile } = await predictor.predict(samples, { segmentHop });
    assertEquals(profile.length / K, Math.ceil(all.profile.length / K / segmentHop));
    for (let s = 0; s < profile.length / K; s++) {
      const there = all.profile.subarray(s * segmentHop * K, (s * segmentHop + 1) * K);
      assertEquals(profile.subarray(s * K, (s + 1) * K), there, `hop ${segmentHop}, segment ${s}`);
    }
  }
});

Deno.test("a recording longer than a minute has the profile of a hop of 100 ms or more, whatever the blocks; of a minute, the model's hop", async () => {
  const parts = await Promise.all(heldOut.map((i) => tinyCorpus.utterances[i].read()));
  const speech = Float32Array.from(parts.flatMap((part) => [...part.samples]));
  const minute = Float32Array.from({ length: 400 + 5999 * 160 }, (_, n) => speech[n % speech.length]);
  assertEquals(await predictor.predict(minute), await predictor.predict(minute, { segmentHop: 8 }));

  for (const more of [160, 480_000]) { // one frame, and half a minute
    const longer = Float32Array.from({ length: minute.length + more }, (_, n) => speech[n % speech.length]);
    const expected = await predictor.predict(longer, { segmentHop: 16 }); // the multiple of 8 that is at least 10
    assertEquals(await predictor.predict(longer), expected);
    const listener = predictor.listen();
    for (let at = 0; at < longer.length; at += 54_321) await listener.push(longer.subarray(at, at + 54_321));
    assertEquals(await listener.end(), expected);
    const fine = await predictor.predict(longer, { segmentHop: 8 }); // a hop that is given stays
    assertEquals([fine.segmentHop, fine.profile.length / K], [8, 1 + Math.floor((6000 + more / 160 - 32) / 8)]);
  }
});

Deno.test("a recording shorter than a segment is refused, or padded with silence on request", async () => {
  const samples = (await tinyCorpus.utterances[0].read()).samples.slice(0, 5359);
  const { message } = await assertRejects(() => predictor.predict(samples), TooShortError);
  assertEquals(message, "expected at least 335 ms of sound, found 334 ms");
  const filled = new Float32Array(5360);
  filled.set(samples);
  const { profile, seconds } = await predictor.predict(samples, { pad: true });
  assertEquals(profile, (await predictor.predict(filled)).profile);
  assertEquals(profile.length, K);
  assertEquals(seconds, 5359 / 16000);
  assertMatch(
    (await assertRejects(() => predictor.predict(new Float32Array(0), { pad: true }), TooShortError)).message,
    /found 0 ms/,
  );
});

Deno.test("a model with segments of 64 frames gives its run's results, and repeats the last frame of shorter recordings", async () => {
  const long = await trainTinyModel(device, 64), predictor = new Predictor(long.model, device);
  const [utterance] = long.heldOut, { firstSegment, segmentCount } = long.features.utterances[utterance];
  const { samples } = await tinyCorpus.utterances[utterance].read();
  const { profile, padded } = await predictor.predict(samples);
  const expected = long.profiles.subarray(firstSegment * K, (firstSegment + segmentCount) * K);
  assertEquals([profile.length, padded], [expected.length, undefined]);
  profile.forEach((p, i) => assert(Math.abs(p - expected[i]) < 1e-5));

  const short = samples.slice(0, 400 + 160 * 39), frames = logMel(short); // 40 frames
  const found = await predictor.predict(short);
  const filled = new Float32Array(64 * 64);
  filled.set(frames);
  for (let f = 40; f < 64; f++) filled.set(frames.subarray(39 * 64), f * 64);
  const own = await predictor.segmentProbabilities(filled, 1, 1);
  assertEquals([found.padded, found.profile.length], [true, K]);
  found.profile.forEach((p, k) => assert(Math.abs(p - own[k]) < 1e-6));
  const { message } = await assertRejects(() => predictor.predict(samples.slice(0, 400 + 160 * 30)), TooShortError);
  assertEquals(message, "expected at least 335 ms of sound, found 325 ms");
  predictor.close();
});

Deno.test("a Predictor releases all its memory", async () => {
  const before = device.memory.liveBuffers;
  const other = new Predictor(model, device);
  await other.predict(new Float32Array(16000));
  await other.predict(new Float32Array(16000), { segmentHop: 50 });
  other.close();
  assertStrictEquals(device.memory.liveBuffers, before);
});

onEach([definitions, webgpu], "another device predicts the same, but for rounding", async (other) => {
  const { samples } = await tinyCorpus.utterances[0].read(), elsewhere = new Predictor(model, other);
  const here = await predictor.predict(samples), there = await elsewhere.predict(samples);
  elsewhere.close();
  assertEquals(there.profile.length, here.profile.length);
  there.profile.forEach((p, i) => assert(Math.abs(p - here.profile[i]) < 1e-5, `${p}, ${here.profile[i]}`));
});
