/**
 * The identity of a run. Two processes with the same identity compute the same folds, and their files can be combined. Every
 * checkpoint and every finished stage contains it; resuming, joining and merging compare it.
 *
 * Threads, jobs, hosts and paths are not part of it: they do not change the results.
 */
import { createHash } from "node:crypto";
import type { FeatureUtterance } from "../corpora/features.ts";
import type { Precision } from "../kernels/device.ts";
import type { Split } from "../refinery/choices.ts";
import { completeSettings, type PresetName } from "../refinery/presets.ts";
import type { Settings } from "../refinery/settings.ts";
import { csv } from "./csv.ts";
import type { RunConfig } from "./run_config.ts";

/** A run's identity. */
export interface Identity {
  /** EPR's version. */
  version: string;
  /** Kind of corpus. */
  corpus: string;
  /** SHA-256 of `corpus.csv`: the content of the recordings, and their labels. */
  recordings: string;
  /** Kind of device. */
  device: string;
  /** Precision of the products, if not float32. */
  precision?: Precision;
  /** The preset that the settings started from. */
  preset: PresetName | string;
  /** All settings. */
  settings: Settings;
}

/** The identity in a run folder's `config.json`. */
export function identityOf({ versions, corpus, device, preset, settings }: RunConfig): Identity {
  return {
    version: versions.epr,
    corpus: corpus.name,
    recordings: corpus.digest,
    device: device.kind,
    ...(device.precision && { precision: device.precision }),
    preset,
    settings,
  };
}

/** 16 hexadecimal digits that identify a run. */
export function shortIdentity(identity: Identity): string {
  const { settings, ...others } = identity;
  const sorted = Object.entries(settings).filter(([, value]) => value !== undefined).sort(([a], [b]) => a < b ? -1 : 1);
  return sha256(JSON.stringify([others, sorted])).slice(0, 16);
}

/**
 * The differences between two identities, each as "`epochs` 12 there, 20 here". The recordings are left out:
 * `describeCorpusChange` lists their changes.
 */
export function differences(there: Identity, here: Identity): string[] {
  const found: string[] = [];
  const compare = (name: string, a: unknown, b: unknown) => {
    if (a !== b) found.push(`${name} ${a ?? "not set"} there, ${b ?? "not set"} here`);
  };
  compare("version", there.version, here.version);
  compare("`corpus`", there.corpus, here.corpus);
  compare("`device`", there.device, here.device);
  compare("`precision`", there.precision ?? "f32", here.precision ?? "f32");
  compare("`preset`", there.preset, here.preset);
  // runs of older versions lack newer settings
  const [before, now] = [there, here].map(({ settings }) => completeSettings(settings));
  for (const key of Object.keys(now) as (keyof Settings)[]) compare(`\`${key}\``, before[key], now[key]);
  return found;
}

/** Columns of `corpus.csv` that exist only if the run depends on them. */
const FURTHER: Readonly<
  Record<
    string,
    { where: (utterances: readonly FeatureUtterance[], split: Split) => boolean; of: (u: FeatureUtterance) => string }
  >
> = {
  text: { where: (_, split) => split === "text", of: ({ text }) => text },
  session: { where: (_, split) => split === "session", of: ({ session = "" }) => session },
  fold: { where: (_, split) => split === "official", of: ({ fold = "" }) => fold },
  copy_of: { where: (utterances) => utterances.some(({ copyOf }) => copyOf), of: ({ copyOf = "" }) => copyOf },
  votes: { where: (utterances) => utterances.some(({ votes }) => votes), of: ({ votes = [] }) => votes.join(" ") },
};

/**
 * Writes `corpus.csv`: each used utterance with its emotion, speaker, and the digest of its recording, and whatever else the run
 * depends on: the text, session or official fold if folds use them, kept copies, votes (shares of 1 per emotion).
 */
export function corpusTable(
  utterances: readonly FeatureUtterance[],
  emotions: readonly string[],
  split: Split = "utterance",
): string {
  const further = Object.keys(FURTHER).filter((column) => FURTHER[column].where(utterances, split));
  const rows = utterances.map((utterance) => {
    const { id, emotion, speaker, digest } = utterance;
    return [id, emotions[emotion], speaker, ...further.map((column) => FURTHER[column].of(utterance)), digest];
  });
  return csv([["utterance", "emotion", "speaker", ...further, "sha256"], ...rows]);
}

/** The SHA-256 of a text, in hexadecimal. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/**
 * Describes how the corpus differs from the one with which a run began, with the first example of each kind of change.
 */
export function describeCorpusChange(there: string, here: string): string {
  const read = (table: string) =>
    new Map(table.trimEnd().split("\n").slice(1).map((line) => [line.slice(0, line.lastIndexOf(",")), line]));
  const [before, now] = [read(there), read(here)];
  const gone = [...before.keys()].filter((key) => !now.has(key));
  const added = [...now.keys()].filter((key) => !before.has(key));
  const changed = [...before.keys()].filter((key) => now.has(key) && now.get(key) !== before.get(key));
  const say = (keys: string[], what: string) => {
    const name = keys[0]?.split(",")[0];
    return keys.length === 0 ? [] : [`${keys.length} ${what} (${keys.length > 1 ? `the first ${name}` : name})`];
  };
  return [...say(changed, "changed"), ...say(gone, "gone"), ...say(added, "new")].join(", ");
}
