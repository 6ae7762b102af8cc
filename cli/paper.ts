/**
 * `deno task paper`: reproduces Tables 2 to 4 of the paper on a corpus, training every shared network once, and writes
 * the report.
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import { openDevice } from "../kernels/open_device.ts";
import { countNetworks, PAPER_TABLES, type PaperChain, paperChains } from "../refinery/paper.ts";
import { networkOptions } from "../refinery/derived_settings.ts";
import type { PresetName } from "../refinery/presets.ts";
import type { Settings } from "../refinery/settings.ts";
import { choicesOf, keptChoices, requireRun } from "../runs/begin.ts";
import { chainFolder, readPaper, requireVacantPaper, writePaper } from "../runs/paper_folder.ts";
import type { Experiment } from "../runs/plan.ts";
import { defaultFolder } from "../runs/train.ts";
import { createCommand, printJson, runCommand, say, UsageError, wholeNumber } from "./common.ts";
import { addCorpusOptions } from "./corpus_options.ts";
import { costPaper } from "./paper_cost.ts";
import { runSeed } from "./paper_seed.ts";
import { prepare } from "./prepare.ts";
import {
  addNetworkOptions,
  jobsOption,
  presetOption,
  resolveSettings,
  resumeSettings,
  shareThreads,
  type TrainFlags,
} from "./train_options.ts";
import { rehearseTraining, tuneDevice } from "./tuning.ts";

/** The parsed options. */
interface PaperFlags extends TrainFlags {
  seeds: number;
  tables?: number[];
  controls?: boolean;
}

/** The control: pEPR's labels with a uniform distribution instead of the networks' profiles. */
const CONTROLS: readonly PaperChain[] = [{ method: "uniform", stages: 2 }];

const command = addPaperOptions(createCommand(
  "paper",
  "Computes tables 2 to 4 of the paper on a corpus, trains each network that they share once, and writes the report.",
  [
    ["the synthetic corpus: minutes on two cores", "deno task paper"],
    ["Emo-DB, a narrow network", "deno task paper --corpus emodb --data emodb --preset compact --segment-hop 6"],
    [
      "the paper's own setup: what would it cost here?",
      "deno task paper --corpus emodb --data emodb --preset paper --dry-run",
    ],
    [
      "does pEPR beat the first network? only Table 4, three stages, three seeds",
      "deno task paper --corpus emodb --data emodb --preset tuned --tables 4 --stages 3 --seeds 3",
    ],
    ["resume after a stop", "deno task paper --resume --out out/paper-emodb-compact-1-20200812-140506"],
  ],
));

function addPaperOptions(command: Command): Command {
  return addNetworkOptions(addCorpusOptions(command).addOption(presetOption("compact")))
    .addOption(
      new Option("--tables <numbers>", "tables of the paper, as in 2,4 (default: all; with --resume: tables to add)")
        .argParser(tableNumbers),
    )
    .option(
      "--stages <n>",
      "longest chain: rows of later stages stay empty",
      wholeNumber({ min: 2, max: 5 }),
    )
    .option(
      "--controls",
      "also train a control chain, whose labels do not depend on the networks (default with the synthetic corpus)",
    )
    .option("--no-controls", "train no control chain")
    .option(
      "--seeds <n>",
      "repeat everything with this many seeds, from --seed on: means and intervals",
      wholeNumber({ min: 1, max: 99 }),
      1,
    )
    .addOption(jobsOption())
    .option("--out <dir>", "the folder of all runs, new or empty (default: out/paper-<corpus>-<preset>-<seed>-<time>)")
    .option("--resume", "resume the runs in --out with their own settings; no other option is required")
    .option("--dry-run", "train nothing; print the cost: FLOPs, hours, disk")
    .option("--json", "print the tables as one JSON document on stdout, everything else on stderr");
}

