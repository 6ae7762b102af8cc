/** A fold's chain on a small synthetic corpus: nothing leaks, it repeats to the bit, and it reports its progress. */
import { assert, assertEquals, assertNotEquals, assertStrictEquals, fail } from "@std/assert";
import { extractFeatures, type Features } from "../../corpora/features.ts";
import { openSynthetic } from "../../corpora/synthetic.ts";
import { frontEnd } from "../../dsp/settings.ts";
import { createCpuDevice } from "../../kernels/cpu/create.ts";
import { CrossValidation } from "../../refinery/cross_validation.ts";
import { runFold } from "../../refinery/fold.ts";
import type { StageOutput } from "../../refinery/fold_hooks.ts";
import { assignFolds, assignParts, drawValidation } from "../../refinery/folds.ts";
import type { FoldResult } from "../../refinery/results.ts";
import { scaleFrames } from "../../refinery/scaling.ts";
import { segmentsOf, standardise } from "../../refinery/segment_dataset.ts";
import { LABEL_SOURCES } from "../../refinery/choices.ts";
import { PRESETS } from "../../refinery/presets.ts";
import type { Settings } from "../../refinery/settings.ts";
import { tryFold } from "../../refinery/trial.ts";
import { cpu } from "../devices.ts";

const settings: Settings = {
  ...PRESETS.quick,
  learningRate: 0.00025,
  width: 1 / 32,
  folds: 2,
  stages: 2,
  epochs: 2,
  batch: 16,
  segmentHop: 24,
};
const features = await extractFeatures(openSynthetic(1, { utterances: 20, speakers: 2 }), { segmentHop: 24 });
const folds = assignFolds(features.utterances, features.emotions, settings);
const plain = (result: FoldResult) =>
  result.stages.map((s) => ({ ...s, epochs: s.epochs.map((e) => ({ ...e, seconds: 0 })) }));

/** The same features with the given utterances' frames replaced by other numbers, and perhaps their labels by others. */
function spoil(utterances: number[], emotionToo: boolean): Features {
  const frames = features.frames.slice();
  const changed = features.utterances.map((u) => ({ ...u }));
  for (const i of utterances) {
    const { firstFrame, frameCount } = changed[i];
    frames.fill(3.21, firstFrame * frontEnd.nMels, (firstFrame + frameCount) * frontEnd.nMels);
    if (emotionToo) changed[i].emotion = (changed[i].emotion + 1) % features.emotions.length;
  }
  return { ...features, frames, utterances: changed };
}

Deno.test("no network of a fold depends on the sound or the label of its held-out utterances", async () => {
  const device = await cpu.open();
  const weights = async (given: Features) => {
    const seen: StageOutput[] = [];
    await runFold(new CrossValidation(given, settings, folds), 0, device, {
      onStage: (stage) => void seen.push(stage),
    });
    return seen.map(({ weights, standardisation }) => ({ weights, standardisation }));
  };
  const heldOut = features.utterances.flatMap((_, i) => folds[i] === 0 ? [i] : []);
  const whole = await weights(features);
  assertEquals(await weights(spoil(heldOut, true)), whole);
  const trained = features.utterances.flatMap((_, i) => folds[i] !== 0 ? [i] : []);
  assertNotEquals(await weights(spoil(trained.slice(0, 1), false)), whole); // the check can fail
});

Deno.test("runFold() repeats its results to the bit, with one thread or three", async () => {
  const run = async (threads: number) => {
    const device = await createCpuDevice({ threads });
    const result = await runFold(new CrossValidation(features, settings), 1, device);
    assertEquals(device.memory.liveBuffers, 0, "everything is given back");
    device.close();
    return plain(result);
  };
  const once = await run(2);
  assertEquals(await run(2), once);
  assertEquals(await run(1), once);
  assertEquals(await run(3), once);
});

