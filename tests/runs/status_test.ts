/** What each fold of a run is doing, read from its folder. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { Lease } from "../../runs/lease.ts";
import { readStatus } from "../../runs/status.ts";
import { inTemporary } from "./folders.ts";
import { run, runEpochs, settings } from "./small_experiment.ts";
import { assertFileError } from "../file_errors.ts";

Deno.test("readStatus() distinguishes folds that wait, run, were stopped, are silent or finished, and the task prints them", async () => {
  await inTemporary(async (dir) => {
    const out = join(dir, "run");
    await runEpochs(out, "new", 4, {}); // fold 1: stage 1 of 2, and an epoch of stage 2
    const folds = async () => (await readStatus(out)).folds;
    const [first, second] = await folds();
    assertEquals([first.state, first.stages, first.checkpoint], ["stopped", 1, { stage: 1, epoch: 1, step: 0 }]);
    assertEquals([first.epoch!.stage, first.epoch!.epoch, first.holder], [1, 0, undefined]);
    assert(first.epoch!.loss > 0 && first.epoch!.validationLoss! > 0);
    assertEquals([second.state, second.stages, second.epoch], ["waiting", 0, undefined]);

    const locks = join(out, "locks");
    const lease = await Lease.take(locks, "fold-2", { what: "Fold 2", beat: 0.02 });
    lease.tell({ stage: 1, phase: "fit", epoch: 2, part: 0.25, loss: 1.5 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { state, holder } = (await folds())[1];
    assertEquals([state, holder!.pid], ["running", Deno.pid]);
    assertMatch(await status(out), / 2 +running +0 of 2 +stage 1, epoch 2 of 3, 25 % +1\.500 .* process \d+ on /);
    lease.release();

    const elsewhere = await Lease.take(locks, "fold-2", { what: "Fold 2", host: "elsewhere" });
    const file = join(locks, "fold-2.1.json"), longAgo = new Date(Date.now() - 600_000);
    assertEquals((await folds())[1].state, "running");
    await Deno.utime(file, longAgo, longAgo);
    assertEquals((await folds())[1].state, "silent");
    elsewhere.release();

    const { results } = await run(out, "resume");
    const done = await readStatus(out);
    assertEquals(done.folds.map(({ state, stages }) => [state, stages]), [["finished", 2], ["finished", 2]]);
    assertEquals(done.results, results);
    assertEquals(done.config.settings, settings);
    assertMatch(await status(out), /folds: 2 finished\n[^]*stage +WA +UA/);
    const nothing = join(dir, "nothing");
    await assertFileError(() => readStatus(nothing), { file: nothing, expected: "the folder of a run" });
  });
});

/** What the task prints. */
async function status(out: string): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-P=status", "cli/status.ts", out],
    cwd: join(import.meta.dirname!, "..", ".."),
    env: { NO_COLOR: "1" },
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
