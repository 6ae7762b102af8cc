/**
 * `deno task predict FILE...`: predicts the emotion of recordings, and their profiles.
 *
 * A recording that can't be judged is reported in one line. The others are judged, and the status is 1.
 */
import { count } from "../base/count.ts";
import { describeDeparture } from "../models/domain.ts";
import type { Predictor } from "../models/predictor.ts";
import { createCommand, EXIT, runCommand, say, UsageError, wholeNumber } from "./common.ts";
import { Option } from "commander";
import { LABEL_FORMATS } from "../report/label_files.ts";
import { addModelOptions, openModel } from "./model_option.ts";
import { channelOption, checkUsage, type PredictFlags } from "./predict_options.ts";
import { predictLive, secondLine } from "./predict_live.ts";
import { Output } from "./predict_output.ts";
import { findRecordings, type Input, predictRecording } from "./recordings.ts";

const command = addModelOptions(
  createCommand("predict", "Prints the emotion of recordings, and their emotion profiles.", [
    ["a recording, and all of a folder", "deno task predict hello.wav recordings"],
    ["how it changes, as a table and as a picture", "deno task predict hello.wav --profile --svg hello.svg"],
    ["the output of another program", "espeak-ng --stdout 'Where are you?' | deno task predict -"],
    ["for other tools", "deno task predict recordings --csv > emotions.csv"],
    ["why", "deno task predict hello.wav --explain"],
    ["labels for Praat, one file for each recording", "deno task predict recordings --format textgrid --out labels"],
    ["the two sides of a telephone call", "deno task predict call.wav --channel each"],
    ["live, one line each second", "arecord -q -f S16_LE -r 16000 | deno task predict - --live"],
    ["with a model of your own", "deno task predict --model out/emodb-compact-1-20200812-140506/model hello.wav"],
  ]),
)
  .argument(
    "[files...]",
    "recordings (wav, FLAC, MP3, Ogg, Opus, M4A; any rate and number of channels), folders, or - for standard input",
  )
  .option("--top <k>", "print the k likeliest emotions of each recording", wholeNumber({ min: 1, max: 64 }), 1)
  .option("--profile", "print the profile as well: probabilities, segment by segment")
  .option("--explain", "print how the forest decided: statistics, votes, paths, and the stretches that mattered")
  .option("--json", "print one JSON document on stdout")
  .option("--csv", "print comma-separated values on stdout")
  .addOption(
    new Option("--format <kind>", "print labels for another program: each stretch of one emotion, with its probability")
      .choices(LABEL_FORMATS),
  )
  .option("--out <dir>", "folder for the labels of --format, one file for each recording")
  .option("--arrow <file>", "write the profiles as an Arrow file")
  .option("--svg <file>", "draw the waveform, log-mel frames and profile of one recording")
  .option(
    "--segment-hop <frames>",
    "frames (10 ms) between segments (default: the model's; at least 10 if a recording is longer than a minute)",
    wholeNumber({ min: 1, max: 1000 }),
  )
  .option("--pad", "pad recordings that are shorter than a segment with silence")
  .option(
    "--channel <which>",
    "left, right, a number from 1, or each: every channel by itself (default: the mean of all)",
    channelOption,
  )
  .option("--live", "print one line each second while standard input runs: the emotion of the last three seconds")
  .option("--all", "also judge stretches without speech (found by energy)");

await runCommand(command, async (signal) => {
  const flags = command.opts<PredictFlags>(), names = command.args;
  checkUsage(flags, names);
  const inputs = await findRecordings(names);
  for (const option of ["svg", "format"] as const) {
    if (flags[option] === undefined || inputs.length === 1 || flags.out !== undefined) continue;
    const what = option === "svg" ? "--svg" : "--format without --out";
    throw new UsageError(`${what} requires one recording, found ${inputs.length}`);
  }
  const output = new Output(flags);
  const predictor = inputs.every((input) => "fault" in input) ? undefined : await openModel(flags);
  if (predictor) await output.begin(predictor.model, inputs);
  let faults = 0;
  for (const input of inputs) {
    const found = flags.live && !("fault" in input)
      ? await judgeLive(input, predictor!, output, flags, signal)
      : await judge(input, predictor, output, flags, signal);
    faults += found.length;
    for (const fault of found) say(`error: ${fault}`);
  }
  await output.end();
  if (faults > 0 && inputs.length > 1 && flags.channel !== "each" && !flags.quiet) {
    say(`${faults} of ${count(inputs.length, "recording")} with a fault`);
  }
  if (faults > 0) Deno.exit(EXIT.failed);
});

/** Judges a recording, or each of its channels. Reports faults, one line each. */
async function judge(
  input: Input,
  predictor: Predictor | undefined,
  output: Output,
  { segmentHop, decide, pad, all, channel }: PredictFlags,
  signal: AbortSignal,
): Promise<string[]> {
  if ("fault" in input) {
    output.fault(input.fault);
    return [input.fault];
  }
  const faults: string[] = [];
  try {
    const onWarning = (line: string) => say(`warning: ${line}`);
    const options = { segmentHop, decide, pad, all, channels: channel, signal, onWarning, ...output.listeners };
    for (const predicted of await predictRecording(input, predictor!, options)) {
      if ("fault" in predicted) {
        output.fault(predicted.fault);
        faults.push(predicted.fault);
      } else {
        await output.write(input, predicted);
        const { departures = [] } = predicted.prediction;
        if (departures.length > 0) onWarning(`${input.name}: ${departures.map(describeDeparture).join("; ")}`);
        if (predicted.doubt !== undefined) faults.push(predicted.doubt);
      }
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const { message } = error as Error;
    const fault = message.startsWith(`${input.name}: `) ? message : `${input.name}: ${message}`;
    output.fault(fault);
    faults.push(fault);
  }
  return faults;
}

/** Judges standard input second by second, and then as a whole. */
async function judgeLive(
  input: Exclude<Input, { fault: string }>,
  predictor: Predictor,
  output: Output,
  flags: PredictFlags,
  signal: AbortSignal,
): Promise<string[]> {
  const { emotions } = predictor.model.description;
  try {
    const predicted = await predictLive(
      predictor,
      flags,
      (second) => console.log(secondLine(second, emotions, flags)),
      signal,
    );
    if (!flags.csv) await output.write(input, predicted);
    signal.throwIfAborted();
    return [];
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    return [(error as Error).message];
  }
}
