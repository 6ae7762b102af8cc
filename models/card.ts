/** The card of a model, in Markdown, from what its `model.json` says: what it is, how right it is, what it is not for. */
import type { ModelAccuracy, ModelDescription } from "./description.ts";
import { wilsonInterval } from "../refinery/intervals.ts";
import { fraction } from "../base/fraction.ts";

/** What is known of a corpus that a model may have been trained on. */
const CORPORA: Readonly<Record<string, { what: string; hears: string }>> = {
  emodb: {
    what:
      "Emo-DB, the Berlin database of emotional speech (Burkhardt, Paeschke, Rolfes, Sendlmeier & Weiss 2005): ten " +
      "sentences in German, said by ten actors, five of them women, in an anechoic chamber",
    hears: "German emotions as actors play them in a studio",
  },
  savee: {
    what: "SAVEE (Haq & Jackson 2009): English sentences said by four men at the University of Surrey",
    hears: "English emotions as four men play them in a studio",
  },
  casia: {
    what: "CASIA's corpus of emotional Mandarin: sentences said by four actors",
    hears: "Mandarin emotions as actors play them in a studio",
  },
  taught: {
    what: "takes that somebody recorded or dropped in Teach, a view of EPR's page",
    hears: "its classes as they are in these takes: their voices, words, rooms and microphones",
  },
  synthetic: {
    what: "EPR's synthetic corpus, which a program makes: buzzes that rise, fall and tremble by rules",
    hears: "the rules of a program that makes sounds: nothing that a person says",
  },
};

/** The card. */
export function describeModel(model: ModelDescription): string {
  const { name, emotions, network, training, accuracy, segmentHop, frontEnd, statistics, licence, made, files } = model;
  const { nMels, fMin, fMax, hopLength, windowLength, segmentFrames, sampleRate, levelling } = frontEnd;
  const known = CORPORA[training.corpus], taught = training.corpus === "taught";
  const parameters = network.parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const bytes = Object.values(files).reduce((sum, file) => sum + file.bytes, 0);
  const milliseconds = (frames: number) => Math.round(1000 * frames / sampleRate);
  const every = milliseconds(segmentHop * hopLength);
  const heard = training.heldOutFold === undefined
    ? "Its network learned from all of them; its forest from profiles that networks made which had not heard the utterance."
    : `It has not heard fold ${training.heldOutFold}: it is a model to check results with, not the one to use.`;
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
      "## What it hears",
      paragraph(
        `It hears **${known?.hears ?? `what its corpus (${training.corpus}) holds`}**. It was trained on ` +
          `${known?.what ?? `the corpus "${training.corpus}"`}; ${
            training.utterances.toLocaleString("en")
          } utterances of ` +
          `${taught ? "speakers that were not named" : `${training.speakers} speakers`}. ${heard}`,
      ),
      paragraph(
        "Other voices, languages, rooms and microphones, and emotions that nobody plays, are none that it has been judged on.",
      ),
      "## How right it is",
      ...(accuracy.length === 0
        ? ["That was not measured."]
        : accuracy.flatMap((own) => describeAccuracy(own, emotions))),
      paragraph(
        "Those are figures of the networks and forests of the cross-validation, each on utterances that it had not heard, " +
          "not of this very network. A forest's training profiles come from networks that knew the labels of the utterances " +
          "it is judged on, as in any stacking.",
      ),
      ...describeCertainty(model),
      "## Where it must not be used",
      [
        "To decide about a person: hiring, policing, borders, insurance, credit, school, health, or advice on any of these. " +
        "The European Union's AI Act (Regulation 2024/1689, article 5) forbids inferring emotions at work and in education.",
        "Without the knowledge of who is heard.",
        "As a lie detector, or to tell what somebody feels: it tells which of its emotions, as they were played, a recording " +
        "sounds most like.",
        "On speech of other kinds than it was trained on, without measuring it there first: `deno task evaluate`.",
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

/** When it is unsure, and what it knows of the sound that it learned from. */
function describeCertainty({ certainty, domain }: ModelDescription): string[] {
  const told: string[] = [];
  for (const [by, own] of [["forest", certainty?.forest], ["mean of the profile", certainty?.mean]] as const) {
    if (!certainty || !own) continue;
    told.push(paragraph(
      `By the ${by} it is sure from a probability of ${own.probability.toFixed(2)} on: of the predictions of the ` +
        `cross-validation ${percent(own.answered)} were, and of those ${
          percent(own.wrong)
        } were wrong (the threshold was ` +
        `chosen on them, for at most ${percent(certainty.error)}).`,
    ));
  }
  if (domain) {
    const { level, range, balance } = domain.statistics, dB = (x: number) => x.toFixed(0);
    told.push(paragraph(
      `It learned from recordings with loud frames at ${dB(level.mean)} +- ${dB(level.deviation)} dB, ${
        dB(range.mean)
      } +- ` +
        `${dB(range.deviation)} dB above the quiet ones, and ${dB(balance.mean)} +- ${
          dB(balance.deviation)
        } dB from the lower ` +
        `to the upper half of the bands. Of one that is more than ${domain.limit.toFixed(1)} deviations away it warns.`,
    ));
  }
  return told.length === 0 ? [] : ["## When to doubt it", ...told];
}

/** What a protocol found: a paragraph, and the confusion matrix where it is told. */
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
  return [shares, table([["true \\ heard", ...emotions], ["---", ...emotions.map(() => "---:")], ...rows])];
}

/** A table whose columns stand below each other in plain text too; its second row says which are set to the right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, c) => Math.max(...rows.map((row) => row[c].length)));
  const cell = (text: string, c: number, row: number) => {
    const right = rows[1][c].endsWith(":");
    if (row === 1) return "-".repeat(widths[c] - (right ? 1 : 0)) + (right ? ":" : "");
    return right ? text.padStart(widths[c]) : text.padEnd(widths[c]);
  };
  return rows.map((row, r) => `| ${row.map((text, c) => cell(text, c, r)).join(" | ")} |`).join("\n");
}

/** Text in lines of 120 characters at most. */
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
