/**
 * `deno task predict FILE...`: the emotion of recordings, and their profiles.
 *
 * A recording that can't be judged is told in a line, the others are judged all the same, and the status is 1.
 */
import { count } from "../corpora/corpus.ts";
import { describeDeparture } from "../refinery/domain.ts";
import type { Predictor } from "../refinery/predictor.ts";
import { createCommand, EXIT, runCommand, say, UsageError, wholeNumber } from "./common.ts";
import { addModelOptions, type ModelFlags, openModel } from "./model_option.ts";
import { Output, type OutputFlags } from "./predict_output.ts";
import { findRecordings, hear, type Input } from "./recordings.ts";

interface PredictFlags extends ModelFlags, OutputFlags {
  segmentHop?: number;
  pad?: boolean;
}

const command = addModelOptions(createCommand("predict", "The emotion of recordings, and their emotion profiles.", [
  ["a recording, and all of a folder", "deno task predict hello.wav recordings"],
  ["how it changes, as a table and as a picture", "deno task predict hello.wav --profile --svg hello.svg"],
  ["what another program says", "espeak-ng --stdout 'Where are you?' | deno task predict -"],
  ["for other tools", "deno task predict recordings --csv > emotions.csv"],
  ["with a model of your own", "deno task predict --model out/emodb-compact-1-20200812-140506/model hello.wav"],
]))
  .argument("[files...]", "wav files of any rate and channels, folders, - for standard input")
  .option("--top <k>", "the k likeliest emotions of each", wholeNumber({ min: 1, max: 64 }), 1)
  .option("--profile", "the profile too: probabilities, segment by segment")
  .option("--json", "print one JSON document on stdout")
  .option("--csv", "print comma-separated values on stdout")
  .option("--arrow <file>", "write the profiles as an Arrow file")
  .option("--svg <file>", "draw waveform, log-mel frames and profile of one recording")
  .option(
    "--segment-hop <frames>",
    "frames (10 ms) between segments (default: the model's)",
    wholeNumber({ min: 1, max: 1000 }),
  )
  .option("--pad", "fill recordings that are shorter than a segment up with silence");

await runCommand(command, async (signal) => {
  const flags = command.opts<PredictFlags>(), names = command.args;
  checkUsage(flags, names);
  const inputs = await findRecordings(names);
  if (flags.svg !== undefined && inputs.length > 1) {
    throw new UsageError(`--svg draws one recording, found ${count(inputs.length, "recording")}`);
  }
  const output = new Output(flags);
  const predictor = inputs.every((input) => "fault" in input) ? undefined : await openModel(flags);
  if (predictor) await output.begin(predictor.model.description, inputs);
  let faults = 0;
  for (const input of inputs) {
    const fault = await judge(input, predictor, output, flags, signal);
    if (fault === undefined) continue;
    faults++;
    say(`error: ${fault}`);
  }
  await output.end();
  if (faults > 0 && inputs.length > 1 && !flags.quiet) {
    say(`${faults} of ${count(inputs.length, "recording")} with a fault`);
  }
  if (faults > 0) Deno.exit(EXIT.failed);
});

function checkUsage({ json, csv, device, threads }: PredictFlags, names: readonly string[]): void {
  if (names.length === 0) throw new UsageError("Name a recording, a folder of them, or - for standard input");
  if (names.filter((name) => name === "-").length > 1) throw new UsageError("Standard input (-) can be read once");
  if (json && csv) throw new UsageError("--json and --csv do not go together");
  if (threads !== undefined && device === "webgpu") {
    throw new UsageError("--threads is for the cpu device, found --device webgpu");
  }
}

/** Judges a recording; says what is wrong with it, in a line. */
async function judge(
  input: Input,
  predictor: Predictor | undefined,
  output: Output,
  { segmentHop, decide, pad }: PredictFlags,
  signal: AbortSignal,
): Promise<string | undefined> {
  if ("fault" in input) {
    output.fault(input.fault);
    return input.fault;
  }
  try {
    const heard = await hear(input, predictor!, { segmentHop, decide, pad, signal, ...output.listeners });
    await output.heard(input.name, heard);
    const { departures = [] } = heard.prediction;
    if (departures.length > 0) say(`warning: ${input.name}: ${departures.map(describeDeparture).join("; ")}`);
    return heard.doubt;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const { message } = error as Error;
    const fault = message.startsWith(`${input.name}: `) ? message : `${input.name}: ${message}`;
    output.fault(fault);
    return fault;
  }
}
