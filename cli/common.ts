/**
 * Code shared by all commands: description, execution, options, printing to a terminal and exiting.
 *
 *     status 0 done, 1 failed, 2 wrong usage, 130 after Ctrl-C, 143 after SIGTERM
 *
 * A user's mistake prints one line, `error: ...`, to stderr; `--debug` or EPR_DEBUG=1 also prints the stack. Results go
 * to stdout, everything else to stderr.
 *
 * @module
 */
// @ts-types="@types/cli-progress"
import cliProgress from "cli-progress";
import { resolve } from "@std/path";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { fromOrdinal } from "../base/numbering.ts";
import { OptionError } from "../base/option_error.ts";
import type { Corpus, DuplicatePolicy, LabelMap, ReadingChoices } from "../corpora/corpus.ts";
import { CORPUS_KINDS, type CorpusKind, openCorpus } from "../corpora/open.ts";
import { recogniseCorpus } from "../corpora/recognise.ts";
import { withFlags } from "./flags.ts";

/** A command's exit statuses. */
export const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130, terminated: 143 } as const;

/** For contradictory or missing options: status 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** The reason with which a command's signal is aborted: Ctrl-C or SIGTERM. */
export class InterruptError extends Error {
  override name = "InterruptError";
  /** the exit status */
  readonly status: number;

  /** @param cause the received signal */
  constructor(cause: "SIGINT" | "SIGTERM") {
    super(cause === "SIGINT" ? "Stopped by Ctrl-C" : "Stopped by SIGTERM");
    this.status = cause === "SIGINT" ? EXIT.interrupted : EXIT.terminated;
  }
}

/**
 * Creates a command, to which options can be added.
 *
 * @param name the text after `deno task`
 * @param examples pairs of a description and a command line, for `--help`
 */
export function createCommand(
  name: string,
  description: string,
  examples: readonly (readonly [what: string, command: string])[],
): Command {
  const shown = examples.map(([what, command]) => `  # ${what}\n  ${command}`).join("\n");
  return new Command(`deno task ${name}`)
    .description(description)
    .option("--debug", "show the stack of an error (also EPR_DEBUG=1)")
    .addHelpText("after", `\nExamples:\n${shown}`)
    .configureHelp({ sortOptions: false })
    .exitOverride();
}

/**
 * Reads the command line, runs the command and ends the program with its status. Workers end with the program.
 *
 * @param main the command. The first Ctrl-C or SIGTERM aborts its signal with {@link InterruptError}; the reason of
 *   its rejection is printed, and the status is 130 or 143. A second Ctrl-C, over a second later, ends the program at once.
 */
export async function runCommand(
  command: Command,
  main: (signal: AbortSignal) => void | Promise<void>,
  args: readonly string[] = Deno.args,
): Promise<never> {
  const abort = new AbortController();
  listenForInterrupts(abort);
  let status: number = EXIT.done;
  try {
    command.parse(args, { from: "user" });
    await settleCorpus(command);
    await main(abort.signal);
  } catch (error) {
    status = reportError(error, abort.signal, command.opts().debug === true || debugWanted());
  }
  Deno.exit(status);
}

/** Prints an error and returns its exit status. */
function reportError(error: unknown, signal: AbortSignal, debug: boolean): number {
  // commander has already printed the help, or an option's fault
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  const message = error instanceof Error ? error.message : String(error);
  if (signal.aborted) {
    const { status, message: why } = signal.reason as InterruptError;
    say(error === signal.reason ? why : `${why}: ${message}`);
    return status;
  }
  say(`error: ${message}`);
  if (debug) console.error(error);
  return error instanceof UsageError ? EXIT.usage : EXIT.failed;
}

function debugWanted(): boolean {
  // reading a variable without permission throws, which counts as not set
  return Deno.permissions.querySync({ name: "env", variable: "EPR_DEBUG" }).state === "granted" &&
    !["", "0", undefined].includes(Deno.env.get("EPR_DEBUG"));
}

function listenForInterrupts(abort: AbortController): void {
  let first = 0;
  const on = (name: "SIGINT" | "SIGTERM") => () => {
    const reason = new InterruptError(name);
    if (first === 0) {
      first = performance.now();
      abort.abort(reason);
      // under `deno task` one Ctrl-C arrives twice; within a second, two signals count as one
    } else if (performance.now() - first > 1000) {
      Deno.exit(reason.status);
    }
  };
  Deno.addSignalListener("SIGINT", on("SIGINT"));
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", on("SIGTERM"));
}

