/**
 * A model for tests, trained in a second on the synthetic corpus: its network has one stage, and its forest learned the fold's own
 * held-out utterances. It predicts badly, but uses the same code.
 */
import { extractFeatures } from "../../corpora/features.ts";
import { openSynthetic } from "../../corpora/synthetic.ts";
import { withLevel } from "../../dsp/levelling.ts";
import { frontEnd } from "../../dsp/settings.ts";
import type { Device } from "../../kernels/device.ts";
import type { ModelBytes } from "../../models/description.ts";
import { decodeModel, encodeModel } from "../../models/model.ts";
import { CrossValidation } from "../../refinery/cross_validation.ts";
import { runFold } from "../../refinery/fold.ts";
import type { StageOutput } from "../../refinery/fold_hooks.ts";
import { fitForest } from "../../refinery/forests.ts";
import type { FoldResult } from "../../refinery/results.ts";
import { segmentation } from "../../refinery/derived_settings.ts";
import { PRESETS } from "../../refinery/presets.ts";
import type { Settings } from "../../refinery/settings.ts";
import { STATISTICS } from "../../refinery/statistics.ts";

/** Its training settings. */
export const tinySettings: Settings = {
  ...PRESETS.quick,
  learningRate: 0.00025,
  width: 1 / 32,
  folds: 2,
  stages: 1,
  epochs: 2,
  batch: 16,
  trees: 10,
  segmentHop: 8,
};

/** Its training corpus. */
export const tinyCorpus = openSynthetic(1, { utterances: 20, speakers: 2 });

/** Trains the model. The result has the profiles of its held-out utterances, in the corpus's order. */
export async function trainTinyModel(
  device: Device,
  segmentFrames: Settings["segmentFrames"] = 32,
  level: Settings["level"] = "none",
) {
  const settings = { ...tinySettings, segmentFrames, level }, front = withLevel({ ...frontEnd, segmentFrames }, level);
  const features = await extractFeatures(tinyCorpus, segmentation(settings));
  const { utterances, emotions } = features, K = emotions.length;
  const cv = new CrossValidation(features, settings);
  let stage: StageOutput;
  const result: FoldResult = await runFold(cv, 0, device, {
    onStage: (output) => void (stage = output),
  });
  const heldOut = cv.heldOut(0);
  const profiles = new Float32Array(features.segmentStart.length * K);
  let row = 0;
  for (const i of heldOut) {
    const { firstSegment, segmentCount } = utterances[i];
    profiles.set(result.stages[0].profiles.subarray(row * K, (row += segmentCount) * K), firstSegment * K);
  }
  const forest = fitForest(features, profiles, heldOut, { trees: tinySettings.trees, seed: 1 });
  const bytes: ModelBytes = encodeModel(
    {
      name: "tiny",
      emotions,
      network: { classes: K, width: tinySettings.width, height: frontEnd.nMels, frames: segmentFrames },
      frontEnd: front,
      standardisation: stage!.standardisation,
      segmentHop: features.segmentHop,
      statistics: [...STATISTICS],
      training: {
        corpus: "synthetic",
        utterances: utterances.length - heldOut.length,
        speakers: 2,
        recordings: "none",
        heldOutFold: 1,
        settings: { ...settings },
      },
      accuracy: [],
      licence: "MIT",
      made: { epr: "0", date: "2020-08-12", command: "a test" },
    },
    stage!.weights,
    forest,
  );
  return { features, heldOut, profiles, forest, bytes, model: decodeModel(bytes, "tiny") };
}
