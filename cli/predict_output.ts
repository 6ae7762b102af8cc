/** What `predict` gives: lines for people, CSV, one JSON document; and files, of profiles and of a picture. */
import type { ModelDescription } from "../refinery/model.ts";
import type { DecidedBy, Prediction } from "../refinery/predictor.ts";
import { argmax } from "../refinery/relabel.ts";
import { predictionJson, profileJson, segmentRows } from "../report/prediction_json.ts";
import { formatTable, percent } from "../report/table.ts";
import type { Overview } from "../report/figures/overview.ts";
import { writeAtomically } from "../runs/atomic.ts";
import { csv } from "../runs/csv.ts";
import { printJson } from "./common.ts";
import type { Heard, HearOptions, Input } from "./recordings.ts";

/** Options that say what is given. */
export interface OutputFlags {
  top: number;
  decide: DecidedBy;
  profile?: boolean;
  json?: boolean;
  csv?: boolean;
  arrow?: string;
  svg?: string;
}

/** Takes what is heard, recording after recording. */
export class Output {
  readonly #flags: OutputFlags;
  #model!: ModelDescription;
  /** What the picture is drawn from, if one is. */
  #overview?: Overview;
  #columns = { name: 0, emotion: 0 };
  #document: Record<string, unknown>[] = [];
  #profiles: { id: string; prediction: Prediction }[] = [];

  /** Nothing is given yet. */
  constructor(flags: OutputFlags) {
    this.#flags = flags;
  }

  /** Before the first recording. */
  async begin(model: ModelDescription, inputs: readonly Input[]): Promise<void> {
    this.#model = model;
    if (this.#flags.svg !== undefined) {
      const { Overview } = await import("../report/figures/overview.ts");
      this.#overview = new Overview(model.frontEnd);
    }
    const names = inputs.map((input) => "fault" in input ? 0 : input.name.length);
    this.#columns = {
      name: Math.min(60, Math.max(...names)),
      emotion: Math.max(...model.emotions.map((e) => e.length)),
    };
    if (!this.#flags.csv) return;
    const own = this.#flags.profile ? ["segment", "start_s"] : ["emotion", "probability", "seconds", "segments"];
    printCsv([["file", ...own, ...model.emotions]]);
  }

  /** Hears of samples and frames as they come, to draw them. */
  get listeners(): Pick<HearOptions, "onSamples" | "onFrames"> {
    const overview = this.#overview;
    if (!overview) return {};
    return {
      onSamples: (samples) => overview.addSamples(samples),
      onFrames: (frames) => overview.addFrames(frames),
    };
  }

  /** A recording that was heard. */
  async heard(name: string, heard: Heard): Promise<void> {
    const { arrow, svg, json, csv } = this.#flags, { prediction } = heard;
    if (json) this.#document.push(this.#asJson(name, heard));
    else if (csv) this.#printCsv(name, heard);
    else this.#printLines(name, heard);
    if (arrow !== undefined) this.#profiles.push({ id: name, prediction });
    if (svg !== undefined) {
      const { recordingFigure } = await import("../report/figures/recording.ts"); // half a second to load
      await writeAtomically(svg, await recordingFigure(this.#overview!, this.#model.emotions, prediction));
    }
  }

  /** A recording that was not. */
  fault(fault: string): void {
    this.#document.push({ fault });
  }

  /** After the last recording. */
  async end(): Promise<void> {
    const { json, arrow } = this.#flags;
    if (json) {
      const { name, emotions } = this.#model ?? {};
      printJson({ model: name, decidedBy: this.#flags.decide, emotions, recordings: this.#document });
    }
    if (arrow === undefined || this.#profiles.length === 0) return;
    const { encodeProfiles } = await import("../runs/profiles_arrow.ts");
    const { emotions } = this.#model, K = emotions.length;
    const profiles = new Float32Array(
      this.#profiles.reduce((sum, { prediction }) => sum + prediction.profile.length, 0),
    );
    let at = 0;
    const utterances = this.#profiles.map(({ id, prediction: { profile } }) => {
      profiles.set(profile, at);
      at += profile.length;
      return { id, segmentCount: profile.length / K };
    });
    const [{ prediction: { segmentHop } }] = this.#profiles;
    await writeAtomically(arrow, encodeProfiles({ utterances, segmentHop, emotions, profiles }));
  }

  #printLines(name: string, { seconds, prediction }: Heard): void {
    const { top, profile } = this.#flags, { emotions } = this.#model, { probabilities, unsure } = prediction;
    const order = [...emotions.keys()].sort((a, b) => probabilities[b] - probabilities[a] || a - b).slice(0, top);
    const shown = order.map((e) =>
      `${emotions[e].padEnd(this.#columns.emotion)} ${percent(probabilities[e]).padStart(7)}`
    );
    console.log(
      [name.padEnd(this.#columns.name), ...shown, `${seconds.toFixed(2).padStart(8)} s`, ...(unsure ? ["unsure"] : [])]
        .join("  "),
    );
    if (!profile) return;
    const rows = segmentRows(prediction, this.#model).map(({ start, probabilities }) => [
      start.toFixed(3),
      ...[...probabilities].map((p) => p.toFixed(3)),
      emotions[argmax(probabilities)],
    ]);
    console.log(formatTable(["seconds", ...emotions, "likeliest"], rows));
  }

  #printCsv(name: string, { seconds, prediction }: Heard): void {
    const { emotion, probability, probabilities, profile } = prediction, { emotions } = this.#model;
    if (this.#flags.profile) {
      for (const [segment, { start, probabilities }] of segmentRows(prediction, this.#model).entries()) {
        printCsv([[name, String(segment), start.toFixed(3), ...[...probabilities].map(six)]]);
      }
      return;
    }
    const segments = String(profile.length / emotions.length);
    printCsv([[name, emotion, six(probability), seconds.toFixed(3), segments, ...[...probabilities].map(six)]]);
  }

  #asJson(name: string, { seconds, prediction, doubt }: Heard): Record<string, unknown> {
    return {
      ...predictionJson(name, { ...prediction, seconds }, this.#model),
      ...(doubt !== undefined && { fault: doubt }),
      ...(this.#flags.profile && { profile: profileJson(prediction, this.#model) }),
    };
  }
}

const six = (x: number) => x.toFixed(6);

function printCsv(rows: readonly (readonly string[])[]): void {
  console.log(csv(rows).trimEnd());
}
