/**
 * Explains the decision on a recording, for people and as JSON: the statistics, the votes of the forest, the decisive stretches, and
 * the path of the recording through each tree. The votes printed, divided by the number of trees, are the probabilities.
 */
import { count } from "../base/count.ts";
import { type Explanation, statisticName } from "../models/explain.ts";
import { argmax } from "../refinery/relabel.ts";
import { STATISTICS } from "../refinery/statistics.ts";
import { type EmotionStretch, labelOf } from "./stretches.ts";
import { formatTable, percent } from "./table.ts";

/** The explained decision. */
export interface DecisionExplanation {
  explanation: Explanation;
  /** The stretches that the explanation weighs, in its order. */
  stretches: readonly EmotionStretch[];
  /** The decision. */
  emotion: string;
  /** Its probability. */
  probability: number;
}

/** Most stretches to weigh: each requires judging the whole again, and nobody reads more of them. */
const MOST_STRETCHES = 20;

/** The stretches of a recording that an explanation weighs: the longest with speech, in order of time. */
export function stretchesToWeigh(stretches: readonly EmotionStretch[]): EmotionStretch[] {
  const spoken = stretches.filter(({ emotion }) => emotion !== undefined);
  const longest = [...spoken].sort((a, b) => b.segmentCount - a.segmentCount || a.start - b.start).slice(
    0,
    MOST_STRETCHES,
  );
  return longest.sort((a, b) => a.start - b.start);
}

/** A number without superfluous digits: votes are whole numbers if leaves are pure. */
const votesOf = (votes: number) => Number.isInteger(votes) ? String(votes) : votes.toFixed(6);

/** A value and a threshold, with as many digits as are needed to distinguish them. */
function pair(value: number, threshold: number): [string, string] {
  for (let digits = 3; digits < 9; digits++) {
    const [a, b] = [value.toFixed(digits), threshold.toFixed(digits)];
    if (a !== b) return [a, b];
  }
  return [String(value), String(threshold)];
}

/** The lines of `predict --explain`, without a final line end. */
export function explanationText(
  { explanation, stretches, emotion, probability }: DecisionExplanation,
  emotions: readonly string[],
): string {
  const { statistics, moments, votes, trees } = explanation, S = STATISTICS.length;
  const rows = emotions.map((one, k) => {
    const [maximum, minimum, mean, share] = statistics.subarray(k * S, (k + 1) * S);
    return [
      one,
      `${maximum.toFixed(3)} at ${moments.maximum[k].toFixed(2)} s`,
      `${minimum.toFixed(3)} at ${moments.minimum[k].toFixed(2)} s`,
      mean.toFixed(3),
      percent(share),
      votesOf(votes[k]),
    ];
  });
  const weights = explanation.stretches.map(({ without }, i) => ({ without, stretch: stretches[i] }))
    .sort((a, b) => (a.without ?? -1) - (b.without ?? -1));
  const decided = weights.map(({ without, stretch }) => [
    `${stretch.start.toFixed(2)} to ${stretch.end.toFixed(2)} s`,
    labelOf(stretch),
    percent(stretch.probability!),
    without === undefined ? "no segment is left without it" : percent(without),
    without === undefined ? "" : points(without - probability),
  ]);
  const paths = trees.map(({ path, vote }, t) => {
    const said = emotions.flatMap((one, k) =>
      vote[k] === 0 ? [] : [vote[k] === 1 ? one : `${one} ${vote[k].toFixed(6)}`]
    );
    const asked = path.map(({ feature, value, threshold, atMost }) => {
      const [own, other] = pair(value, threshold);
      return `${statisticName(feature, emotions)} ${own} ${atMost ? "<=" : ">"} ${other}`;
    });
    return `  tree ${String(t + 1).padStart(String(trees.length).length)}: ${said.join(", ")}${
      asked.length > 0 ? ` since ${asked.join(", ")}` : ""
    }`;
  });
  return [
    `the profile's statistics, and the votes of the forest's ${trees.length} trees: votes / ${trees.length} is the probability`,
    formatTable(["emotion", ...STATISTICS.map((one) => one === "share above 0.2" ? "above 0.2" : one), "votes"], rows),
    `statistics that the ${votesOf(votes[emotions.indexOf(emotion)])} votes for ${emotion} used most`,
    `  ${
      mostAsked(explanation, emotions.indexOf(emotion)).map(([f, n]) =>
        `${statisticName(f, emotions)} (${count(n, "tree")})`
      )
        .join(", ")
    }`,
    `stretches that decided${
      stretches.length < MOST_STRETCHES ? "" : ` (the ${MOST_STRETCHES} longest)`
    }: how likely ${emotion} is without each of them`,
    formatTable(["time", "likeliest", "probability", `${emotion} without`, "change"], decided),
    `the paths of the trees`,
    ...paths,
  ].join("\n");
}

/** The statistics tested by most trees that voted for an emotion, and the number of trees. */
function mostAsked({ trees }: Explanation, emotion: number): [feature: number, trees: number][] {
  const asked = new Map<number, number>();
  for (const { path, vote } of trees) {
    if (argmax(vote) !== emotion) continue;
    for (const feature of new Set(path.map(({ feature }) => feature))) {
      asked.set(feature, (asked.get(feature) ?? 0) + 1);
    }
  }
  return [...asked].sort(([a, m], [b, n]) => n - m || a - b).slice(0, 5);
}

/** A change of a probability, in percentage points. */
function points(change: number): string {
  return `${change > 0 ? "+" : ""}${(100 * change).toFixed(1)}`;
}

/** The explanation of `predict --json --explain`. */
export function explanationJson(
  { explanation, stretches }: DecisionExplanation,
  emotions: readonly string[],
): Record<string, unknown> {
  const { statistics, moments, votes, trees } = explanation, S = STATISTICS.length;
  return {
    statistics: Object.fromEntries(emotions.map((one, k) => [one, {
      ...Object.fromEntries(STATISTICS.map((name, s) => [name, statistics[k * S + s]])),
      maximumAt: moments.maximum[k],
      minimumAt: moments.minimum[k],
    }])),
    votes: Object.fromEntries(emotions.map((one, k) => [one, votes[k]])),
    stretches: explanation.stretches.map(({ without }, i) => {
      const { start, end, emotion, probability } = stretches[i];
      return { start, end, emotion, probability, without };
    }),
    trees: trees.map(({ path, vote }) => ({
      vote: Object.fromEntries(emotions.flatMap((one, k) => vote[k] > 0 ? [[one, vote[k]]] : [])),
      path: path.map(({ feature, value, threshold, atMost }) => ({
        statistic: statisticName(feature, emotions),
        value,
        threshold,
        atMost,
      })),
    })),
  };
}
