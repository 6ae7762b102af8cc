/** The output of `predict`: lines for people, CSV, or one JSON document; and files with profiles or a picture. */
import { count } from "../base/count.ts";
import { explain } from "../models/explain.ts";
import type { Model } from "../models/model.ts";
import type { ModelDescription } from "../models/description.ts";
import type { SpeechPrediction } from "../models/judge_speech.ts";
import { argmax } from "../refinery/relabel.ts";
import { predictionJson, profileJson, segmentRows } from "../report/prediction_json.ts";
import { type DecisionExplanation, explanationJson, explanationText, stretchesToWeigh } from "../report/explanation.ts";
import { NO_SPEECH, stretchesOf } from "../report/stretches.ts";
import { formatTable, percent } from "../report/table.ts";
import type { Overview } from "../report/figures/overview.ts";
import { writeAtomically } from "../files/atomic.ts";
import { emotionColumn } from "../runs/columns.ts";
import { csv } from "../runs/csv.ts";
import { printJson, say } from "./common.ts";
import { LabelOutput } from "./predict_labels.ts";
import type { PredictFlags } from "./predict_options.ts";
import type { ChannelOptions, ChannelPrediction, Input } from "./recordings.ts";

/** Receives the results, recording after recording. */
export class Output {
  readonly #flags: PredictFlags;
  #model!: ModelDescription;
  #forest!: Model["forest"];
  /** The data of the picture, if there is one. */
  #overview?: Overview;
  #columns = { name: 0, emotion: 0 };
  #document: Record<string, unknown>[] = [];
  #profiles: { id: string; prediction: SpeechPrediction }[] = [];
  readonly #labels?: LabelOutput;

  /** Prints nothing yet. */
  constructor(flags: PredictFlags) {
    this.#flags = flags;
    if (flags.format !== undefined) this.#labels = new LabelOutput(flags.format, flags.out);
  }

