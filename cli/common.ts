/**
 * Code shared by all commands: description, execution, numbers as options, printing to a terminal and exiting.
 *
 *     status 0 done, 1 failed, 2 wrong usage, 130 after Ctrl-C, 143 after SIGTERM
 *
 * A user's mistake prints one line, `error: ...`, to stderr; `--debug` or EPR_DEBUG=1 also prints the stack. Results go
 * to stdout, everything else to stderr.
 *
 * @module
 */
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { fromOrdinal } from "../base/numbering.ts";
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
    command.action(() => main(abort.signal));
    await command.parseAsync(args, { from: "user" });
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
