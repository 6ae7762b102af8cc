/** The differences between stages: every result of every network, and whether a change could be luck. */
import { ordinal } from "../base/numbering.ts";
import { calibrate } from "../refinery/calibration.ts";
import { meanProfiles, segmentLabels } from "../refinery/judge.ts";
import { compareStages } from "../refinery/mcnemar.ts";
import { meanEntropy } from "../refinery/relabel.ts";
import type { ReportTable } from "./document.ts";
import { meanNumber, meanPercent, METHOD_NAMES, pValue, tenths } from "./format.ts";
import type { RunView } from "./read_run.ts";
import { stageValues, type Study, type StudyChain } from "./study.ts";

/** The forest's decisions, beside those by mean profile and by single segments. */
export function decisionTable({ chains }: Study): ReportTable {
  const figures = ["weightedAccuracy", "unweightedAccuracy", "meanVoteAccuracy", "segmentAccuracy"] as const;
  return {
    kind: "table",
    id: "decisions",
    title: "Decided by: forest, mean profile, single segments",
    head: ["Chain", "Stage", "Forest WA", "Forest UA", "Mean vote WA", "Segments"],
    rows: chains.flatMap((chain) =>
      stagesOf(chain).map((stage) => [
        METHOD_NAMES[chain.method],
        String(ordinal(stage)),
        ...figures.map((figure) =>
          meanPercent(stageValues(chain, stage, ({ stages }, s) => stages[s][figure]), tenths)
        ),
      ])
    ),
    note:
      "In percent. Mean vote: without a forest, the emotion that is highest in the mean profile. Segments: held-out ones " +
      "whose likeliest emotion is their utterance's.",
  };
}

/** Properties of the labels of every stage. */
export function labelTable({ chains }: Study): ReportTable {
  const truth = chains[0].runs[0].stages[0].trueSegmentAccuracy !== undefined;
  const control = truth &&
    chains.every(({ runs, stages }) =>
      runs.every((run) => run.stages.slice(1, stages).every(({ labelErrorUniform }) => labelErrorUniform !== undefined))
    ) && chains.some(({ stages }) => stages > 1);
  const rows = chains.flatMap((chain) =>
    stagesOf(chain).map((stage) => {
      const of = (figure: (run: RunView, stage: number) => number) => stageValues(chain, stage, figure);
      return [
        METHOD_NAMES[chain.method],
        String(ordinal(stage)),
        meanNumber(of((run, s) => run.stages[s].labelEntropy)),
        meanNumber(of(profileEntropy)),
        ...(truth
          ? [
            meanNumber(of((run, s) => run.stages[s].labelError!)),
            ...(control ? [stage === 0 ? "" : meanNumber(of((run, s) => run.stages[s].labelErrorUniform!))] : []),
            meanPercent(of((run, s) => run.stages[s].trueSegmentAccuracy!), tenths),
          ]
          : []),
      ];
    })
  );
  const emotions = chains[0].runs[0].corpus.emotions.length;
  return {
    kind: "table",
    id: "labels-by-stage",
    title: "Labels and profiles, stage by stage",
    head: [
      "Chain",
      "Stage",
      "Label entropy",
      "Profile entropy",
      ...(truth ? ["Label error", ...(control ? ["of uniform labels"] : []), "Truly right, %"] : []),
    ],
    rows,
    note:
      `Entropies in nats, of the labels that the stage learned from and of held-out profiles: 0 is certain, ${
        Math.log(emotions).toFixed(3)
      } is uniform over ${emotions} emotions.` +
      (truth
        ? " Label error: mean Brier score of those labels against the true emotion of each segment (0 to 2). " +
          (control
            ? "Of uniform labels: the same with a uniform distribution instead of the networks' profiles. Only what is " +
              "below it comes from the networks. "
            : "") +
          "Truly right: held-out segments whose likeliest emotion is their own true one."
        : ""),
  };
}

