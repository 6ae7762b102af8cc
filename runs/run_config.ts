/** `config.json` of a run folder: what is run, on which recordings, where it began. */
import type { ReadingChoices } from "../corpora/corpus.ts";
import type { Precision } from "../kernels/device.ts";
import type { Settings } from "../refinery/settings.ts";

/** `config.json`. */
export interface RunConfig {
  /** EPR's version, and what it ran in. */
  versions: Record<string, string>;
  /** When it began, ISO 8601. */
  started: string;
  /** The corpus, where it lies (synthetic: nowhere), and what was found in it. */
  corpus: {
    name: string;
    data?: string;
    /** How it is read, where its user chose. */
    choices?: ReadingChoices;
    /** Utterances whose labels are listeners' votes. */
    voted?: number;
    emotions: string[];
    utterances: number;
    segments: number;
    seconds: number;
    skipped: number;
    /** SHA-256 of `corpus.csv`. */
    digest: string;
  };
  /** Which set of defaults the settings began from. */
  preset: string;
  /** All of them, resolved. */
  settings: Settings;
  /** What it began on. */
  /** `precision` where its products are not of float32. */
  device: { kind: string; description: string; precision?: Precision };
}
