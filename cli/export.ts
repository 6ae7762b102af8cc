/**
 * `deno task export RUN`: a model from a run. For use: one more network, trained on everything; or of one fold, to check it with.
 */
import { join } from "@std/path";
import { type Command, Option } from "commander";
import { DEVICE_CHOICES, type DeviceChoice, openDevice } from "../kernels/mod.ts";
import type { PresetName } from "../refinery/mod.ts";
import { choicesOf, exportFold, type ExportNote, keptChoices, openRun, requireRun } from "../runs/mod.ts";
import { type CorpusFlags, createCommand, runCommand, say, UsageError, wholeNumber } from "./common.ts";
import { addNoteOptions, type NoteFlags, trainForUse, writeShown } from "./export_model.ts";
import { prepare } from "./prepare.ts";

interface ExportFlags extends NoteFlags {
  fold?: number;
  out?: string;
  alsoJudgedBy?: string;
  data?: string;
  cache?: string;
  device?: DeviceChoice;
  threads?: number;
  quiet?: boolean;
}

const command: Command = addNoteOptions(createCommand("export", "A model from a run: a folder for deno task predict.", [
  ["for use: trains one more network on everything", "deno task export out/emodb-compact-1-20200812-140506"],
  ["of a fold, which has not heard what it held out", "deno task export out/emodb-compact-1-20200812-140506 --fold 3"],
  [
    "tell its accuracy on unseen speakers too",
    "deno task export out/emodb-compact-1-20200812-140506 --also-judged-by out/emodb-by-speaker",
  ],
]))
  .argument("<run>", "the run folder")
  .option(
    "--fold <k>",
    "the network and the forest of this fold, counted from 1; trains nothing",
    wholeNumber({ min: 1 }),
  )
  .option("--out <dir>", "the model's folder (default: model, or model-fold-K, in the run's)")
  .option("--also-judged-by <run>", "another run on the same recordings, whose accuracy the card tells too")
  .option("--data <dir>", "where the recordings are, if they have moved")
  .option("--cache <dir>", "keep log-mel frames there, by the content of the recordings (delete it at will)")
  .addOption(new Option("--device <name>", "default: the run's").choices(DEVICE_CHOICES))
  .option(
    "--threads <n>",
    "worker threads of the cpu device (default: one a processor)",
    wholeNumber({ min: 1, max: 64 }),
  )
  .option("--quiet", "say only what it gives, and errors");

await runCommand(command, async (signal) => {
  const flags = command.opts<ExportFlags>(), [run] = command.args;
  const { licence, name, alsoJudgedBy } = flags, note: ExportNote = { licence, name, alsoJudgedBy };
  if (flags.fold !== undefined) {
    const out = flags.out ?? join(run, `model-fold-${flags.fold}`);
    return await writeShown(out, await exportFold(run, flags.fold, note), console.log);
  }
  const { config } = await requireRun(run), { corpus, settings, preset } = config;
  if (flags.threads !== undefined && (flags.device ?? config.device.kind) === "webgpu") {
    throw new UsageError("--threads is for the cpu device");
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
    await openRun(run, experiment, "resume", { onNote: say }); // throws where these are not the run's recordings
    await writeShown(
      flags.out ?? join(run, "model"),
      await trainForUse(run, experiment, note, { ...flags, signal }),
      console.log,
    );
  } finally {
    device.close();
  }
});
