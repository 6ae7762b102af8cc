/** What each fold of a run is doing, as its folder tells. */
import assert from "@std/assert";
import path from "@std/path";
import { Lease, readStatus } from "../../runs/mod.ts";
import { inTemporary } from "./folders.ts";
import { run, runEpochs, settings } from "./small_experiment.ts";

Deno.test("readStatus() tells folds that wait, run, were stopped, are silent and are finished, and the task shows it", async () => {
  await inTemporary(async (dir) => {
    const out = path.join(dir, "run");
    await runEpochs(out, "new", 4, {}); // fold 1: stage 1 of 2, and an epoch of stage 2
    const folds = async () => (await readStatus(out)).folds;
    const [first, second] = await folds();
    assert.deepEqual([first.state, first.stages, first.checkpoint], ["stopped", 1, { stage: 2, epoch: 1, step: 0 }]);
    assert.deepEqual([first.epoch!.stage, first.epoch!.epoch, first.holder], [2, 1, undefined]);
    assert.ok(first.epoch!.loss > 0 && first.epoch!.validationLoss! > 0);
    assert.deepEqual([second.state, second.stages, second.epoch], ["waiting", 0, undefined]);

    const locks = path.join(out, "locks");
    const lease = await Lease.take(locks, "fold-2", { what: "Fold 2", beat: 0.02 });
    lease.tell({ stage: 1, phase: "fit", epoch: 2, part: 0.25, loss: 1.5 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { state, holder } = (await folds())[1];
    assert.deepEqual([state, holder!.pid], ["running", Deno.pid]);
    assert.match(await status(out), / 2 +running +0 of 2 +stage 1, epoch 2 of 3, 25 % +1\.500 .* process \d+ on /);
    lease.release();

    const elsewhere = await Lease.take(locks, "fold-2", { what: "Fold 2", host: "elsewhere" });
    const file = path.join(locks, "fold-2.1.json"), longAgo = new Date(Date.now() - 600_000);
    assert.equal((await folds())[1].state, "running");
    await Deno.utime(file, longAgo, longAgo);
    assert.equal((await folds())[1].state, "silent");
    elsewhere.release();

    const { results } = await run(out, "resume");
    const done = await readStatus(out);
    assert.deepEqual(done.folds.map(({ state, stages }) => [state, stages]), [["finished", 2], ["finished", 2]]);
    assert.deepEqual(done.results, results);
    assert.deepEqual(done.config.settings, settings);
    assert.match(await status(out), /folds: 2 finished\n[^]*stage +WA +UA/);
    await assert.rejects(readStatus(path.join(dir, "nothing")), /nothing holds no run/);
  });
});

/** What the task prints. */
async function status(out: string): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-P=status", "cli/status.ts", out],
    cwd: path.join(import.meta.dirname!, "..", ".."),
    env: { NO_COLOR: "1" },
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
