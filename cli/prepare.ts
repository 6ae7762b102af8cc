/**
 * From options to an experiment that only lacks its device: the corpus is read, its folds are drawn, and both are told.
 */
import { resolve } from "@std/path";
import { count } from "../corpora/corpus.ts";
import { type Corpus, extractFeatures, type Features } from "../corpora/mod.ts";
import { assignFolds, type PresetName, segmentation, type Settings } from "../refinery/mod.ts";
import type { Experiment } from "../runs/mod.ts";
import { type CorpusFlags, openFlaggedCorpus, progressBar, say } from "./common.ts";
import { describeSettings } from "./train_options.ts";

/** What {@link prepare} reads. */
export interface PrepareFlags extends CorpusFlags {
  /** `--threads` */
  threads?: number;
  /** `--quiet` */
  quiet?: boolean;
  /** Told in the place of the settings' method and stages, where several chains are run. */
  chains?: string;
}

/**
 * Reads the corpus and draws the folds.
 *
 * @param asked the settings, whose segment hop may still be the corpus's own
 */
export async function prepare(
  flags: PrepareFlags,
  preset: PresetName,
  asked: Settings,
  signal: AbortSignal,
): Promise<Omit<Experiment, "device">> {
  const opened = await openFlaggedCorpus(flags);
  const settings = { ...asked, segmentHop: asked.segmentHop ?? opened.segmentHop };
  const features = await readFeatures(flags, opened, settings, signal);
  const folds = assignFolds(features.utterances, features.emotions, settings);
  if (!flags.quiet) {
    say(`corpus    ${describeFeatures(flags, features)}`);
    say(`settings  ${describeSettings(preset, settings, flags.chains)}`);
  }
  const { corpus, data } = flags;
  // another process may stand in another folder
  return { corpus, data: data === undefined ? undefined : resolve(data), preset, settings, features, folds };
}

async function readFeatures(
  flags: PrepareFlags,
  corpus: Corpus,
  settings: Settings,
  signal: AbortSignal,
): Promise<Features> {
  const bar = flags.quiet ? undefined : progressBar("reading");
  try {
    return await extractFeatures(corpus, {
      ...segmentation(settings),
      threads: flags.threads,
      cacheDir: flags.cache,
      onCacheFault: say,
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
  const left = skipped.length === 0 ? "" : `; ${count(skipped.length, "file")} skipped (deno task corpus says why)`;
  const short = padded === 0
    ? ""
    : `; ${count(padded, "recording")} shorter than a segment of ${segmentFrames} frames, padded`;
  return `${flags.corpus}: ${utterances.length.toLocaleString("en")} utterances, ${emotions.length} emotions, ` +
    `${count(speakers, "speaker")}, ${segmentStart.length.toLocaleString("en")} segments, one every ${
      10 * segmentHop
    } ms${left}${short}`;
}