/** Prints a line to stderr. Options mentioned by a library are printed as flags. */
export function say(line: string): void {
  console.error(withFlags(line));
}

/** Prints the single JSON document of `--json` to stdout. */
export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, null, 2));
}

/** Returns a parser of whole numbers for an option: `.option("--folds <n>", "...", wholeNumber({ min: 2 }), 10)`. */
export function wholeNumber(
  { min = 0, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number } = {},
): (value: string) => number {
  return (value) => {
    const number = /^[+-]?\d+$/.test(value.trim()) ? Number(value) : NaN;
    if (number >= min && number <= max) return number;
    const range = max === Number.MAX_SAFE_INTEGER ? `>= ${min}` : `from ${min} to ${max}`;
    throw new InvalidArgumentError(`Expected a whole number ${range}, found "${value}".`);
  };
}

/** Parses a fold, stage or the like from an option. People count from 1; errors are as for {@link wholeNumber}. */
export function readOrdinal(value: string): number {
  return fromOrdinal(wholeNumber({ min: 1 })(value));
}

/** Returns a parser of numbers for an option; `1/8` is accepted as a fraction. */
export function realNumber(
  { min = -Infinity, max = Infinity, above, below }: { min?: number; max?: number; above?: number; below?: number } =
    {},
): (value: string) => number {
  return (value) => {
    const fraction = /^\s*(\d+)\s*\/\s*(\d+)\s*$/.exec(value);
    const number = fraction ? Number(fraction[1]) / Number(fraction[2]) : value.trim() === "" ? NaN : Number(value);
    if (Number.isFinite(number) && number >= min && number <= max && !(number <= above!) && !(number >= below!)) {
      return number;
    }
    const bounds = [
      above === undefined ? "" : `> ${above}`,
      min === -Infinity ? "" : `>= ${min}`,
      max === Infinity ? "" : `<= ${max}`,
      below === undefined ? "" : `< ${below}`,
    ].filter((bound) => bound !== "").join(" and ");
    throw new InvalidArgumentError(`Expected ${`a number ${bounds}`.trimEnd()}, found "${value}".`);
  };
}

/** The options of {@link addCorpusOptions}. */
export interface CorpusFlags {
  /** `--corpus` */
  corpus: CorpusKind;
  /** `--data` */
  data?: string;
  /** `--segment-hop`, frames; default: the corpus's value */
  segmentHop?: number;
  /** `--seed` */
  seed: number;
  /** `--cache` */
  cache?: string;
  /** `--pattern` */
  pattern?: string;
  /** `--labels`, a file */
  labels?: string;
  /** `--soft-labels`, `--no-soft-labels`; default: the corpus's usual labels */
  softLabels?: boolean;
  /** `--duplicates` */
  duplicates?: Exclude<DuplicatePolicy, "refuse">;
  /** `--folds-file` */
  foldsFile?: string;
  /** how a resumed run reads its corpus, unless options override it */
  choices?: ReadingChoices;
}

/** Adds the options that select a corpus and how it is read. */
export function addCorpusOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--corpus <kind>",
        "kind of corpus; auto: recognised by file names (default: auto with --data, else synthetic)",
      )
        .choices(["auto", ...CORPUS_KINDS]),
    )
    .option("--data <dir>", "folder of the recordings (with --corpus csv: the file that lists them)")
    .option(
      "--pattern <names>",
      "pattern of the file names: '{speaker}_{emotion}_{text}.wav', also {session} {fold} and *",
    )
    .option(
      "--labels <file>",
      'JSON file that renames labels: {"angery": "anger", "other": null}; null leaves a label out',
    )
    .addOption(
      new Option("--duplicates <what>", "copies of a recording: keep all, or drop those with two different labels")
        .choices([
          "keep",
          "drop",
        ]),
    )
    .option("--folds-file <file>", "table of utterances and folds, for --split official")
    .option(
      "--soft-labels",
      "learn from listeners' votes, if the corpus has them (a CSV list's votes are used by default)",
    )
    .option("--no-soft-labels", "learn from the labels only")
    .option("--segment-hop <frames>", "frames (10 ms) between segments (default: 1; casia 3)", wholeNumber({ min: 1 }))
    .option("--cache <dir>", "folder that caches log-mel frames; safe to delete")
    .option("--seed <n>", "seed of the random numbers and of the synthetic corpus", wholeNumber(), 1);
}

