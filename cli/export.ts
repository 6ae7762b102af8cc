/**
 * `deno task export RUN`: exports a model from a run. For deployment: one more network, trained on everything; or a fold's model,
 * for verification. `deno task export --onnx FILE`: converts an existing model to ONNX.
 */
import { join } from "@std/path";
import { type Command, Option } from "commander";
import { ordinal } from "../base/numbering.ts";
import { OptionError } from "../base/option_error.ts";
import { DEVICE_CHOICES, type DeviceChoice, openDevice } from "../kernels/open_device.ts";
import type { PresetName } from "../refinery/presets.ts";
import { choicesOf, keptChoices, openRun, requireRun } from "../runs/begin.ts";
import { exportFold, type ExportNote } from "../runs/export.ts";
import { createCommand, readOrdinal, runCommand, say, UsageError, wholeNumber } from "./common.ts";
import type { CorpusFlags } from "./corpus_options.ts";
import { addNoteOptions, type NoteFlags, trainForUse, writeShown } from "./export_model.ts";
import { addOnnxOptions, type OnnxFlags, writeOnnx } from "./export_onnx.ts";
import { modelFolder } from "./model_option.ts";
import { prepare } from "./prepare.ts";

interface ExportFlags extends NoteFlags, OnnxFlags {
  model?: string;
  fold?: number;
  out?: string;
  alsoJudgedBy?: string;
  judgedUnder?: string[];
  data?: string;
  cache?: string;
  device?: DeviceChoice;
  threads?: number;
  quiet?: boolean;
}

const about = "Makes a model from a run: a folder for deno task predict. Or writes a model as ONNX.";
const command: Command = addOnnxOptions(addNoteOptions(createCommand("export", about, [
  [
    "a model for use: trains one more network, on all utterances",
    "deno task export out/emodb-compact-1-20200812-140506",
  ],
  [
    "the model of one fold, which did not learn from the utterances it held out",
    "deno task export out/emodb-compact-1-20200812-140506 --fold 3",
  ],
  [
    "also list its accuracy on unseen speakers",
    "deno task export out/emodb-compact-1-20200812-140506 --also-judged-by out/emodb-by-speaker",
  ],
  [
    "also list its accuracy under the conditions of deno task evaluate RUN --under noise:20,telephone --json > under.json",
    "deno task export out/emodb-compact-1-20200812-140506 --judged-under under.json",
  ],
  ["the model that ships, as ONNX for other programs", "deno task export --onnx emodb.onnx"],
])))
  .argument("[run]", "the run folder")
  .option("--model <dir>", "without a run: the model to write as ONNX (default: the one that ships)")
  .option(
    "--fold <k>",
    "the network and the forest of this fold, counted from 1; trains nothing",
    readOrdinal,
  )
  .option("--out <dir>", "the model's folder (default: model, or model-fold-K, in the run's)")
  .option("--also-judged-by <run>", "another run on the same recordings; the model card lists its accuracy as well")
  .option(
    "--judged-under <file>",
    "JSON of deno task evaluate RUN --under ... --json, of this run or of --also-judged-by's; the model card has its table; repeatable",
    (file: string, before: string[] = []) => [...before, file],
  )
  .option("--data <dir>", "where the recordings are, if they have moved")
  .option("--cache <dir>", "folder that caches log-mel frames; safe to delete")
  .addOption(new Option("--device <name>", "default: the run's").choices(DEVICE_CHOICES))
  .option(
    "--threads <n>",
    "worker threads of the cpu device (default: one a processor)",
    wholeNumber({ min: 1, max: 64 }),
  )
  .option("--quiet", "print only results and errors");

await runCommand(command, async (signal) => {
  const flags = command.opts<ExportFlags>(), [run] = command.args as [string?];
  const { licence, name, unsureError, alsoJudgedBy, judgedUnder } = flags;
  const note: ExportNote = { licence, name, unsureError, alsoJudgedBy, judgedUnder };
  if (run === undefined) {
    if (flags.onnx === undefined && flags.onnxNetwork === undefined) {
      throw new UsageError("Expected the folder of a run, or --onnx FILE to write a model as ONNX; found neither");
    }
    return await writeOnnx(await modelFolder(flags.model), flags, console.log);
  }
  if (flags.model !== undefined) throw new UsageError("A run and --model exclude each other: the run makes the model");
  if (flags.fold !== undefined) {
    const { folds } = (await requireRun(run)).config.settings, fold = ordinal(flags.fold);
    if (fold > folds) {
      throw new OptionError({ option: "fold", where: run, required: `a fold from 1 to ${folds}`, found: fold });
    }
    const out = flags.out ?? join(run, `model-fold-${fold}`);
    await writeShown(out, await exportFold(run, flags.fold, note), console.log);
    return await writeOnnx(out, flags, console.log);
  }
  const { config } = await requireRun(run), { corpus, settings, preset } = config;
  if (flags.threads !== undefined && (flags.device ?? config.device.kind) === "webgpu") {
    throw new UsageError("--threads requires the cpu device, found webgpu");
  }
  const asked = {
    ...flags,
    corpus: corpus.name as CorpusFlags["corpus"],
    data: flags.data ?? corpus.data,
    choices: corpus.choices,
    resume: true,
  };
  const prepared = await prepare({ ...asked, seed: settings.seed }, preset as PresetName, settings, signal);
  const options = {
    device: flags.device ?? config.device.kind as DeviceChoice,
    threads: flags.threads,
    choices: await keptChoices(run),
  };
  const device = await openDevice(options);
  try {
    if (!flags.quiet) say(`device    ${device.kind}: ${device.description}`);
    const experiment = {
      ...prepared,
      device,
      reopen: () => openDevice({ ...options, choices: choicesOf(device) }),
    };
    await openRun(run, experiment, "resume", { onNote: say }); // throws if these are not the run's recordings
    const out = flags.out ?? join(run, "model");
    await writeShown(out, await trainForUse(run, experiment, note, { ...flags, signal }), console.log);
    await writeOnnx(out, flags, console.log);
  } finally {
    device.close();
  }
});
