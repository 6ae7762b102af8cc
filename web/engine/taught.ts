/** The taught model as files, which `predict --model` and the page can read. */
import type { Features } from "../../corpora/features.ts";
import { withLevel } from "../../dsp/levelling.ts";
import { frontEnd } from "../../dsp/settings.ts";
import type { RandomForest } from "../../forest/forest.ts";
import type { ModelBytes } from "../../models/description.ts";
import { encodeModel } from "../../models/model.ts";
import { foldBatchNorm } from "../../nn/fold_batch_norm.ts";
import type { FittedStage } from "../../refinery/chain.ts";
import type { StageFigures } from "../../refinery/results.ts";
import type { Standardisation } from "../../refinery/segment_dataset.ts";
import { networkOptions } from "../../refinery/derived_settings.ts";
import type { Settings } from "../../refinery/settings.ts";
import { STATISTICS } from "../../refinery/statistics.ts";
import project from "../../deno.json" with { type: "json" };

/** The parts of a model. */
export interface TaughtParts {
  features: Features;
  /** The settings of the chain that learned all takes. */
  settings: Settings;
  takes: readonly { samples: Float32Array }[];
  /** Its last stage. */
  last: FittedStage;
  standardisation: Standardisation;
  /** Fitted to profiles of takes that their networks were not trained on. */
  forest: RandomForest;
  /** Results of the cross-validation. */
  judged: StageFigures;
}

/** The files of a model, and the name of their folder. */
export async function encodeTaught(
  { features, settings, takes, last, standardisation, forest, judged }: TaughtParts,
): Promise<{ bytes: ModelBytes; name: string }> {
  const { emotions, utterances, segmentHop } = features, made = new Date(), { folds, method, stages, seed } = settings;
  const name = `taught-${made.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-")}`;
  const { width, frames, classes, ...norms } = networkOptions(settings, emotions.length);
  const plain = { classes, width, height: frontEnd.nMels, frames };
  const { weightedAccuracy, unweightedAccuracy, meanVoteAccuracy, confusion } = judged;
  const described = {
    name,
    emotions,
    network: plain,
    frontEnd: withLevel({ ...frontEnd, segmentFrames: settings.segmentFrames }, settings.level),
    standardisation,
    segmentHop,
    statistics: [...STATISTICS],
    training: {
      corpus: "taught",
      utterances: utterances.length,
      speakers: 1,
      recordings: await digestOf(takes.map(({ samples }) => samples)),
      settings: { ...settings },
    },
    accuracy: [{
      protocol:
        `${folds}-fold cross-validation by take, so that training and test have the same speakers (${method}, stage ${stages}, seed ${seed})`,
      utterances: utterances.length,
      weightedAccuracy,
      unweightedAccuracy,
      meanVoteAccuracy,
      confusion,
    }],
    licence: "not stated by its maker",
    made: { epr: project.version, date: made.toISOString(), command: "deno task web # Teach" },
  };
  const bytes = encodeModel(described, foldBatchNorm(last.weights, { ...plain, ...norms }), forest);
  return { bytes, name };
}

/** The SHA-256 of all takes, in hexadecimal; "none" if the page is not served securely and so can't compute it. */
async function digestOf(takes: readonly Float32Array[]): Promise<string> {
  if (!crypto.subtle) return "none";
  const digests = await Promise.all(takes.map((samples) => crypto.subtle.digest("SHA-256", samples.slice())));
  const all = new Uint8Array(await new Blob(digests).arrayBuffer());
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", all));
  return Array.from(sum, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
