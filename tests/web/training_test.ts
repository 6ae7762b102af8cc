/** Training in the page is the chain of `deno task train`: the same features, the same network, the same labels. */
import { assert, assertEquals } from "@std/assert";
import { extractFeatures } from "../../corpora/features.ts";
import { openSynthetic } from "../../corpora/synthetic.ts";
import { createCpuDevice } from "../../kernels/cpu/create.ts";
import { CrossValidation } from "../../refinery/cross_validation.ts";
import { runFold } from "../../refinery/fold.ts";
import { syntheticFeatures } from "../../web/engine/corpus.ts";
import type { News, PageTrainOptions } from "../../web/engine/protocol.ts";
import { PageTraining, settingsOf } from "../../web/engine/training.ts";
import { Turns } from "../../web/engine/turns.ts";

const options: PageTrainOptions = {
  ...{ utterances: 20, speakers: 2, segmentHop: 12, seed: 1 },
  ...{ width: 1 / 32, batch: 32, learningRate: 0.002, epochs: 2, stages: 2, method: "sEPR" },
};

Deno.test("the page's synthetic features are those of extractFeatures(), including the true emotions of tied segments", async () => {
  const own = await syntheticFeatures(options, async () => {});
  const corpus = openSynthetic(options.seed, options);
  const { emotions, frames, segmentStart, segmentUtterance, segmentTruth, utterances } = await extractFeatures(corpus, {
    segmentHop: options.segmentHop,
    threads: 1,
  });
  assertEquals(own.emotions, emotions);
  assertEquals(own.frames, frames);
  assertEquals(own.segmentStart, segmentStart);
  assertEquals(own.segmentUtterance, segmentUtterance);
  assertEquals(own.segmentTruth, segmentTruth);
  assertEquals(own.utterances.map(({ emotion }) => emotion), utterances.map(({ emotion }) => emotion));
});

Deno.test("a chain that the page trains has the profiles and labels of runFold() to the bit, and its losses within 5 %", async () => {
  const device = await createCpuDevice({ threads: 1 });
  try {
    const news: News[] = [];
    await new Turns().with((turn) => new PageTraining(options, (own) => news.push(own)).run(device, turn));
    const settings = settingsOf(options), features = await syntheticFeatures(options, async () => {});
    const cv = new CrossValidation(features, settings), { folds } = cv;
    const { stages } = await runFold(cv, 0, device);

    const of = <N extends News["news"]>(name: N) =>
      news.filter((own): own is Extract<News, { news: N }> => own.news === name);
    assertEquals(of("trainStage").map(({ labelError }) => labelError), stages.map(({ labelError }) => labelError!));
    const [{ watched, steps }] = of("trainReady"), K = features.emotions.length;
    const heldOut = features.utterances.filter((_, i) => folds[i] === 0);
    const before = heldOut.slice(0, heldOut.findIndex(({ id }) => id === watched.id));
    const from = K * before.reduce((sum, { segmentCount }) => sum + segmentCount, 0);
    for (const { stage, profiles } of stages) {
      const last = of("trainProfile").findLast((own) => own.stage === stage)!;
      assertEquals(last.profile, profiles.slice(from, from + K * watched.segments));
    }
    for (const { stage, epochs } of stages) {
      const looks = of("trainStep").filter((own) => own.stage === stage);
      assertEquals(looks.at(-1)!.step, steps);
      // the looks of an epoch, weighted by their steps, are its mean, but for its last, shorter batch
      const first = looks.filter(({ step }) => step <= steps / 2);
      let at = 0, sum = 0;
      for (const { step, loss } of first) [sum, at] = [sum + loss * (step - at), step];
      assert(Math.abs(sum / at / epochs[0].loss - 1) < 0.05, `${sum / at} for ${epochs[0].loss}`);
    }
  } finally {
    device.close();
  }
});