await runCommand(command, async (signal) => {
  const { flags, preset, settings: asked, chains, seeds } = await readOptions(command.opts<PaperFlags>());
  const note = flags.quiet ? () => {} : say;
  const out = flags.out ?? defaultFolder(`paper-${flags.corpus}`, preset, flags.seed);
  if (!flags.resume && !flags.dryRun) await requireVacantPaper(out);

  const described = chains.map(({ method, stages }) => `${method} ${stages}`).join(", ") + " stages, the first shared";
  const prepareSeed = (seed: number) =>
    prepare({ ...flags, seed, chains: described }, preset, { ...asked, seed }, signal);
  let prepared = await prepareSeed(seeds[0]);
  const threads = shareThreads(flags), first = chainFolder(out, seeds[0], chains[0]);
  const { precision } = flags;
  const device = await openDevice({ device: flags.device, threads, precision, choices: await keptChoices(first) });
  note(`device    ${device.kind}: ${device.description}${flags.jobs > 1 ? `, for each of ${flags.jobs} jobs` : ""}`);
  try {
    const network = networkOptions(prepared.settings, prepared.features.emotions.length);
    await tuneDevice(device, flags.tune, () => rehearseTraining(device, network, asked.batch), { ...flags, signal });
    const options = { device: flags.device, threads, precision, choices: choicesOf(device) };
    if (flags.dryRun) return await costPaper({ ...prepared, device }, chains, seeds.length, flags.json, signal);
    await writePaper(out, { chains, seeds });
    const networks = seeds.length * prepared.settings.folds * countNetworks(chains);
    note(`networks  ${networks}`);
    let finished = 0;
    for (const seed of seeds) {
      // each seed has a different synthetic corpus; recordings are read again (or from --cache)
      if (seed !== seeds[0]) prepared = await prepareSeed(seed);
      const experiment: Experiment = { ...prepared, device, reopen: () => openDevice(options) };
      finished += await runSeed(experiment, out, {
        chains,
        networks,
        finished,
        quiet: flags.quiet ?? false,
        jobs: { jobs: flags.jobs, device: options },
      }, signal);
    }
  } finally {
    device.close();
  }
  const { writeReport } = await import("../report/mod.ts"); // the library for figures takes time to load
  const report = await writeReport(out);
  const show = flags.json ? say : console.log;
  for (const table of report.papers) show(`\n${table}`);
  if (flags.json) printJson(report.tables);
  show(`\nrun folder: ${out}\nreport: ${report.file}`);
});

/** The resolved options, including those of resumed runs. */
interface PaperRequest {
  flags: PaperFlags;
  preset: PresetName;
  settings: Settings;
  chains: PaperChain[];
  seeds: number[];
}

async function readOptions(asked: PaperFlags): Promise<PaperRequest> {
  const tables = PAPER_TABLES.filter(({ number }) => asked.tables?.includes(number) ?? true);
  const controls = asked.controls ?? (!asked.resume && asked.corpus === "synthetic");
  const chains = [...paperChains(tables, asked.stages), ...(controls ? CONTROLS : [])];
  if (!asked.resume) {
    const preset = asked.preset ?? (asked.corpus === "synthetic" ? "demo" : "compact");
    const seeds = Array.from({ length: asked.seeds }, (_, i) => asked.seed + i);
    return { flags: asked, ...resolveSettings({ ...asked, preset }), chains, seeds };
  }
  if (asked.out === undefined) throw new UsageError("--resume requires --out, the folder of the runs");
  const paper = await readPaper(asked.out);
  if (!paper) throw new Error(`--out ${asked.out}: expected a folder of deno task paper, found no paper.json in it`);
  const given = (option: string) => command.getOptionValueSource(option) === "cli";
  const seed = paper.seeds[0], { config } = await requireRun(chainFolder(asked.out, seed, paper.chains[0]));
  const { flags, preset, settings } = resumeSettings(asked, config, given);
  const seeds = given("seeds") ? Array.from({ length: asked.seeds }, (_, i) => seed + i) : paper.seeds;
  const more = given("tables") || given("stages") || given("controls") ? chains : [];
  return { flags: { ...asked, ...flags }, preset, settings, chains: addChains(paper.chains, more, asked.out), seeds };
}

/** Appends missing chains to those of a folder; the first chain has stage 1 for all. */
function addChains(there: readonly PaperChain[], asked: readonly PaperChain[], out: string): PaperChain[] {
  const added = asked.filter(({ method, stages }) => {
    const begun = there.find((chain) => chain.method === method);
    if (begun && begun.stages < stages) {
      throw new UsageError(
        `--stages: expected at most ${begun.stages}, as the chain ${method} in ${out} has, found ${stages}; ` +
          `a chain can't be made longer: --stages ${begun.stages}, or a new folder`,
      );
    }
    return !begun;
  });
  return [...there, ...added];
}

/** Parses `2,4`. Throws if a number is not a table of the paper. */
function tableNumbers(text: string): number[] {
  return text.split(",").map((part) => {
    const table = PAPER_TABLES.find(({ number }) => String(number) === part.trim());
    if (!table) {
      throw new InvalidArgumentError(
        `Expected numbers of tables from 2 to 4, as in 2,4, found ${part ? `"${part}"` : "nothing"}.`,
      );
    }
    return table.number;
  });
}
