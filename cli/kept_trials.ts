import type { Settings } from "../refinery/settings.ts";
import type { Trial } from "../refinery/trial.ts";

/** Trials in a file, one line of JSON each. An interrupted study resumes from it. */
export class KeptTrials {
  readonly #file: string;
  readonly #trials: { settings: string; trial: Trial }[];

  private constructor(file: string, lines: readonly string[]) {
    this.#file = file;
    this.#trials = lines.map((line, i) => {
      try {
        const { settings, trial } = JSON.parse(line);
        return { settings: JSON.stringify(settings), trial };
      } catch (error) {
        throw new Error(`${file}, line ${i + 1}: expected a trial as JSON, found ${(error as Error).message}`);
      }
    });
  }

  /**
   * Reads a file, or creates one.
   *
   * @throws {Error} with the line that is not a trial
   */
  static async open(file: string): Promise<KeptTrials> {
    const text = await Deno.readTextFile(file).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return "";
      throw error;
    });
    return new KeptTrials(file, text.split("\n").filter(Boolean));
  }

  /** The trial of these settings on this fold, if it exists. */
  find(settings: Settings, fold: number): Trial | undefined {
    const own = JSON.stringify(settings);
    return this.#trials.find(({ settings, trial }) => settings === own && trial.fold === fold)?.trial;
  }

  /** Appends a trial. */
  async keep(settings: Settings, trial: Trial): Promise<void> {
    this.#trials.push({ settings: JSON.stringify(settings), trial });
    await Deno.writeTextFile(this.#file, `${JSON.stringify({ settings, trial })}\n`, { append: true });
  }
}
