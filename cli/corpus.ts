/** `deno task corpus`: prints the contents of a corpus, and the skipped files with the reasons. */
import { join } from "@std/path";
import { count } from "../base/count.ts";
import type { Corpus } from "../corpora/corpus.ts";
import { byValue } from "../corpora/emotion_names.ts";
import { extractFeatures, type Features } from "../corpora/features.ts";
import { type Finding, inspectCorpus } from "../corpora/sanity.ts";
import { frontEnd } from "../dsp/settings.ts";
import { encodeWav } from "../dsp/wav.ts";
import { formatTable } from "../report/table.ts";
import { createCommand, printJson, runCommand, say, UsageError } from "./common.ts";
import { addCorpusOptions, type CorpusFlags, openFlaggedCorpus } from "./corpus_options.ts";
import { progressBar } from "./progress_bar.ts";
import { withFlags } from "./flags.ts";

const command = addCorpusOptions(createCommand(
  "corpus",
  "Prints what is in a corpus: utterances, emotions, speakers, seconds, segments; what was skipped and why.",
  [
    ["the synthetic corpus (no download), written as recordings to listen to", "deno task corpus --write speech"],
    ["Emo-DB", "deno task corpus --corpus emodb --data emodb"],
    ["recognise a corpus by its file names; print JSON", "deno task corpus --data recordings --json"],
    [
      "file names that contain the labels",
      "deno task corpus --data recordings --pattern '{speaker}_{emotion}_{text}.wav'",
    ],
  ],
))
  .option("--json", "print one JSON document on stdout")
  .option("--write <dir>", "write the synthetic recordings, labels.csv and truth.csv to a new folder");

await runCommand(command, async (signal) => {
  const flags = command.opts<CorpusFlags & { json?: boolean; write?: string }>();
  if (flags.write !== undefined && flags.corpus !== "synthetic") {
    throw new UsageError(`--write requires --corpus synthetic, found --corpus ${flags.corpus}`);
  }
  const corpus = await openFlaggedCorpus(flags);
  if (flags.write !== undefined) await writeRecordings(corpus, flags.write, signal);

  const bar = progressBar("reading");
  let features: Features;
  try {
    features = await extractFeatures(corpus, {
      segmentHop: flags.segmentHop,
      cacheDir: flags.cache,
      onCacheFault: say,
      onWarning: (line) => say(`warning: ${line}`),
      onProgress: bar.update,
      signal,
    });
  } finally {
    bar.stop();
  }
  const summary = summarise(corpus.name, features);
  if (flags.json) printJson(summary);
  else console.log(withFlags(describe(summary)));
});

interface Amount {
  utterances: number;
  seconds: number;
  segments: number;
}

/** The output of `--json`. Seconds are rounded to the millisecond. */
interface Summary extends Amount {
  corpus: string;
  emotions: string[];
  speakers: string[];
  /** names of texts and sessions in the corpus */
  texts: string[];
  sessions: string[];
  /** its folds or parts */
  folds: string[];
  segmentHop: number;
  perEmotion: Record<string, Amount>;
  files: FileSummary[];
  skipped: { path: string; reason: string }[];
  /** doubts about the corpus */
  findings: Finding[];
}

interface FileSummary {
  id: string;
  emotion: string;
  speaker: string;
  text?: string;
  session?: string;
  fold?: string;
  /** shares of listeners' votes, by emotion */
  votes?: Record<string, number>;
  seconds: number;
  segments: number;
}

function summarise(corpus: string, features: Features): Summary {
  const { emotions, utterances, segmentHop, skipped } = features;
  const amount = (of: Features["utterances"]): Amount => ({
    utterances: of.length,
    seconds: milliseconds(of.reduce((sum, { seconds }) => sum + seconds, 0)),
    segments: of.reduce((sum, { segmentCount }) => sum + segmentCount, 0),
  });
  return {
    corpus,
    ...amount(utterances),
    segmentHop,
    emotions,
    speakers: distinct(utterances.map(({ speaker }) => speaker)),
    texts: distinct(utterances.map(({ text }) => text)),
    sessions: distinct(utterances.map(({ session }) => session)),
    folds: distinct(utterances.map(({ fold }) => fold)),
    perEmotion: Object.fromEntries(
      emotions.map((emotion, e) => [emotion, amount(utterances.filter((utterance) => utterance.emotion === e))]),
    ),
    files: utterances.map(({ id, emotion, speaker, text, session, fold, votes, seconds, segmentCount }) => ({
      id,
      emotion: emotions[emotion],
      speaker,
      ...(text !== "" && { text }),
      ...(session !== undefined && { session }),
      ...(fold !== undefined && { fold }),
      ...(votes && { votes: Object.fromEntries(votes.map((share, e) => [emotions[e], share])) }),
      seconds: milliseconds(seconds),
      segments: segmentCount,
    })),
    skipped,
    findings: inspectCorpus(features),
  };
}

