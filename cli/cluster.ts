/**
 * `deno task cluster`: writes a run's folds as a Slurm job array, and a job that merges them when all are finished. The scripts
 * are written to the run folder, where they can be read and edited; `--submit` submits both to sbatch. Slurm does the scheduling.
 *
 * The requested time and memory follow from a few steps measured on this machine, with a job's number of threads, so it is best
 * run where the jobs will run. A job that is preempted, or whose time is nearly over, saves its network, returns to the queue,
 * and resumes.
 */
import { join, resolve } from "@std/path";
import { openDevice } from "../kernels/open_device.ts";
import { summarise } from "../nn/vgg_e.ts";
import { networkOptions } from "../refinery/derived_settings.ts";
import { keptChoices, openRun } from "../runs/begin.ts";
import { readStatus } from "../runs/status.ts";
import { defaultFolder } from "../runs/train.ts";
import { createCommand, runCommand, say, wholeNumber } from "./common.ts";
import { type Cost, estimateCost } from "./cost.ts";
import { formatDuration } from "./job_progress.ts";
import { prepare } from "./prepare.ts";
import { foldsScript, mergeScript, type SlurmJob } from "./slurm.ts";
import { addExperimentOptions, resolveSettings, type TrainFlags } from "./train_options.ts";
import { rehearseTraining, tuneDevice } from "./tuning.ts";

interface ClusterFlags extends Omit<TrainFlags, "jobs"> {
  submit?: boolean;
  minutes?: number;
  memory?: number;
  sbatch: string[];
}

const command = addExperimentOptions(createCommand(
  "cluster",
  "Writes Slurm scripts: a job array that runs the folds, and a job that merges them. --submit submits both.",
  [
    [
      "the paper's own setup, 8 processors for each fold",
      "deno task cluster --corpus emodb --data emodb --preset paper --threads 8 --out runs/paper --submit",
    ],
    [
      "one GPU for each fold (run this on a machine with such a GPU)",
      "deno task cluster --corpus emodb --data emodb --preset paper --device webgpu --sbatch=--gres=gpu:1",
    ],
    ["submit the unfinished folds again, with the same options", "deno task cluster ... --out runs/paper --submit"],
  ],
))
  .option("--submit", "submit the jobs with sbatch")
  .option(
    "--minutes <n>",
    "time limit of a fold's job (default: estimated from a few steps on this machine)",
    wholeNumber({ min: 3 }),
  )
  .option("--memory <mb>", "memory of a fold's job, in MB (default: estimated)", wholeNumber({ min: 1 }))
  .option(
    "--sbatch <option>",
    "another option for sbatch, as in --sbatch=--partition=gpu; may be repeated",
    (option: string, others: string[]) => [...others, option],
    [],
  );

await runCommand(command, async (signal) => {
  const flags = command.opts<ClusterFlags>();
  const { preset, settings: asked } = resolveSettings({ ...flags, jobs: 1 });
  const out = resolve(flags.out ?? defaultFolder(flags.corpus, preset, flags.seed));
  const prepared = await prepare(flags, preset, asked, signal);
  const device = await openDevice({ ...flags, choices: await keptChoices(out) });
  try {
    const network = networkOptions(prepared.settings, prepared.features.emotions.length);
    await tuneDevice(device, flags.tune, () => rehearseTraining(device, network, prepared.settings.batch), {
      ...flags,
      signal,
    });
    const experiment = { ...prepared, device };
    const folder = await openRun(out, experiment, "join", { onNote: say });
    const left = (await readStatus(out)).folds.filter(({ state }) => state !== "finished").map(({ fold }) => fold);
    const cost = await estimateCost(experiment, signal);
    const parameters = summarise(network).reduce((sum, layer) => sum + layer.parameters, 0);
    const job: SlurmJob = {
      out,
      folds: left,
      deno: Deno.execPath(),
      root: join(import.meta.dirname!, ".."),
      processors: device.kind === "cpu" ? flags.threads ?? navigator.hardwareConcurrency : 2,
      minutes: flags.minutes ?? minutesOf(cost),
      megabytes: flags.memory ?? megabytesOf(cost, parameters),
      sbatch: flags.sbatch,
    };
    const scripts = [folder.in("slurm", "folds.sh"), folder.in("slurm", "merge.sh")];
    await Deno.mkdir(folder.in("slurm"), { recursive: true });
    await Deno.writeTextFile(scripts[0], foldsScript(job), { mode: 0o755 });
    await Deno.writeTextFile(scripts[1], mergeScript(job), { mode: 0o755 });
    const resources = `${job.processors} processors, ${job.megabytes.toLocaleString("en")} MB, ` +
      `${formatDuration(60 * job.minutes)} each`;
    say(`jobs      ${left.length} folds: ${resources}; at most ${formatDuration(cost.seconds)} of work in all`);
    if (flags.submit) await submit(scripts, left.length);
    else tellHow(scripts, left.length);
    console.log(`run folder: ${out}`);
  } finally {
    device.close();
  }
});

/** The longest fold's time, plus half of it, plus ten minutes to start and end. */
function minutesOf({ folds, seconds, flops }: Cost): number {
  const longest = Math.max(...folds.map(({ stageFlops }) => stageFlops.reduce((a, b) => a + b)));
  return 10 + Math.ceil(1.5 * longest / flops * seconds / 60);
}

/** The device's memory, four times the weights for saving them, and a gigabyte for the program. */
function megabytesOf({ memory }: Cost, parameters: number): number {
  return Math.ceil((memory + 4 * 4 * parameters) / 1e6) + 1000;
}

async function submit([folds, merge]: string[], left: number): Promise<void> {
  const dependency: string[] = [];
  if (left > 0) {
    const id = await sbatch(folds);
    say(`submitted ${folds} as job ${id}`);
    dependency.push(`--dependency=afterok:${id}`, "--kill-on-invalid-dep=yes");
  }
  say(`submitted ${merge} as job ${await sbatch(...dependency, merge)}`);
}

function tellHow([folds, merge]: string[], left: number): void {
  say("to submit them (or run again with --submit):");
  if (left > 0) say(`  id=$(sbatch --parsable ${folds})`);
  say(`  sbatch ${left > 0 ? "--dependency=afterok:$id --kill-on-invalid-dep=yes " : ""}${merge}`);
}

/** Submits a script to Slurm and returns the job's number. */
async function sbatch(...args: string[]): Promise<string> {
  const output = await new Deno.Command("sbatch", { args: ["--parsable", ...args] }).output().catch((error) => {
    throw new Error(`sbatch can't be run (${error.message}): is this a machine of a Slurm cluster?`, { cause: error });
  });
  const [said, failed] = [output.stdout, output.stderr].map((bytes) => new TextDecoder().decode(bytes).trim());
  if (!output.success) throw new Error(`sbatch ${args.join(" ")}: ${failed}`);
  return said.split(";")[0]; // "id;cluster"
}