/** Sets the kind of corpus, recognised by its files, if no option gives it. Prints the reason to stderr. */
async function settleCorpus(command: Command): Promise<void> {
  if (!command.options.some(({ long }) => long === "--corpus")) return;
  const { corpus, data, pattern, resume, merge, quiet } = command.opts();
  const given = data !== undefined && data !== "";
  if (pattern !== undefined && corpus !== undefined && corpus !== "pattern") {
    throw new UsageError(`--pattern is for --corpus pattern, found --corpus ${corpus}`);
  }
  if (corpus === "auto" && !given) throw new UsageError("--corpus auto requires --data, the folder of the recordings");
  const settle = (kind: CorpusKind) =>
    command.setOptionValueWithSource("corpus", kind, corpus === undefined ? "default" : "cli");
  if (pattern !== undefined) return void settle("pattern");
  if (corpus !== undefined && corpus !== "auto") return;
  // a resumed run has its corpus in its configuration
  if (!given || ((resume || merge) && corpus === undefined)) return void settle("synthetic");
  const { kind, why } = await recogniseCorpus(data);
  if (!quiet) say(`corpus    ${kind}: ${why}`);
  settle(kind);
}

/**
 * Converts options to choices for reading a corpus.
 *
 * @throws {Error} if the file of labels is missing, or does not contain such a map
 */
export async function readingChoices(flags: CorpusFlags): Promise<ReadingChoices> {
  const { pattern, labels, softLabels, duplicates, foldsFile, choices } = flags;
  return {
    ...choices,
    ...(pattern !== undefined && { pattern }),
    ...(labels !== undefined && { labels: await readLabels(labels) }),
    ...(softLabels !== undefined && { softLabels }),
    ...(duplicates !== undefined && { duplicates }),
    // another process may have another working folder
    ...(foldsFile !== undefined && { foldsFile: resolve(foldsFile) }),
  };
}

async function readLabels(file: string): Promise<LabelMap> {
  let map: unknown;
  try {
    map = JSON.parse(await Deno.readTextFile(file));
  } catch (error) {
    throw new Error(`--labels ${file}: can't be read as JSON: ${(error as Error).message}`, { cause: error });
  }
  const expected = 'expected an object of labels and emotions, {"angery": "anger", "other": null}';
  if (typeof map !== "object" || map === null || Array.isArray(map)) {
    throw new Error(`--labels ${file}: ${expected}, found ${JSON.stringify(map).slice(0, 40)}`);
  }
  for (const [label, emotion] of Object.entries(map)) {
    if (emotion !== null && (typeof emotion !== "string" || emotion.trim() === "")) {
      throw new Error(`--labels ${file}: ${expected}, found ${JSON.stringify(emotion)} for "${label}"`);
    }
  }
  return map as LabelMap;
}

/**
 * Opens the corpus that the options select.
 *
 * @throws {UsageError} if `--data` is missing, or given for the synthetic corpus, or `--pattern` is wrong
 */
export async function openFlaggedCorpus(flags: CorpusFlags): Promise<Corpus> {
  const { corpus, data, seed } = flags;
  const choices = await readingChoices(flags);
  try {
    return await openCorpus(corpus, { data, seed, ...choices });
  } catch (error) {
    const notData = (corpus === "synthetic") === (data !== undefined && data !== "");
    if (error instanceof OptionError && (notData || error.option === "pattern")) throw new UsageError(error.message);
    throw error;
  }
}

/** A progress bar with the time left, on stderr; prints nothing unless stderr is a terminal. */
export interface Bar {
  /** shows the progress */
  update(done: number, total: number): void;
  /** removes the bar */
  stop(): void;
}

/** Starts a bar. Stop it before printing anything else, including errors. */
export function progressBar(label: string): Bar {
  const bar = new cliProgress.SingleBar({
    format: `${label} {bar} {value}/{total} | {eta_formatted} left`,
    barsize: 30,
    hideCursor: true,
    clearOnComplete: true,
    gracefulExit: false, // runCommand handles signals
  }, cliProgress.Presets.shades_classic);
  let started = false;
  return {
    update(done, total) {
      if (!started) bar.start(total, done);
      else bar.update(done);
      started = true;
    },
    stop: () => bar.stop(),
  };
}