  /** Called before the first recording. */
  async begin({ description: model, forest }: Model, inputs: readonly Input[]): Promise<void> {
    [this.#model, this.#forest] = [model, forest];
    if (this.#flags.svg !== undefined) {
      const { Overview } = await import("../report/figures/overview.ts");
      this.#overview = new Overview(model.frontEnd);
    }
    const more = this.#flags.channel === "each" ? ":right".length : 0;
    const names = inputs.map((input) => "fault" in input ? 0 : input.name.length + more);
    this.#columns = {
      name: Math.min(60, Math.max(...names)),
      emotion: Math.max(...model.emotions.map((e) => e.length)),
    };
    if (!this.#flags.csv) return;
    const columns = (...own: string[]) => [...own, ...model.emotions.map((e) => emotionColumn(e, [...own, "speech"]))];
    if (this.#flags.live) return printCsv([columns("second", "emotion", "probability")]);
    const own = this.#flags.profile ? ["segment", "start_s"] : ["emotion", "probability", "seconds", "segments"];
    const last = this.#flags.profile ? ["speech"] : [];
    printCsv([[...columns("file", ...own), ...last]]);
  }

  /** Receives samples and frames as they arrive, to draw them. */
  get listeners(): Pick<ChannelOptions, "onSamples" | "onFrames"> {
    const overview = this.#overview;
    if (!overview) return {};
    return {
      onSamples: (samples) => overview.addSamples(samples),
      onFrames: (frames) => overview.addFrames(frames),
    };
  }

  /** Receives a recording's result. */
  async write(input: Exclude<Input, { fault: string }>, predicted: ChannelPrediction): Promise<void> {
    const { arrow, svg, json, csv, out } = this.#flags, { prediction, channel } = predicted;
    const name = channel === undefined ? input.name : `${input.name}:${channel}`;
    await this.#labels?.write(input, predicted, this.#model);
    if (this.#labels && out === undefined) { /* in this case only the labels are printed */ }
    else if (json) this.#document.push(this.#asJson(name, predicted));
    else if (csv) this.#printCsv(name, predicted);
    else this.#printLines(name, predicted);
    if (this.#flags.explain && !json) console.log(explanationText(this.#explained(predicted), this.#model.emotions));
    if (arrow !== undefined) this.#profiles.push({ id: name, prediction });
    if (svg !== undefined) {
      const { recordingFigure } = await import("../report/figures/recording.ts"); // takes half a second to load
      await writeAtomically(svg, await recordingFigure(this.#overview!, this.#model.emotions, prediction));
    }
  }

  /** Receives a recording's fault. */
  fault(fault: string): void {
    this.#document.push({ fault });
  }

  /** Called after the last recording. */
  async end(): Promise<void> {
    const { json, arrow } = this.#flags;
    if (json) {
      const { name, emotions } = this.#model ?? {};
      printJson({ model: name, decidedBy: this.#flags.decide, emotions, recordings: this.#document });
    }
    const written = this.#labels?.written ?? 0;
    if (written > 0 && !this.#flags.quiet) say(`${count(written, "file")} of labels in ${this.#flags.out}`);
    if (arrow === undefined || this.#profiles.length === 0) return;
    const { encodeProfiles } = await import("../runs/profiles_arrow.ts");
    const { emotions } = this.#model, K = emotions.length;
    const profiles = new Float32Array(
      this.#profiles.reduce((sum, { prediction }) => sum + prediction.profile.length, 0),
    );
    let at = 0;
    const utterances = this.#profiles.map(({ id, prediction: { profile, segmentHop } }) => {
      profiles.set(profile, at);
      at += profile.length;
      return { id, segmentCount: profile.length / K, segmentHop };
    });
    const { segmentHop } = this.#model;
    await writeAtomically(arrow, encodeProfiles({ utterances, segmentHop, emotions, profiles }));
  }

  #printLines(name: string, { seconds, prediction }: ChannelPrediction): void {
    const { top, profile } = this.#flags, { emotions } = this.#model, { probabilities, unsure } = prediction;
    const order = [...emotions.keys()].sort((a, b) => probabilities[b] - probabilities[a] || a - b).slice(0, top);
    const shown = order.map((e) =>
      `${emotions[e].padEnd(this.#columns.emotion)} ${percent(probabilities[e]).padStart(7)}`
    );
    const { frontEnd: { hopLength, sampleRate }, segmentHop } = this.#model, hop = prediction.segmentHop;
    const every = `a segment every ${Math.round(1000 * hop * hopLength / sampleRate)} ms`;
    const notes = [
      ...(unsure ? ["unsure"] : []),
      ...(hop === segmentHop || this.#flags.segmentHop !== undefined ? [] : [every]),
    ];
    console.log(
      [name.padEnd(this.#columns.name), ...shown, `${seconds.toFixed(2).padStart(8)} s`, ...notes].join("  "),
    );
    if (!profile) return;
    const rows = segmentRows(prediction, this.#model).map(({ start, probabilities }, s) => [
      start.toFixed(3),
      ...[...probabilities].map((p) => p.toFixed(3)),
      prediction.speech[s] ? emotions[argmax(probabilities)] : `(${NO_SPEECH})`,
    ]);
    console.log(formatTable(["seconds", ...emotions, "likeliest"], rows));
  }

  #printCsv(name: string, { seconds, prediction }: ChannelPrediction): void {
    const { emotion, probability, probabilities, profile } = prediction, { emotions } = this.#model;
    if (this.#flags.profile) {
      for (const [segment, { start, probabilities }] of segmentRows(prediction, this.#model).entries()) {
        const numbers = [...probabilities].map(six), speech = String(prediction.speech[segment]);
        printCsv([[name, String(segment), start.toFixed(3), ...numbers, speech]]);
      }
      return;
    }
    const segments = String(profile.length / emotions.length);
    printCsv([[name, emotion, six(probability), seconds.toFixed(3), segments, ...[...probabilities].map(six)]]);
  }

  /** The explanation of a result. */
  #explained({ seconds, prediction }: ChannelPrediction): DecisionExplanation {
    const model = { description: this.#model, forest: this.#forest };
    const stretches = stretchesToWeigh(stretchesOf(prediction, seconds, this.#model));
    const { emotion, probability } = prediction;
    return { explanation: explain(model, prediction, stretches), stretches, emotion, probability };
  }

  #asJson(name: string, predicted: ChannelPrediction): Record<string, unknown> {
    const { seconds, prediction, doubt, channel } = predicted;
    return {
      ...predictionJson(name, { ...prediction, seconds }, this.#model),
      ...(channel !== undefined && { channel }),
      speechSegments: speechCount(prediction),
      ...(doubt !== undefined && { fault: doubt }),
      ...(this.#flags.explain && {
        explanation: explanationJson(this.#explained(predicted), this.#model.emotions),
      }),
      ...(this.#flags.profile && { profile: profileJson(prediction, this.#model) }),
    };
  }
}

/** Number of judged segments. */
const speechCount = ({ speech }: SpeechPrediction) => speech.reduce((sum, one) => sum + one, 0);

const six = (x: number) => x.toFixed(6);

function printCsv(rows: readonly (readonly string[])[]): void {
  console.log(csv(rows).trimEnd());
}
