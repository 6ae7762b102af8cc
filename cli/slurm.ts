/**
 * The batch scripts of `deno task cluster`. They run deno directly, since a wrapper would not pass on SIGTERM.
 *
 *     time nearly over    --signal=B:TERM@90: the script receives it and passes it on, the fold is saved (143), and the script requeues its job
 *     preempted           Slurm sends SIGTERM and requeues the job itself
 *     node lost           Slurm requeues the job; the fold's lease expires after two minutes
 */
import { ordinal } from "../base/numbering.ts";

/** The contents of the scripts. */
export interface SlurmJob {
  /** The run folder, absolute. */
  out: string;
  /** Folds to run. */
  folds: readonly number[];
  /** Path of deno. */
  deno: string;
  /** EPR's folder. */
  root: string;
  /** Processors per job. */
  processors: number;
  /** Minutes per job. */
  minutes: number;
  /** Megabytes per job. */
  megabytes: number;
  /** Further options of sbatch. */
  sbatch: readonly string[];
}

/** Minutes of the merging job: it reads the corpus and fits forests. */
const MERGE_MINUTES = 30;

/** One fold, as a task of a job array. */
export function foldsScript(job: SlurmJob): string {
  const { out, folds, deno, root } = job;
  const train = `${quote(deno)} run -q -P=train cli/train.ts --quiet --resume --out ${quote(out)}`;
  return `#!/bin/bash
# A fold of the run in ${out}, as a task of a job array.
${options(job, "epr-fold", "fold-%a.out", job.minutes)}
#SBATCH --array=${folds.map(ordinal).join(",")}
#SBATCH --requeue
#SBATCH --signal=B:TERM@90

cd ${quote(root)} || exit 1
${train} --only-fold "$SLURM_ARRAY_TASK_ID" --threads "$SLURM_CPUS_PER_TASK" &
fold=$!
stopping=
trap 'stopping=yes; kill -TERM "$fold"' TERM
wait "$fold"
status=$?
if [ -n "$stopping" ]; then # the signal has ended the wait, and the fold is writing its checkpoint
  wait "$fold"
  status=$?
fi
# Stopped while the job is still running: its time is nearly over. (One that is cancelled or preempted is "completing".)
if [ "$status" -eq 143 ] && [ "$(squeue -h -j "$SLURM_JOB_ID" -o %T)" = RUNNING ]; then
  scontrol requeue "$SLURM_JOB_ID"
fi
exit "$status"
`;
}

/** The merge, which runs when all folds are finished. */
export function mergeScript(job: SlurmJob): string {
  const { out, deno, root } = job;
  return `#!/bin/bash
# Judges the folds of the run in ${out}.
${options(job, "epr-merge", "merge.out", MERGE_MINUTES)}
#SBATCH --requeue

cd ${quote(root)} || exit 1
exec ${quote(deno)} run -q -P=train cli/train.ts --quiet --merge --out ${quote(out)}
`;
}

function options({ out, processors, megabytes, sbatch }: SlurmJob, name: string, log: string, minutes: number): string {
  return [
    `--job-name=${name}`,
    `--output=${quote(`${out}/slurm/${log}`)}`,
    "--open-mode=append",
    `--time=${minutes}`,
    `--mem=${megabytes}M`,
    `--cpus-per-task=${processors}`,
    ...sbatch,
  ].map((option) => `#SBATCH ${option}`).join("\n");
}

/** Quotes a word for a shell. */
function quote(word: string): string {
  return /^[\w./%+:=@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
