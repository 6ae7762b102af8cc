/** Several folds at once: the same as one after the other, and no hang where a worker dies. */
import { assertEquals, assertMatch, assertRejects, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { openRun } from "../../runs/begin.ts";
import { runExperiment } from "../../runs/experiment.ts";
import { foldsAtOnce } from "../../runs/jobs.ts";
import type { ExperimentHooks, Start } from "../../runs/plan.ts";
import { inTemporary } from "./folders.ts";
import { experiment, plain, run } from "./small_experiment.ts";
import { CrewError } from "../../workers/crew.ts";

const dying = new URL("../workers/dying_worker.ts", import.meta.url);

/** Runs the small experiment with two folds at once. */
async function runAtOnce(out: string, start: Start, hooks: ExperimentHooks = {}, worker?: URL) {
  const own = { ...experiment, start }, folder = await openRun(out, own, start);
  const runFolds = foldsAtOnce(own, folder, { jobs: 2, device: { device: "cpu", threads: 1 }, worker });
  return await runExperiment(own, folder, hooks, performance.now(), runFolds);
}

Deno.test("two folds at once give the same results as one after the other, also after both were stopped", async () => {
  await inTemporary(async (dir) => {
    const expected = plain(await run(join(dir, "one"), "new"));
    assertEquals(plain(await runAtOnce(join(dir, "two"), "new")), expected);

    const out = join(dir, "stopped"), abort = new AbortController(), seen = new Set<number>();
    const onEpoch = ({ fold }: { fold: number }) => {
      seen.add(fold);
      if (seen.size === 2) abort.abort(new Error("stopped by the test"));
    };
    const stopped = await assertRejects(() => runAtOnce(out, "new", { signal: abort.signal, onEpoch }), Error);
    assertStrictEquals(stopped, abort.signal.reason);
    assertEquals(plain(await runAtOnce(out, "resume")), expected);
  });
});

Deno.test("a worker that dies is reported with its fold, and the run resumes from its checkpoints", async () => {
  await inTemporary(async (dir) => {
    const out = join(dir, "run");
    const { job, message } = await assertRejects(() => runAtOnce(out, "new", {}, dying), CrewError);
    assertMatch(job!, /^Fold [12]$/);
    assertMatch(message, /: its worker thread died \(.*out of luck.*\)$/);
    assertEquals((await runAtOnce(out, "resume")).folds.length, 2);
  });
});