Deno.test("runFold() profiles the held-out segments, and reports epochs, stages and progress in order", async () => {
  const seen: string[] = [], work: number[] = [];
  const result = await runFold(new CrossValidation(features, settings), 0, await cpu.open(), {
    onEpoch: ({ stage, epoch }) => seen.push(`stage ${stage} epoch ${epoch}`),
    onStage: ({ result: { stage } }) => void seen.push(`stage ${stage}`),
    onProgress: ({ stage, done, least, most }) => {
      work.push(stage + done);
      assert(least >= 0 && least <= most && most <= 1 - done + 1e-9, `${done} ${least} ${most}`);
    },
  });
  assertEquals(seen, [
    "stage 0 epoch 0",
    "stage 0 epoch 1",
    "stage 0",
    "stage 1 epoch 0",
    "stage 1 epoch 1",
    "stage 1",
  ]);
  assertEquals(work, work.toSorted((a, b) => a - b));
  assert(work.every((w) => w >= 0 && w <= 2 + 1e-9) && work.length > 0);
  const heldOut = segmentsOf(features, features.utterances.flatMap((_, i) => folds[i] === 0 ? [i] : []));
  const trained = segmentsOf(features, features.utterances.flatMap((_, i) => folds[i] !== 0 ? [i] : []));
  const K = features.emotions.length;
  for (const { profiles, stage, labelEntropy, labelError } of result.stages) {
    assertEquals(profiles.length, heldOut.length * K);
    for (let row = 0; row < heldOut.length; row++) {
      const total = profiles.subarray(row * K, (row + 1) * K).reduce((a, b) => a + b);
      assert(Math.abs(total - 1) < 1e-5);
    }
    assertStrictEquals(labelEntropy === 0, stage === 0); // one-hot at first, soft afterwards
    // one-hot labels are 2 off in neutral stretches, 28 % of the segments, and 0 elsewhere
    const wrong = trained.filter((s) =>
      features.segmentTruth![s] !== features.utterances[features.segmentUtterance[s]].emotion
    );
    if (stage === 0) assert(Math.abs(labelError! - 2 * wrong.length / trained.length) < 1e-6, `${labelError}`);
    else assert(labelError! > 0 && labelError! < 2);
  }
});

Deno.test("validation utterances are labelled like training utterances; only the training part determines the standardisation", () => {
  const training = features.utterances.flatMap((_, i) => folds[i] !== 0 ? [i] : []);
  const { learning, validation } = drawValidation(features.utterances, training, settings, 0);
  assertEquals(learning.length + validation.length, training.length);
  const { mean, deviation } = standardise(features, training);
  const values = training.flatMap((i) => {
    const { firstFrame, frameCount } = features.utterances[i];
    return [...features.frames.subarray(firstFrame * 64, (firstFrame + frameCount) * 64)];
  });
  const byHand = values.reduce((a, b) => a + b) / values.length;
  const spread = Math.sqrt(values.reduce((sum, v) => sum + (v - byHand) ** 2, 0) / values.length);
  assert(Math.abs(mean - byHand) < 1e-9 && Math.abs(deviation - spread) < 1e-6);
});

Deno.test("tryFold() judges the validation utterances and never reads the held-out ones", async () => {
  const device = await cpu.open();
  const trial = async (given: Features, varied: Partial<Settings> = {}) => {
    const { seconds: _, epochs, ...rest } = await tryFold(
      new CrossValidation(given, { ...settings, ...varied }, folds),
      0,
      device,
    );
    return { ...rest, losses: epochs.map(({ validationLoss }) => validationLoss) };
  };
  const heldOut = features.utterances.flatMap((_, i) => folds[i] === 0 ? [i] : []);
  const first = await trial(features);
  assertEquals(await trial(spoil(heldOut, true)), first);
  const others = features.utterances.flatMap((_, i) => folds[i] === 0 ? [] : [i]);
  const { validation } = drawValidation(features.utterances, others, settings, 0);
  assertEquals(first.utterances, validation.length);
  assertEquals(first.segments, segmentsOf(features, validation).length);
  assert(first.right <= first.utterances && first.segmentsRight <= first.segments);
  for (
    const varied of [{ batchNorm: true }, { dropout: 0.5 }, { initialisation: "he" }, {
      decay: 0.1,
      epochs: 3,
    }] as const
  ) {
    assertNotEquals((await trial(features, varied)).losses, first.losses, Object.keys(varied)[0]);
  }
  for (const scaling of ["bands", "utterances", "speakers"] as const) {
    const scaled = await trial(features, { scaling });
    assertNotEquals(scaled.losses, first.losses, scaling);
    // by speaker it does look at the sound of what is held out, never at its labels
    if (scaling !== "speakers") assertEquals(await trial(spoil(heldOut, true), { scaling }), scaled);
    else assertNotEquals(await trial(spoil(heldOut, true), { scaling }), scaled);
  }
});

Deno.test("scaleFrames() gives each band mean 0 and deviation 1, over the training utterances or over each utterance", () => {
  const training = features.utterances.flatMap((_, i) => folds[i] !== 0 ? [i] : []);
  const figures = (frames: Float32Array, which: readonly number[], band: number) => {
    const values = which.flatMap((i) => {
      const { firstFrame, frameCount } = features.utterances[i];
      return Array.from({ length: frameCount }, (_, f) => frames[(firstFrame + f) * 64 + band]);
    });
    const mean = values.reduce((a, b) => a + b) / values.length;
    return [mean, Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length)];
  };
  const near = ([mean, deviation]: number[]) => Math.abs(mean) < 1e-4 && Math.abs(deviation - 1) < 1e-3;
  const bands = scaleFrames(features, training, "bands").frames;
  const utterances = scaleFrames(features, training, "utterances").frames;
  const speakers = scaleFrames(features, training, "speakers").frames;
  for (const band of [0, 17, 63]) {
    assert(near(figures(bands, training, band)));
    assert(!near(figures(bands, [training[0]], band)));
    for (const i of features.utterances.keys()) assert(near(figures(utterances, [i], band)));
    for (const speaker of new Set(features.utterances.map((u) => u.speaker))) {
      const own = [...features.utterances.keys()].filter((i) => features.utterances[i].speaker === speaker);
      assert(near(figures(speakers, own, band)) && !near(figures(speakers, own.slice(0, 1), band)));
    }
  }
  assertStrictEquals(scaleFrames(features, training, "global"), features);
});

