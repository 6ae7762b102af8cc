/** The folds as a Slurm job array: the written and submitted scripts, and their behaviour when Slurm stops them. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { foldsScript, mergeScript, type SlurmJob } from "../../cli/slurm.ts";
import { inTemporary } from "../runs/folders.ts";

/** Shell scripts that simulate Slurm and Deno, in a folder for the front of the PATH. */
async function withPrograms(dir: string, programs: Record<string, string>): Promise<Record<string, string>> {
  const bin = join(dir, "bin");
  await Deno.mkdir(bin);
  for (const [name, body] of Object.entries(programs)) {
    await Deno.writeTextFile(join(bin, name), `#!/bin/bash\n${body}\n`, { mode: 0o755 });
  }
  return { PATH: `${bin}:${Deno.env.get("PATH")}`, NO_COLOR: "1" };
}

const job: Omit<SlurmJob, "deno"> = {
  out: "/runs/it's one",
  folds: [0, 1, 4],
  root: "/",
  processors: 4,
  minutes: 90,
  megabytes: 3000,
  sbatch: ["--partition=gpu", "--gres=gpu:1"],
};

Deno.test("foldsScript() requests the job's resources from Slurm, and mergeScript() merges", () => {
  const script = foldsScript({ ...job, deno: "/bin/deno" });
  const options = script.split("\n").filter((line) => line.startsWith("#SBATCH ")).map((line) => line.slice(8));
  assertEquals(options, [
    "--job-name=epr-fold",
    `--output='/runs/it'\\''s one/slurm/fold-%a.out'`,
    "--open-mode=append",
    "--time=90",
    "--mem=3000M",
    "--cpus-per-task=4",
    "--partition=gpu",
    "--gres=gpu:1",
    "--array=1,2,5",
    "--requeue",
    "--signal=B:TERM@90",
  ]);
  assertMatch(
    mergeScript({ ...job, deno: "/bin/deno" }),
    /\nexec \/bin\/deno run .* --merge --out '\/runs\/it'\\''s one'\n$/,
  );
});

/** Runs the script of a fold with a given `deno`; returns its status and the calls that it made. */
async function runScript(
  { deno, state = "RUNNING", signal }: { deno: string; state?: string; signal?: Deno.Signal },
): Promise<{ code: number; said: string }> {
  let outcome = { code: -1, said: "" };
  await inTemporary(async (dir) => {
    const said = join(dir, "said");
    const env = await withPrograms(dir, {
      deno: `echo "deno $*" >>'${said}'; ${deno}`,
      squeue: `echo ${state}`,
      scontrol: `echo "scontrol $*" >>'${said}'`,
    });
    const script = join(dir, "folds.sh");
    await Deno.writeTextFile(script, foldsScript({ ...job, deno: join(dir, "bin", "deno") }));
    const slurm = { SLURM_ARRAY_TASK_ID: "2", SLURM_CPUS_PER_TASK: "4", SLURM_JOB_ID: "77" };
    const child = new Deno.Command("bash", { args: [script], env: { ...env, ...slurm } }).spawn();
    if (signal) {
      while (!await Deno.stat(said).catch(() => undefined)) await new Promise((resolve) => setTimeout(resolve, 20));
      await new Promise((resolve) => setTimeout(resolve, 100));
      child.kill(signal);
    }
    const { code } = await child.status;
    outcome = { code, said: await Deno.readTextFile(said) };
  });
  return outcome;
}

const patient = "trap 'sleep 0.2; exit 143' TERM; while :; do sleep 0.05; done"; // saves its state, then ends

Deno.test({
  name: "the script of a fold requeues its job when its time is nearly over, and not when it is cancelled or fails",
  ignore: Deno.build.os === "windows",
  async fn() {
    const command =
      "deno run -q -P=train cli/train.ts --quiet --resume --out /runs/it's one --only-fold 2 --threads 4\n";
    assertEquals(await runScript({ deno: "exit 0" }), { code: 0, said: command });
    assertEquals(await runScript({ deno: "exit 1" }), { code: 1, said: command });
    assertEquals(await runScript({ deno: patient, signal: "SIGTERM" }), {
      code: 143,
      said: `${command}scontrol requeue 77\n`,
    });
    assertEquals(await runScript({ deno: patient, signal: "SIGTERM", state: "COMPLETING" }), {
      code: 143,
      said: command,
    });
  },
});

Deno.test({
  name:
    "cluster makes the run, writes scripts for the folds that are left, and submits them with the merge behind them",
  ignore: Deno.build.os === "windows",
  async fn() {
    await inTemporary(async (dir) => {
      const out = join(dir, "run"), said = join(dir, "said");
      const env = await withPrograms(dir, { sbatch: `echo "$*" >>'${said}'; echo "12;cluster"` });
      const cluster = async (...args: string[]) => {
        const settings = ["--folds", "2", "--width", "1/32", "--segment-hop", "24", "--epochs", "1", "--stages", "1"];
        const { code, stderr } = await new Deno.Command(Deno.execPath(), {
          args: ["run", "-q", "-P=cluster", "cli/cluster.ts", ...settings, "--device", "cpu", "--out", out, ...args],
          cwd: join(import.meta.dirname!, "..", ".."),
          env,
        }).output();
        return { code, stderr: new TextDecoder().decode(stderr) };
      };
      const first = await cluster("--threads", "1", "--sbatch=--partition=long", "--memory", "900", "--submit");
      assertEquals(first.code, 0, first.stderr);
      assertEquals(
        await Deno.readTextFile(said),
        `--parsable ${out}/slurm/folds.sh\n` +
          `--parsable --dependency=afterok:12 --kill-on-invalid-dep=yes ${out}/slurm/merge.sh\n`,
      );
      const script = await Deno.readTextFile(join(out, "slurm", "folds.sh"));
      for (const line of ["--array=1,2", "--mem=900M", "--cpus-per-task=1", "--partition=long", "--time=11"]) {
        assert(script.includes(`#SBATCH ${line}\n`), script);
      }
      // a fold is finished; the rest is submitted again
      await Deno.mkdir(join(out, "folds"));
      await Deno.writeTextFile(join(out, "folds", "fold-1-stage-1.json"), "{}");
      assertEquals((await cluster("--minutes", "50")).code, 0);
      assertMatch(await Deno.readTextFile(join(out, "slurm", "folds.sh")), /--time=50\n[^]*--array=2\n/);
      const other = await cluster("--batch", "7");
      assertEquals(other.code, 1);
      assertMatch(other.stderr, /error: .* another: --batch 32 there, 7 here/);
    });
  },
});