/** Each name once, in order; "" and undefined are ignored. */
function distinct(names: (string | undefined)[]): string[] {
  return [...new Set(names.flatMap((name) => name || []))].sort(byValue);
}

function milliseconds(seconds: number): number {
  return Math.round(1000 * seconds) / 1000;
}

function describe(summary: Summary): string {
  const tenths = (seconds: number) =>
    seconds.toLocaleString("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const row = (name: string, of: Amount) => [name, of.utterances, tenths(of.seconds), of.segments];
  const table = formatTable(
    ["emotion", "utterances", "seconds", "segments"],
    [...summary.emotions.map((emotion) => row(emotion, summary.perEmotion[emotion])), row("all", summary)],
  );
  const { segmentHop, speakers, texts, sessions, folds, skipped, findings } = summary;
  const named = ([["text", texts], ["session", sessions]] as const).filter(([, names]) => names.length > 0);
  const hop = 1000 * frontEnd.hopLength / frontEnd.sampleRate * segmentHop;
  const lines = [
    `corpus ${summary.corpus}, ${count(speakers.length, "speaker")} (${listed(speakers)}), ` +
    named.map(([noun, names]) => `${count(names.length, noun)}, `).join("") +
    (folds.length > 0 ? `official folds (${listed(folds)}), ` : "") +
    `segments every ${count(segmentHop, "frame")} (${hop} ms)`,
    "",
    table,
  ];
  if (skipped.length > 0) {
    const shown = 20;
    lines.push("", `skipped ${count(skipped.length, "file")}:`);
    for (const { path, reason } of skipped.slice(0, shown)) lines.push(`  ${path}: ${reason}`);
    if (skipped.length > shown) lines.push(`  and ${skipped.length - shown} more (--json lists all)`);
  }
  if (findings.length > 0) lines.push("", "doubtful:", ...findings.map(({ message }) => `  ${message}`));
  return lines.join("\n");
}

function listed(names: string[]): string {
  const shown = 12;
  return names.slice(0, shown).join(" ") + (names.length > shown ? ` and ${names.length - shown} more` : "");
}

/**
 * Writes each utterance as a WAV file; labels.csv, which `--corpus csv` reads; and truth.csv, with the true emotion
 * over time.
 */
async function writeRecordings(corpus: Corpus, dir: string, signal: AbortSignal): Promise<void> {
  await Deno.mkdir(dir, { recursive: true });
  for await (const _entry of Deno.readDir(dir)) {
    throw new Error(`--write ${dir}: expected a new or an empty folder, found files in it`);
  }
  const labels = ["path,emotion,speaker,text"], truths = ["path,start_s,end_s,emotion"];
  for (const { id, emotion, speaker, text, read } of corpus.utterances) {
    signal.throwIfAborted();
    const { samples, seconds, truth } = await read();
    await Deno.writeFile(join(dir, `${id}.wav`), encodeWav(samples, frontEnd.sampleRate));
    labels.push(`${id}.wav,${emotion},${speaker},${text}`);
    for (const stretch of stretches(truth!, seconds)) {
      truths.push(`${id}.wav,${stretch.start},${stretch.end},${corpus.emotions[stretch.value]}`);
    }
  }
  await Deno.writeTextFile(join(dir, "labels.csv"), labels.join("\n") + "\n");
  await Deno.writeTextFile(join(dir, "truth.csv"), truths.join("\n") + "\n");
  say(`wrote ${count(corpus.utterances.length, "recording")}, labels.csv and truth.csv to ${dir}`);
}

/**
 * Runs of equal values among frames, in seconds. A frame represents its hop; the first and the last extend to the ends.
 */
function stretches(values: Uint8Array, seconds: number): { start: string; end: string; value: number }[] {
  const { hopLength, windowLength, sampleRate } = frontEnd;
  const border = (frame: number) => ((frame * hopLength + (windowLength - hopLength) / 2) / sampleRate).toFixed(3);
  const starts = [...values.keys()].filter((frame) => frame === 0 || values[frame] !== values[frame - 1]);
  return starts.map((frame, i) => ({
    start: i === 0 ? "0.000" : border(frame),
    end: i + 1 < starts.length ? border(starts[i + 1]) : seconds.toFixed(3),
    value: values[frame],
  }));
}
