/**
 * The models of a run's folds, each for its held-out utterances. With them a run can be judged on changed recordings, by networks
 * that were not trained on these utterances.
 */
import { ordinal } from "../base/numbering.ts";
import type { Corpus, Utterance } from "../corpora/corpus.ts";
import { digestOf } from "../corpora/feature_frames.ts";
import type { Device } from "../kernels/device.ts";
import { decodeModel } from "../models/model.ts";
import { Predictor } from "../models/predictor.ts";
import { CrossValidation } from "../refinery/cross_validation.ts";
import { requireRun } from "../runs/begin.ts";
import { exportFold } from "../runs/export.ts";
import { readRunCorpus } from "../runs/read_corpus.ts";
import { say } from "./common.ts";
import { type CorpusFlags, openFlaggedCorpus } from "./corpus_options.ts";

/** Utterances, and the model that judges them. */
export interface HeldOutFold {
  utterances: Utterance[];
  /** Opens the model; the caller closes it. */
  open: () => Promise<Predictor>;
}

/** The folds of a run with their utterances. */
export interface FoldModels {
  corpus: Corpus;
  emotions: string[];
  name: string;
  folds: HeldOutFold[];
}

/**
 * Finds the recordings of a run.
 *
 * @param run the run's folder, with its weights
 * @throws {Error} if a recording is missing or has changed
 */
export async function readRunFolds(
  run: string,
  flags: CorpusFlags & { quiet?: boolean },
  device: () => Promise<Device>,
): Promise<FoldModels> {
  const { folder, config } = await requireRun(run), { settings } = config;
  const { corpus: judged, digests } = await readRunCorpus(folder, config);
  const corpus = await openFlaggedCorpus({
    ...flags,
    corpus: config.corpus.name as CorpusFlags["corpus"],
    data: flags.data ?? config.corpus.data,
    seed: settings.seed,
    choices: config.corpus.choices,
  });
  if (!flags.quiet && (settings.averageStages || settings.members > 1)) {
    say(
      `The run averages ${
        settings.averageStages ? "stages" : "members"
      }; evaluate uses only the last stage's first network`,
    );
  }
  const byId = new Map(corpus.utterances.map((utterance) => [utterance.id, utterance]));
  const { folds } = new CrossValidation(judged, settings);
  const groups = Array.from({ length: settings.folds }, (): Utterance[] => []);
  for (const [i, { id, emotion }] of judged.utterances.entries()) {
    const utterance = byId.get(id);
    if (!utterance) {
      throw new Error(`${run}: expected a recording of its utterance ${id}, found none; --data names their folder`);
    }
    const { path, span } = utterance;
    if (path !== undefined && !span && digestOf(await Deno.readFile(path)) !== digests[i]) {
      throw new Error(`${path}: expected the recording that the run in ${run} used, found another`);
    }
    groups[folds[i]].push({ ...utterance, emotion: judged.emotions[emotion] });
  }
  return {
    corpus: { ...corpus, emotions: judged.emotions, utterances: groups.flat() },
    emotions: judged.emotions,
    name: run,
    folds: groups.map((utterances, fold) => ({
      utterances,
      open: async () => {
        const bytes = await exportFold(run, fold, { licence: "of the run" });
        return new Predictor(decodeModel(bytes, `${run}, fold ${ordinal(fold)}`), await device());
      },
    })),
  };
}
