/** The card of a model, in Markdown, generated from its `model.json`: what it is, its accuracy, and prohibited uses. */
import type { ModelAccuracy, ModelConditions, ModelDescription } from "./description.ts";
import { wilsonInterval } from "../refinery/intervals.ts";
import { fraction } from "../base/fraction.ts";

/** Facts about a corpus that a model may have been trained on. */
const CORPORA: Readonly<Record<string, { what: string; detects: string }>> = {
  emodb: {
    what:
      "Emo-DB, the Berlin database of emotional speech (Burkhardt, Paeschke, Rolfes, Sendlmeier & Weiss 2005): ten " +
      "sentences in German, spoken by ten actors, five of them women, in an anechoic chamber",
    detects: "German emotions as actors play them in a studio",
  },
  savee: {
    what: "SAVEE (Haq & Jackson 2009): English sentences spoken by four men at the University of Surrey",
    detects: "English emotions as four men play them in a studio",
  },
  casia: {
    what: "CASIA's corpus of emotional Mandarin: sentences spoken by four actors",
    detects: "Mandarin emotions as actors play them in a studio",
  },
  taught: {
    what: "takes that somebody recorded or dropped in Teach, a view of EPR's page",
    detects: "its classes as they are in these takes: their voices, words, rooms and microphones",
  },
  synthetic: {
    what: "EPR's synthetic corpus, which a program makes: buzzes that rise, fall and tremble by rules",
    detects: "the rules of a program that makes sounds, not human speech",
  },
};

/** Writes the card. */
export function describeModel(model: ModelDescription): string {
  const { name, emotions, network, training, accuracy, segmentHop, frontEnd, statistics, licence, made, files } = model;
  const { nMels, fMin, fMax, hopLength, windowLength, segmentFrames, sampleRate, levelling } = frontEnd;
  const known = CORPORA[training.corpus], taught = training.corpus === "taught";
  const parameters = network.parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const bytes = Object.values(files).reduce((sum, file) => sum + file.bytes, 0);
  const milliseconds = (frames: number) => Math.round(1000 * frames / sampleRate);
  const every = milliseconds(segmentHop * hopLength);
  const learned = training.heldOutFold === undefined
    ? "Its network learned from all of them; its forest from out-of-fold profiles, by networks that did not learn from the utterance."
    : `It did not learn from fold ${training.heldOutFold}: it is for checking results, not for use.`;
  const facts = {
    network: `VGG-E of width ${fraction(network.options.width)}, ${parameters.toLocaleString("en")} parameters`,
    forest: `over ${statistics.length} statistics of each emotion: ${statistics.join(", ")}`,
    input: `${nMels} log-mel bands from ${fMin} to ${fMax} Hz, ${
      levelling ? "each recording at one level, " : ""
    }a segment every ${every} ms`,
    size: `${(bytes / 1e6).toFixed(1)} MB`,
    licence,
    made: `${made.date.slice(0, 10)} by EPR ${made.epr}`,
    recordings: `SHA-256 of ${taught ? "the takes" : "the run's corpus.csv"}: ${training.recordings}`,
  };
  return `${
    [
      `# ${name}`,
      paragraph(
        `A model for [EPR](https://arxiv.org/abs/2008.05259): from speech, the probabilities of ${
          listed(emotions)
        } for each ` +
          `${milliseconds((segmentFrames - 1) * hopLength + windowLength)} ms, and the emotion of the whole.`,
      ),
      "```sh\ndeno task predict --model FOLDER recording.wav\n```",
      "## What it detects",
      paragraph(
        `It detects **${known?.detects ?? `what its corpus (${training.corpus}) contains`}**. It was trained on ` +
          `${known?.what ?? `the corpus "${training.corpus}"`}; ${
            training.utterances.toLocaleString("en")
          } utterances of ` +
          `${taught ? "speakers that were not named" : `${training.speakers} speakers`}. ${learned}`,
      ),
      paragraph(
        model.conditions
          ? "Other rooms, lines and microphones were simulated to judge it, see below. It was not judged on other languages, nor on emotions that are not acted."
          : "It was not judged on other voices, languages, rooms or microphones, nor on emotions that are not acted.",
      ),
      "## Accuracy",
      ...(accuracy.length === 0
        ? ["Its accuracy was not measured."]
        : accuracy.flatMap((own) => describeAccuracy(own, emotions))),
      paragraph(
        "These figures are those of the networks and forests of the cross-validation, each on utterances that it did not learn " +
          "from, not those of this network. A forest's training profiles come from networks that learned the labels of the " +
          "utterances it is judged on, as in any stacking.",
      ),
      ...(model.conditions ? describeConditions(model.conditions) : []),
      ...describeCertainty(model),
      "## Where it must not be used",
      [
        "To decide about a person: hiring, policing, borders, insurance, credit, school, health, or advice on any of these. " +
        "The European Union's AI Act (Regulation 2024/1689, article 5) forbids inferring emotions at work and in education.",
        "Without the knowledge of the person who speaks.",
        "As a lie detector, or to decide what somebody feels: it decides which of its acted emotions a recording sounds most " +
        "like.",
        "On other kinds of speech than it was trained on, without measuring its accuracy there first: `deno task evaluate`.",
      ].map((line) => paragraph(`- ${line}`, "  ")).join("\n"),
      "## What it is",
      table([
        ["", ""],
        ["---", "---"],
        ...Object.entries(facts).map(([key, value]) => [key, value.replaceAll("|", "\\|")]),
      ]),
      paragraph(
        `Settings: ${Object.entries(training.settings).map(([key, value]) => `${key} ${value}`).join(", ")}. Made by`,
      ),
      `\`\`\`sh\n${made.command}\n\`\`\``,
    ].join("\n\n")
  }\n`;
}

/** When the model is unsure, and the sound of its training recordings. */
function describeCertainty({ certainty, domain }: ModelDescription): string[] {
  const lines: string[] = [];
  for (const [by, own] of [["forest", certainty?.forest], ["mean of the profile", certainty?.mean]] as const) {
    if (!certainty || !own) continue;
    lines.push(paragraph(
      `By the ${by}, it counts as sure from a probability of ${own.probability.toFixed(2)}: ${
        percent(own.answered)
      } of the ` +
        `predictions of the cross-validation were sure, and ${
          percent(own.wrong)
        } of those were wrong (the threshold was ` +
        `chosen on them, for at most ${percent(certainty.error)}).`,
    ));
  }
  if (domain) {
    const { level, range, balance } = domain.statistics, dB = (x: number) => x.toFixed(0);
    lines.push(paragraph(
      `It learned from recordings with loud frames at ${dB(level.mean)} +- ${dB(level.deviation)} dB, ${
        dB(range.mean)
      } +- ` +
        `${dB(range.deviation)} dB above the quiet ones, and ${dB(balance.mean)} +- ${
          dB(balance.deviation)
        } dB from the lower ` +
        `to the upper half of the bands. \`predict\` warns of a recording that is more than ${
          domain.limit.toFixed(1)
        } deviations away.`,
    ));
  }
  return lines.length === 0 ? [] : ["## When to doubt it", ...lines];
}

