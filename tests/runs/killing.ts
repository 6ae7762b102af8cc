/**
 * Killing a training run without warning, at random moments, and going on with it: as a test's helper, and as a script for a
 * whole demo run (about four minutes on two cores):
 *
 *     deno run -P=test tests/runs/killing.ts --kills 20 [--alone RUN]
 *
 * The run that was killed has to end in the results of one left alone: of one that is made first, or of a demo run that is there.
 */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { parseArgs } from "node:util";

const root = join(import.meta.dirname!, "..", "..");

/** Starts `train`. Its output is discarded unless requested. */
export function startTrain(args: string[], output: "piped" | "null" = "null"): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-P=train", "cli/train.ts", ...args],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: output,
    stderr: output,
  }).spawn();
}

/** Runs `train` to its end. */
export async function train(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await startTrain(args, "piped").output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** The results of a run folder, less the seconds. */
export async function resultsOf(out: string): Promise<Record<string, unknown>> {
  const { seconds, ...results } = JSON.parse(await Deno.readTextFile(join(out, "results.json")));
  assert(seconds > 0);
  return results;
}

/**
 * Runs `train`, kills it with SIGKILL after random times, and resumes it, until it has been killed so often; then lets it end.
 *
 * @param seconds a run's length, so that the moments spread over it
 * @returns after how many seconds of each process it was killed
 */
export async function trainUnderFire(args: string[], out: string, kills: number, seconds: number): Promise<number[]> {
  const times: number[] = [];
  const begun = () => Deno.stat(join(out, "config.json")).then(() => true, () => false);
  for (let attempt = 0; times.length < kills; attempt++) {
    assert(attempt < 3 * kills, "it ended before it was killed often enough");
    const child = startTrain([...(await begun() ? ["--resume"] : args), "--out", out, "--quiet"]);
    const time = 0.2 + 1.5 * Math.random() * seconds / kills;
    const timer = setTimeout(() => child.kill("SIGKILL"), 1000 * time);
    const { signal, code } = await child.status;
    clearTimeout(timer);
    if (signal === "SIGKILL") times.push(time);
    else assertEquals(code, 0);
    if (code === 0) break;
  }
  const { code, stderr } = await train(...(await begun() ? ["--resume"] : args), "--out", out, "--quiet");
  assertEquals(code, 0, stderr);
  return times;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { kills: { type: "string", default: "20" }, alone: { type: "string" } } });
  const dir = await Deno.makeTempDir({ prefix: "epr_killing_" });
  const alone = values.alone ?? join(dir, "alone"), killed = join(dir, "killed");
  if (values.alone === undefined) {
    const { code, stderr } = await train("--device", "cpu", "--out", alone, "--quiet");
    assertEquals(code, 0, stderr);
  }
  const { seconds } = JSON.parse(await Deno.readTextFile(join(alone, "results.json")));
  console.log(`left alone it takes ${seconds.toFixed(0)} s`);
  const times = await trainUnderFire(["--device", "cpu"], killed, Number(values.kills), seconds);
  console.log(`killed ${times.length} times, after ${times.map((time) => time.toFixed(1)).join(", ")} s`);
  assertEquals(await resultsOf(killed), await resultsOf(alone));
  console.log("the same results");
  await Deno.remove(dir, { recursive: true });
}
