/** Plain-text tables for a terminal or a log. */
import { ordinal } from "../base/numbering.ts";
import type { LayerSummary } from "../nn/vgg_e.ts";
import type { FoldResult, StageResult } from "../refinery/results.ts";

/**
 * A table: numbers are right-aligned, words left-aligned.
 *
 * @param rows each as long as `head`; a number is printed with thousands separators, a string unchanged (a string of digits counts
 *   as a number)
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(formatTable(["emotion", "segments"], [["anger", 1234]]), "emotion  segments\nanger       1,234");
 * ```
 */
export function formatTable(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const lines = [head, ...rows.map((row) => row.map((cell) => cell.toLocaleString("en")))];
  const right = head.map((_, c) => rows.every((row) => /^[-+\d.,]*( ?%)?$/.test(String(row[c]))));
  const widths = head.map((_, c) => Math.max(...lines.map((line) => line[c].length)));
  return lines.map((line) =>
    line.map((cell, c) => right[c] ? cell.padStart(widths[c]) : cell.padEnd(widths[c])).join("  ").trimEnd()
  ).join("\n");
}

/**
 * A fraction of 1 in percent, to one decimal.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(percent(0.4567), "45.7 %");
 * ```
 */
export function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(1)} %`;
}

/**
 * Results of an experiment, one row per stage: weighted and unweighted accuracy of utterances (WA, UA) by the forest, WA by the
 * mean profile, and the share of segments whose most likely emotion is their utterance's. If the corpus knows the truth: also
 * the share of segments whose most likely emotion is their true one, and the labels' distance from the truth (Brier score),
 * beside that of labels from a uniform distribution.
 */
export function stageTable(stages: readonly StageResult[]): string {
  const truth = stages.every(({ trueSegmentAccuracy }) => trueSegmentAccuracy !== undefined);
  const control = truth && stages.some(({ labelErrorUniform }) => labelErrorUniform !== undefined);
  const head = [
    "stage",
    "WA",
    "UA",
    "WA by mean",
    "segments right",
    ...(truth ? ["true segments", "label error", ...(control ? ["uniform labels"] : [])] : []),
  ];
  const rows = stages.map((stage) => [
    String(stage.stage),
    percent(stage.weightedAccuracy),
    percent(stage.unweightedAccuracy),
    percent(stage.meanVoteAccuracy),
    percent(stage.segmentAccuracy),
    ...(truth ? [percent(stage.trueSegmentAccuracy!), stage.labelError!.toFixed(3)] : []),
    ...(control ? [stage.labelErrorUniform?.toFixed(3) ?? ""] : []),
  ]);
  return formatTable(head, rows);
}

/** Results of one fold, one row per stage: see {@link foldFigures}. */
export function foldTable(figures: readonly FoldFigures[]): string {
  const head = ["stage", "epochs", "best", "segments right", "utterances right by mean"];
  const rows = figures.map(({ stage, epochs, bestEpoch, segmentAccuracy, meanVoteAccuracy }) => [
    String(ordinal(stage)),
    String(epochs),
    String(ordinal(bestEpoch)),
    percent(segmentAccuracy),
    percent(meanVoteAccuracy),
  ]);
  return formatTable(head, rows);
}

/** Results of one stage of one fold. */
export interface FoldFigures {
  /** The stage. */
  stage: number;
  /** Number of epochs run. */
  epochs: number;
  /** The epoch whose weights were kept. */
  bestEpoch: number;
  /** Share of held-out segments whose most likely emotion is their utterance's. */
  segmentAccuracy: number;
  /** Share of held-out utterances whose mean profile is highest at their emotion. */
  meanVoteAccuracy: number;
}

/**
 * Results of a single fold, without a forest.
 *
 * @param utterances the held-out ones, in order: their emotion and number of segments
 * @param emotions number of emotions
 */
export function foldFigures(
  { stages }: FoldResult,
  utterances: readonly { emotion: number; segmentCount: number }[],
  emotions: number,
): FoldFigures[] {
  return stages.map(({ stage, epochs, bestEpoch, profiles }) => {
    let row = 0, segmentsRight = 0, utterancesRight = 0;
    for (const { emotion, segmentCount } of utterances) {
      const sum = new Float64Array(emotions);
      for (const end = row + segmentCount; row < end; row++) {
        const profile = profiles.subarray(row * emotions, (row + 1) * emotions);
        profile.forEach((p, e) => sum[e] += p);
        if (likeliest(profile) === emotion) segmentsRight++;
      }
      if (likeliest(sum) === emotion) utterancesRight++;
    }
    return {
      stage,
      epochs: epochs.length,
      bestEpoch,
      segmentAccuracy: segmentsRight / row,
      meanVoteAccuracy: utterancesRight / utterances.length,
    };
  });
}

/**
 * The layers of a network: output shape, parameters, operations of the forward pass, and bytes of weights and of
 * activations.
 */
export function modelTable(layers: readonly LayerSummary[]): string {
  const row = (name: string, shape: string, parameters: number, flops: number, activations: number) => //
  [name, shape, parameters, (flops / 1e6).toFixed(2), 4 * parameters, activations];
  const bytes = ({ output }: LayerSummary) => 4 * output.reduce((a, b) => a * b, 1);
  const sum = (of: (layer: LayerSummary) => number) => layers.reduce((total, layer) => total + of(layer), 0);
  return formatTable(
    ["layer", "output", "parameters", "MFLOP", "bytes", "activation bytes"],
    [
      ...layers.map((l) => row(l.name, l.output.join(" x "), l.parameters, l.flops, bytes(l))),
      row("all", "", sum((l) => l.parameters), sum((l) => l.flops), sum(bytes)),
    ],
  );
}

function likeliest(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}