/** The accuracy by one protocol: a paragraph and, if available, the confusion matrix. */
function describeAccuracy({ protocol, utterances, ...own }: ModelAccuracy, emotions: readonly string[]): string[] {
  const { low, high } = wilsonInterval(own.weightedAccuracy, utterances);
  const shares = paragraph(
    `${protocol}: **${percent(own.weightedAccuracy)}** of ${
      utterances.toLocaleString("en")
    } utterances right (WA; 95 % ` +
      `interval ${percent(low)} to ${percent(high)}), **${
        percent(own.unweightedAccuracy)
      }** as the mean over the emotions ` +
      `(UA; chance is ${percent(1 / emotions.length)}).` +
      (own.meanVoteAccuracy === undefined
        ? ""
        : ` The mean of the profile, without the forest (\`--decide mean\`), is right for ${
          percent(own.meanVoteAccuracy)
        }.`),
  );
  if (!own.confusion) return [shares];
  const rows = own.confusion.map((row, k) => [emotions[k], ...row.map(String)]);
  return [shares, table([["true \\ decided", ...emotions], ["---", ...emotions.map(() => "---:")], ...rows])];
}

/** The accuracy under simulated conditions: a paragraph and a table. */
function describeConditions({ protocol, decidedBy, utterances, under, ...clean }: ModelConditions): string[] {
  const points = (share: number) => {
    const rounded = (100 * (share - clean.weightedAccuracy)).toFixed(1);
    return rounded === "0.0" || rounded === "-0.0" ? "0.0" : rounded.startsWith("-") ? rounded : `+${rounded}`;
  };
  const row = (name: string, own: { weightedAccuracy: number; unweightedAccuracy: number }) => [
    name,
    percent(own.weightedAccuracy),
    percent(own.unweightedAccuracy),
  ];
  return [
    "## Under other conditions",
    paragraph(
      `The same recordings, changed by a program (\`deno task evaluate RUN --under\`; docs/strangers.md says how). ` +
        `${protocol}: ${utterances.toLocaleString("en")} utterances, decided by ${
          decidedBy === "forest" ? "the forest" : "the mean of the profile"
        }. Points are those of WA against the unchanged recordings.`,
    ),
    table([
      ["condition", "WA", "UA", "points"],
      ["---", "---:", "---:", "---:"],
      [...row("unchanged", clean), ""],
      ...under.map(({ condition, ...own }) => [
        ...row(condition.replaceAll("|", "\\|"), own),
        points(own.weightedAccuracy),
      ]),
    ]),
    "A simulation is not a stranger: other people, languages and rooms can cost more.",
  ];
}

/** A table whose columns are aligned in plain text too; its second row sets the alignment. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, c) => Math.max(...rows.map((row) => row[c].length)));
  const cell = (text: string, c: number, row: number) => {
    const right = rows[1][c].endsWith(":");
    if (row === 1) return "-".repeat(widths[c] - (right ? 1 : 0)) + (right ? ":" : "");
    return right ? text.padStart(widths[c]) : text.padEnd(widths[c]);
  };
  return rows.map((row, r) => `| ${row.map((text, c) => cell(text, c, r)).join(" | ")} |`).join("\n");
}

/** Wraps text to lines of at most 120 characters. */
function paragraph(text: string, indent = ""): string {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > 120) {
      lines.push(lines.length === 0 ? word : indent + word);
    } else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.join("\n");
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

function listed(names: readonly string[]): string {
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