/** McNemar's test of each later stage against the first and against the previous one. */
export function comparisonTable({ chains }: Study): ReportTable {
  const rows = chains.flatMap((chain) =>
    stagesOf(chain).slice(1).flatMap((stage) =>
      [...new Set([0, stage - 1])].map((before) => {
        const { onlyFirst, onlySecond, p } = compareStages(rightCounts(chain, before), rightCounts(chain, stage));
        return [
          METHOD_NAMES[chain.method],
          `${ordinal(before)} → ${ordinal(stage)}`,
          String(onlyFirst),
          String(onlySecond),
          pValue(p),
        ];
      })
    )
  );
  // each refined network against the control, which learned labels without information from any network
  const control = chains.find(({ method }) => method === "uniform");
  const controlled = chains.filter((chain) => control && chain !== control).flatMap((chain) =>
    stagesOf(chain).slice(1, control!.stages).map((stage) => {
      const { onlyFirst, onlySecond, p } = compareStages(rightCounts(control!, stage), rightCounts(chain, stage));
      return [
        METHOD_NAMES[chain.method],
        `control ${ordinal(stage)} → ${ordinal(stage)}`,
        String(onlyFirst),
        String(onlySecond),
        pValue(p),
      ];
    })
  );
  return {
    kind: "table",
    id: "mcnemar",
    title: "Better, or luck? McNemar's test between stages",
    head: ["Chain", "Stages", "Lost", "Won", "p"],
    rows: [...rows, ...controlled],
    note:
      (control
        ? "Control: labels mixed with a uniform distribution instead of profiles; what a chain does not win against it does not come " +
          "from the networks' profiles. "
        : "") +
      "Lost: utterances that the forest had right at the earlier stage and has wrong at the later one; won: the reverse. " +
      "p: the exact two-sided test, not corrected for the number of tests." +
      (chains[0].runs.length > 1 ? " An utterance counts once: for the stage that was right on it in more seeds." : ""),
  };
}

/** Expected calibration error of every stage. */
export function calibrationTable({ chains }: Study): ReportTable {
  const rows = chains.flatMap((chain) =>
    stagesOf(chain).map((stage) => [
      METHOD_NAMES[chain.method],
      String(ordinal(stage)),
      meanPercent(stageValues(chain, stage, (run, s) => segmentCalibration(run, s).error), tenths),
      meanPercent(stageValues(chain, stage, (run, s) => utteranceCalibration(run, s).error), tenths),
    ])
  );
  return {
    kind: "table",
    id: "calibration",
    title: "Expected calibration error",
    head: ["Chain", "Stage", "Segments, %", "Utterances (mean profile), %"],
    rows,
    note: "Mean distance between the probability of the likeliest emotion and the share that is right, in ten bins. " +
      "A segment counts as right where its likeliest emotion is its utterance's label.",
  };
}

/** Calibration of held-out segments. */
export function segmentCalibration({ corpus, profiles }: RunView, stage: number) {
  return calibrate(profiles[stage], segmentLabels(corpus), corpus.emotions.length);
}

/** Calibration of utterances by their mean profile. */
export function utteranceCalibration({ corpus, profiles }: RunView, stage: number) {
  const truth = corpus.utterances.map(({ emotion }) => emotion);
  return calibrate(meanProfiles(corpus, profiles[stage]), truth, corpus.emotions.length);
}

/** Mean entropy of held-out profiles, in nats. */
export function profileEntropy({ corpus: { emotions }, profiles }: RunView, stage: number): number {
  const own = profiles[stage], segments = Array.from({ length: own.length / emotions.length }, (_, s) => s);
  return meanEntropy(own, segments, emotions.length);
}

/** The stages of a chain, in order. */
export function stagesOf({ stages }: StudyChain): number[] {
  return [...Array(stages).keys()];
}

/**
 * How often each recording was judged correctly, over the seeds that contain it: each seed has its own synthetic
 * corpus.
 */
function rightCounts({ runs }: StudyChain, stage: number): number[] {
  const counts = new Map<string, number>();
  for (const { corpus: { utterances }, digests, decisions } of runs) {
    utterances.forEach(({ id, emotion }, u) => {
      const key = `${id} ${digests[u]}`;
      counts.set(key, (counts.get(key) ?? 0) + (decisions[stage][u] === emotion ? 1 : 0));
    });
  }
  return [...counts.values()];
}
