/**
 * `--under`: a list of changes to recordings before a model processes them: `gain:-15,noise:20,telephone,room`. Random numbers are
 * keyed by seed, condition and utterance, so each change is the same in every run and for every model, whatever the folds.
 */
import { createHash } from "node:crypto";
import { InvalidArgumentError } from "commander";
import type { Utterance } from "../corpora/corpus.ts";
import {
  addNoise,
  applyGain,
  babble,
  pinkNoise,
  reverberate,
  roomResponse,
  telephone,
  tilt,
} from "../dsp/strangers.ts";
import { Random } from "../kernels/random.ts";
import { Codecs } from "./codecs.ts";

/** What a condition may require besides the samples. */
export interface Surroundings {
  /** The condition's random numbers. */
  random: Random;
  /** Voices of other utterances, drawn with these numbers. */
  voices: () => Promise<Float32Array[]>;
  /** MP3 and Opus. */
  codecs: Codecs;
}

type Apply = (
  samples: Float32Array,
  amount: number,
  around: Surroundings,
) => Float32Array | Promise<Float32Array>;

/** A kind of condition. Its amount has a range; if `usual` is set, the amount may be omitted. */
interface Kind {
  unit: string;
  min: number;
  max: number;
  usual?: number;
  apply: Apply;
}

const KINDS: Readonly<Record<string, Kind>> = {
  gain: { unit: "dB", min: -60, max: 60, apply: (samples, decibels) => applyGain(samples, decibels) },
  tilt: { unit: "dB an octave", min: -12, max: 12, apply: (samples, decibels) => tilt(samples, decibels) },
  noise: {
    ...{ unit: "dB under the speech", min: -20, max: 60 },
    apply: (samples, ratio, { random }) => addNoise(samples, pinkNoise(samples.length, () => random.uniform()), ratio),
  },
  babble: {
    ...{ unit: "dB under the speech", min: -20, max: 60 },
    apply: async (samples, ratio, { random, voices }) =>
      addNoise(samples, babble(samples.length, await voices(), () => random.uniform()), ratio),
  },
  telephone: { unit: "", min: 0, max: 0, usual: 0, apply: (samples) => telephone(samples) },
  mp3: { unit: "kbit/s", min: 8, max: 160, apply: (samples, rate, { codecs }) => codecs.through("mp3", samples, rate) },
  opus: {
    unit: "kbit/s",
    min: 6,
    max: 128,
    apply: (samples, rate, { codecs }) => codecs.through("opus", samples, rate),
  },
  room: {
    ...{ unit: "s until it has fallen by 60 dB", min: 0.05, max: 5, usual: 0.5 },
    apply: (samples, seconds, { random }) => reverberate(samples, roomResponse(seconds, () => random.uniform())),
  },
};

/** Constant bit rates of MP3 at 16 kHz (MPEG-2, layer III). */
const MP3_RATES = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

/** For `--help`. */
export const CONDITIONS_HELP = Object.entries(KINDS)
  .map(([name, { unit, min, max, usual }]) =>
    unit === "" ? name : `${name}:${min}..${max} ${unit}${usual === undefined ? "" : ` (${usual})`}`
  ).join(", ");

/** A condition from the list. */
export interface Condition {
  /** As given on the command line. */
  name: string;
  /** The kind, as an index into the table: part of the key of its random numbers. */
  kind: number;
  amount: number;
  apply: Apply;
}

/**
 * Reads a list of conditions.
 *
 * @throws {InvalidArgumentError} with the first invalid condition
 */
export function parseConditions(text: string): Condition[] {
  return text.split(",").map((word) => {
    const name = word.trim(), [kind, given, ...more] = name.split(":");
    if (!Object.hasOwn(KINDS, kind)) {
      throw new InvalidArgumentError(`Expected conditions among ${Object.keys(KINDS).join(", ")}, found "${name}".`);
    }
    const { unit, min, max, usual, apply } = KINDS[kind];
    const amount = given === undefined ? usual ?? NaN : given.trim() === "" ? NaN : Number(given);
    const fits = amount >= min && amount <= max && (kind !== "mp3" || MP3_RATES.includes(amount)) &&
      (kind !== "opus" || Number.isInteger(amount));
    if (!fits || more.length > 0 || (unit === "" && given !== undefined)) {
      const expected = unit === ""
        ? kind
        : `${kind}:NUMBER, ${kind === "mp3" ? MP3_RATES.join(" ") : `${min} to ${max}`} ${unit}`;
      throw new InvalidArgumentError(`Expected ${expected}, found "${name}".`);
    }
    return { name, kind: Object.keys(KINDS).indexOf(kind), amount, apply };
  });
}

/** Number of voices in babble, and of recordings to draw them from. */
const VOICES = 5, POOL = 40;

/** Applies conditions to the utterances of a corpus. */
export class Stranger {
  readonly #utterances: readonly Utterance[];
  readonly #seed: number;
  readonly #codecs = new Codecs();
  /** Recordings for babble, read on demand. */
  #pool?: Promise<{ utterance: Utterance; samples: Float32Array }[]>;

  /** Uses these utterances; babble is made from them. */
  constructor(utterances: readonly Utterance[], seed: number) {
    [this.#utterances, this.#seed] = [utterances, seed];
  }

  /**
   * Applies a condition to an utterance.
   *
   * @param samples the utterance's samples, at 16 kHz
   * @throws {Error} if babble needs other recordings, and there are none
   */
  async change(samples: Float32Array, utterance: Utterance, { kind, amount, apply }: Condition): Promise<Float32Array> {
    const own = parseInt(createHash("sha256").update(utterance.id).digest("hex").slice(0, 12), 16);
    const random = new Random(this.#seed, kind, Math.round(1000 * amount) + 1e6, own);
    return await apply(samples, amount, {
      random,
      voices: () => this.#voices(utterance, random),
      codecs: this.#codecs,
    });
  }

  /** Ends the programs that it has started. */
  async close(): Promise<void> {
    await this.#codecs.close();
  }

  async #voices(utterance: Utterance, random: Random): Promise<Float32Array[]> {
    this.#pool ??= this.#readPool();
    const others = (await this.#pool).filter((own) => own.utterance.id !== utterance.id);
    const strange = others.filter((own) => own.utterance.speaker !== utterance.speaker);
    const chosen = random.shuffle([...strange.length > 0 ? strange : others]).slice(0, VOICES);
    if (chosen.length === 0) {
      throw new Error("--under babble: expected other readable recordings in the corpus, found none");
    }
    return chosen.map((own) => own.samples);
  }

  async #readPool() {
    const drawn = new Random(this.#seed).shuffle(this.#utterances.toSorted((a, b) => a.id < b.id ? -1 : 1)), pool = [];
    for (const utterance of drawn) {
      if (pool.length === POOL) break;
      try {
        const { samples } = await utterance.read();
        if (samples.some((x) => x !== 0)) pool.push({ utterance, samples });
      } catch {
        // the fault is reported when the utterance itself is judged
      }
    }
    return pool;
  }
}
