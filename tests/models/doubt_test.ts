/** When a model is unsure, and which recordings differ from its training recordings. */
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { openSynthetic } from "../../corpora/synthetic.ts";
import { logMel } from "../../dsp/log_mel.ts";
import { resample } from "../../dsp/resample.ts";
import { describeModel } from "../../models/card.ts";
import { chooseThreshold } from "../../models/certainty.ts";
import { departuresFrom, describeDeparture, domainOf, SoundStatistics } from "../../models/domain.ts";
import { decodeModel, encodeModel, type Model } from "../../models/model.ts";
import { Predictor } from "../../models/predictor.ts";
import { cpu } from "../devices.ts";
import { trainTinyModel } from "./tiny_model.ts";

/** Predictions of class 0 or 1: the probability of the most likely class, and whether it is right. */
function predictions(list: readonly (readonly [probability: number, right: boolean])[]) {
  const probabilities = Float64Array.from(list.flatMap(([p], i) => i % 2 === 0 ? [p, 1 - p] : [1 - p, p]));
  return { probabilities, truth: list.map(([, right], i) => (i % 2 === 0) === right ? 0 : 1) };
}

Deno.test("a threshold leaves as many predictions as it can and keeps the error; equal ones stay together", () => {
  const { probabilities, truth } = predictions([[0.9, true], [0.6, false], [0.8, true], [0.7, false], [0.65, true]]);
  const chosen = (error: number) => chooseThreshold(probabilities, truth, 2, error);
  assertEquals(chosen(0), { probability: 0.8, answered: 2 / 5, wrong: 0 });
  assertEquals(chosen(0.25), { probability: 0.65, answered: 4 / 5, wrong: 1 / 4 }); // 1 of 3 at 0.7 was too many
  assertEquals(chosen(0.4), { probability: 0.6, answered: 1, wrong: 2 / 5 });
  const tied = predictions([[0.8, true], [0.8, false], [0.8, true]]);
  assertEquals(chooseThreshold(tied.probabilities, tied.truth, 2, 0.3), undefined);
  assertEquals(chooseThreshold(tied.probabilities, tied.truth, 2, 0.4)?.answered, 1);
});

Deno.test("a threshold that only one prediction in a hundred reaches is not used", () => {
  const list = Array.from({ length: 100 }, (_, i) => [0.99 - 0.004 * i, i === 0] as const);
  const { probabilities, truth } = predictions(list);
  assertEquals(chooseThreshold(probabilities, truth, 2, 0.2), undefined);
});

Deno.test("the numbers of a sound are its percentiles and means by their definitions, however it is cut", () => {
  // 20 frames of 4 bands: frame t has the mean t / 10, and its upper half of the bands is (t + 1) / 10 above the lower half
  const frames = Float32Array.from({ length: 80 }, (_, i) => {
    const t = Math.floor(i / 4);
    return t / 10 + (i % 4 < 2 ? -1 : 1) * (t + 1) / 20;
  });
  const sound = new SoundStatistics(4);
  for (const [from, to] of [[0, 3], [3, 4], [4, 20]]) sound.push(frames.subarray(4 * from, 4 * to));
  const dB = 20 * Math.log10(Math.E), { level, range, balance } = sound.values!;
  assertAlmostEquals(level, 1.8 * dB, 1e-5);
  assertAlmostEquals(range, (1.8 - 0.2) * dB, 1e-5);
  assertAlmostEquals(
    balance,
    dB * Array.from({ length: 10 }, (_, i) => (i + 11) / 10).reduce((a, b) => a + b) / 10,
    1e-5,
  );
  assertEquals(new SoundStatistics(4).values, undefined);
});

/** The sound of some buzzes, with their samples changed. */
async function sounds(change: (samples: Float32Array) => Float32Array = (samples) => samples) {
  const { utterances } = openSynthetic(5, { utterances: 30, speakers: 3 });
  return await Promise.all(utterances.map(async ({ read }) => {
    const sound = new SoundStatistics(64);
    sound.push(logMel(change((await read()).samples)));
    return sound.values!;
  }));
}

Deno.test("much quieter, noisy or dull recordings are distinguished from the training recordings", async () => {
  const learned = await sounds(), domain = domainOf(learned);
  const found = async (change: (samples: Float32Array) => Float32Array) =>
    (await sounds(change)).map((values) => departuresFrom(domain, values)[0]?.statistic);
  assert(learned.filter((values) => departuresFrom(domain, values).length > 0).length <= 1);
  assertEquals(new Set(await found((samples) => samples.map((x) => x / 100))), new Set(["level"]));
  const noisy = await found((samples) => samples.map((x, i) => x + 0.2 * Math.sin(i * i)));
  assert(noisy.filter((name) => name !== undefined).length > 25, noisy.join());
  const dull = await found((samples) => resample(resample(samples, 16000, 4000), 4000, 16000));
  assert(dull.filter((name) => name === "balance").length > 25, dull.join());
  const [departure] = departuresFrom(domain, { ...learned[0], level: domain.statistics.level.mean - 60 });
  assertEquals(
    describeDeparture(departure).replaceAll(/-?\d+/g, "N"),
    "level N dB; the model learned from N +- N dB",
  );
});

Deno.test("a model contains both, its predictions report them, its card too; without them nothing is reported", async () => {
  const { model, bytes } = await trainTinyModel(await cpu.open());
  const { network: { options }, files: _, format: __, version: ___, ...described } = model.description;
  const domain = domainOf(await sounds()), forest = { probability: 0.5, answered: 0.5, wrong: 0.1 };
  const certainty = { error: 0.1, forest };
  const encode = (own: object) =>
    decodeModel(encodeModel({ ...described, ...own, network: options }, model.weights, model.forest), "own");
  const own: Model = encode({ certainty, domain });
  assertEquals([own.description.certainty, own.description.domain], [certainty, domain]);
  assertThrows(
    () => encode({ certainty: { error: 2 } }),
    Error,
    "certainty.error: expected a number from 0 to 1, found 2",
  );
  assertThrows(
    () => encode({ domain: { ...domain, limit: "far" } }),
    Error,
    'domain.limit: expected a number from 0 to 1000000, found "far"',
  );

  const samples = (await openSynthetic(5, { utterances: 5, speakers: 1 }).utterances[0].read()).samples;
  const device = await cpu.open();
  const plain = await new Predictor(decodeModel(bytes, "tiny"), device).predict(samples);
  assert(!("unsure" in plain) && !("departures" in plain));
  const predictor = new Predictor(own, device), quiet = samples.map((x) => x / 100);
  const [near, far] = [await predictor.predict(samples), await predictor.predict(quiet)];
  assertEquals([near.unsure, near.departures], [near.probability < 0.5, []]);
  assertEquals(far.departures?.[0].statistic, "level");
  assertEquals((await predictor.predict(samples, { decide: "mean" })).unsure, undefined); // no threshold for it
  assert(describeModel(own.description).includes("it counts as sure from a probability of 0.50"));
  assert(!describeModel(model.description).includes("When to doubt it"));
});
