/** From options to an experiment that only lacks its device: reads the corpus, draws its folds, and prints both. */
import { resolve } from "@std/path";
import { count } from "../base/count.ts";
import type { Corpus } from "../corpora/corpus.ts";
import type { Features } from "../corpora/features.ts";
import { inspectCorpus } from "../corpora/sanity.ts";
import { CrossValidation } from "../refinery/cross_validation.ts";
import type { PresetName } from "../refinery/presets.ts";
import { readFeatures } from "../refinery/read_features.ts";
import type { Settings } from "../refinery/settings.ts";
import type { Experiment } from "../runs/plan.ts";
import { say } from "./common.ts";
import { type CorpusFlags, openFlaggedCorpus, readingChoices } from "./corpus_options.ts";
import { progressBar } from "./progress_bar.ts";
import { describeUnlearned, type FoldFlags, settleFolds } from "./fold_settings.ts";
import { describeSettings } from "./train_options.ts";

/** The options of {@link prepare}. */
export interface PrepareFlags extends CorpusFlags, FoldFlags {
  /** `--threads` */
  threads?: number;
  /** `--quiet` */
  quiet?: boolean;
  /** Printed instead of the settings' method and stages, if several chains run. */
  chains?: string;
}

/**
 * Reads the corpus and draws the folds.
 *
 * @param asked the settings; their segment hop may still be undefined, for the corpus's default
 */
export async function prepare(
  flags: PrepareFlags,
  preset: PresetName,
  asked: Settings,
  signal: AbortSignal,
): Promise<Omit<Experiment, "device">> {
  const opened = await openFlaggedCorpus(flags);
  const hopped = { ...asked, segmentHop: asked.segmentHop ?? opened.segmentHop };
  const features = await readWithBar(flags, opened, hopped, signal);
  const { settings, lines } = settleFolds(flags, hopped, features);
  const cv = new CrossValidation(features, settings), { folds } = cv;
  if (!flags.quiet) {
    say(`corpus    ${describeFeatures(flags, features)}`);
    for (const { message } of inspectCorpus(features)) say(`doubtful  ${message}`);
    say(`settings  ${describeSettings(preset, settings, flags.chains)}`);
    for (const line of lines) say(`folds     ${line}`);
    for (const line of describeUnlearned(cv)) say(`doubtful  ${line}`);
  }
  const { corpus } = flags, choices = await readingChoices(flags);
  // another process may have another working folder
  const data = flags.data === undefined ? undefined : resolve(flags.data);
  return { corpus, data, choices, preset, settings, features, folds };
}

async function readWithBar(
  flags: PrepareFlags,
  corpus: Corpus,
  settings: Settings,
  signal: AbortSignal,
): Promise<Features> {
  const bar = flags.quiet ? undefined : progressBar("reading");
  try {
    return await readFeatures(corpus, settings, {
      threads: flags.threads,
      cacheDir: flags.cache,
      onCacheFault: say,
      onWarning: (line) => say(`warning: ${line}`),
      onProgress: bar?.update,
      signal,
    });
  } finally {
    bar?.stop();
  }
}

function describeFeatures(flags: PrepareFlags, features: Features): string {
  const { utterances, emotions, segmentStart, segmentHop, segmentFrames, skipped, padded } = features;
  const speakers = new Set(utterances.map(({ speaker }) => speaker)).size;
  const left = skipped.length === 0 ? "" : `; ${count(skipped.length, "file")} skipped (deno task corpus prints why)`;
  const short = padded === 0
    ? ""
    : `; ${count(padded, "recording")} shorter than a segment of ${segmentFrames} frames, padded`;
  return `${flags.corpus}: ${utterances.length.toLocaleString("en")} utterances, ${emotions.length} emotions, ` +
    `${count(speakers, "speaker")}, ${segmentStart.length.toLocaleString("en")} segments, one every ${
      10 * segmentHop
    } ms${left}${short}`;
}
