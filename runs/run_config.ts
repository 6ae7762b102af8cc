/** `config.json` of a run folder: the experiment, its recordings, and where it began. */
import type { ReadingChoices } from "../corpora/corpus.ts";
import type { Precision } from "../kernels/device.ts";
import type { Settings } from "../refinery/settings.ts";

/** `config.json`. */
export interface RunConfig {
  /** EPR's version, and the versions of its environment. */
  versions: Record<string, string>;
  /** Start time, ISO 8601. */
  started: string;
  /** The corpus, its location (none if synthetic), and its size. */
  corpus: {
    name: string;
    data?: string;
    /** The user's choices for reading it. */
    choices?: ReadingChoices;
    /** Number of utterances with listeners' votes as labels. */
    voted?: number;
    emotions: string[];
    utterances: number;
    segments: number;
    seconds: number;
    skipped: number;
    /** SHA-256 of `corpus.csv`. */
    digest: string;
  };
  /** The preset that the settings started from. */
  preset: string;
  /** All settings, resolved. */
  settings: Settings;
  /** The device on which it began. */
  /** `precision` is set if its products are not float32. */
  device: { kind: string; description: string; precision?: Precision };
}