/** Everything at once that is new in a chain, on networks as small as they come. */
const everything: Settings = {
  ...settings,
  segmentFrames: 64,
  profileHop: 12,
  validationShare: 0,
  monitor: "nothing",
  schedule: "cosine",
  warmUp: 0.5,
  batchNorm: true,
  batchNormDense: true,
  average: 0.9,
  randomStart: true,
  stretch: 0.1,
  warp: 0.1,
  maskBands: 8,
  maskFrames: 5,
  gain: 6,
  noise: 0.02,
  conditions: "multi",
  mixup: 0.2,
  labelSmoothing: 0.05,
  balance: true,
  members: 2,
  temperature: 1.5,
};
const long = await extractFeatures(openSynthetic(1, { utterances: 20, speakers: 2 }), {
  segmentHop: 12,
  segmentFrames: 64,
  conditions: "multi",
});

Deno.test("with views, averages, members and each source of labels, runFold() gives the same bits with one thread or two", async () => {
  const devices = await Promise.all([1, 2].map((threads) => createCpuDevice({ threads })));
  const found: number[] = [];
  for (const labelsFrom of LABEL_SOURCES) {
    const own = { ...everything, labelsFrom };
    const results = [];
    for (const device of devices) {
      results.push(plain(await runFold(new CrossValidation(long, own, folds), 1, device)));
      assertEquals(device.memory.liveBuffers, 0, "everything is given back");
    }
    assertEquals(results[1], results[0], labelsFrom);
    assertEquals(results[0][0].epochs[0].validationLoss, undefined);
    found.push(results[0][1].labelEntropy);
  }
  for (const device of devices) device.close();
  const [inSample, , , view] = found;
  assertStrictEquals(view, inSample, "labels by view are described by those of the segments themselves");
  assertEquals(new Set(found).size, 3, `each source has labels of its own: ${found}`);
});

Deno.test("cross-fit labels of an utterance come from a network that did not learn its part", async () => {
  const device = await cpu.open(), own: Settings = { ...everything, members: 1, mixup: 0, labelsFrom: "cross-fit" };
  const training = features.utterances.flatMap((_, i) => folds[i] !== 0 ? [i] : []);
  const parts = assignParts(long, training, { parts: 4, split: "utterance", seed: own.seed }, 0);
  assertEquals([...parts.keys()], training);
  assertEquals(new Set(parts.values()), new Set([0, 1, 2, 3]));
  const kept = async (given: Features) => {
    let labels: Float32Array | undefined;
    const memory = {
      finished: [],
      weights: () => fail(),
      labels: () => Promise.resolve(undefined),
      keepLabels: (_: number, kept: Float32Array) => Promise.resolve(void (labels = kept)),
      state: () => Promise.resolve(undefined),
      keepState: () => Promise.resolve(),
      network: () => Promise.resolve(undefined),
      keepNetwork: () => Promise.resolve(),
    };
    await runFold(new CrossValidation(given, own, folds), 0, device, { memory });
    return labels!;
  };
  // one utterance played backwards: whoever shares its part is labelled by a network that did not learn it
  const [changed] = training, { nMels } = frontEnd, { firstFrame, frameCount } = long.utterances[changed];
  const backwards = (frames: Float32Array) => {
    const changed = frames.slice();
    for (let f = 0; f < frameCount; f++) {
      const from = (firstFrame + frameCount - 1 - f) * nMels;
      changed.set(frames.subarray(from, from + nMels), (firstFrame + f) * nMels);
    }
    return changed;
  };
  const played = { ...long, frames: backwards(long.frames), copies: long.copies!.map(backwards) };
  const [a, b] = [await kept(long), await kept(played)], K = long.emotions.length;
  let same = 0, different = 0;
  for (const i of training) {
    const { firstSegment, segmentCount } = long.utterances[i];
    const own = (labels: Float32Array) => labels.subarray(firstSegment * K, (firstSegment + segmentCount) * K);
    if (i !== changed && parts.get(i) === parts.get(changed)) {
      assertEquals(own(b), own(a));
      same++;
    } else if (i !== changed) different += Number(own(b).some((value, at) => value !== own(a)[at]));
  }
  assert(same > 0 && different === training.length - 1 - same, `${same} the same, ${different} others`);
});
