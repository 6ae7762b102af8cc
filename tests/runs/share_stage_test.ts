/** Chains that share their first stage: nothing is trained twice, and nothing comes out otherwise. */
import assert from "@std/assert";
import path from "@std/path";
import { chainFolder, openRun, RunFolder, runPaperChains, shareFirstStage } from "../../runs/mod.ts";
import type { PaperChain } from "../../refinery/mod.ts";
import { inTemporary } from "./folders.ts";
import { experiment, plain, run, settings } from "./small_experiment.ts";

const chains: PaperChain[] = [
  { method: "pEPR", stages: 2 },
  { method: "sEPR", stages: 2 },
  { method: "soft-static", stages: 2 },
];
const { seed, folds } = settings;

/** Networks that were fitted in a run, by its log. */
async function fitted(place: string): Promise<number> {
  const log = await Deno.readTextFile(path.join(place, "log.jsonl"));
  return log.split("\n").filter((line) => line.startsWith('{"event":"stage"')).length;
}

Deno.test("chains that share stage 1 give what each would alone, and fit no network twice", async () => {
  await inTemporary(async (dir) => {
    const out = path.join(dir, "paper");
    const results = await runPaperChains(out, experiment, chains);
    for (const [c, chain] of chains.entries()) {
      const alone = path.join(dir, chain.method);
      const own = { ...settings, ...chain };
      const { seconds: _, ...together } = results[c];
      assert.deepEqual(together, plain(await run(alone, "new", { settings: own })), chain.method);
      assert.equal(await fitted(chainFolder(out, seed, chain)), folds * (c === 0 ? 2 : 1));
      for (const file of ["weights/fold-2-stage-1.safetensors", "profiles/stage-2.arrow"]) {
        const [here, there] = [path.join(chainFolder(out, seed, chain), file), path.join(alone, file)];
        assert.deepEqual(await Deno.readFile(here), await Deno.readFile(there), `${chain.method} ${file}`);
      }
    }
    const record = await (await RunFolder.at(chainFolder(out, seed, chains[1]))).readRecord(1, 1);
    assert.equal(record!.sharedFrom, path.join("..", "pEPR"));
  });
});

Deno.test("chains go on where they were stopped, and leave what is complete as it is", async () => {
  await inTemporary(async (dir) => {
    const whole = await runPaperChains(path.join(dir, "whole"), experiment, chains);
    const out = path.join(dir, "stopped"), abort = new AbortController(), reason = new Error("stopped by the test");
    let left = 4 * 3 + 3 + 1; // epochs: all of the first chain, stage 2 of the second's first fold, and one more
    const hooks = { signal: abort.signal, onEpoch: () => void (--left === 0 && abort.abort(reason)) };
    await assert.rejects(runPaperChains(out, experiment, chains, { hooks }), reason);
    const first = await Deno.readTextFile(path.join(chainFolder(out, seed, chains[0]), "log.jsonl"));
    const seen: [string, number][] = [];
    const again = await runPaperChains(out, experiment, chains, {
      onChain: ({ method }, finished) => seen.push([method, finished]),
    });
    assert.deepEqual(again.map(({ stages }) => stages), whole.map(({ stages }) => stages));
    assert.equal(await Deno.readTextFile(path.join(chainFolder(out, seed, chains[0]), "log.jsonl")), first);
    assert.deepEqual(seen, [["pEPR", 4], ["sEPR", 3], ["soft-static", 2]]);
  });
});

Deno.test("stage 1 is taken over from a run that differs in method and stages alone", async () => {
  await inTemporary(async (dir) => {
    await run(path.join(dir, "from"), "new", { settings: { ...settings, stages: 1 } });
    const from = await RunFolder.at(path.join(dir, "from"));
    const wider = { ...experiment, settings: { ...settings, method: "sEPR" as const, width: 1 / 16 } };
    const to = await openRun(path.join(dir, "to"), wider, "new");
    await assert.rejects(
      shareFirstStage(to, from),
      /can't take stage 1 over from .*: --width 0\.03125 there, 0\.0625 here/,
    );
    await assert.rejects(Deno.stat(to.recordFile(1, 1)), Deno.errors.NotFound);
    const profiles = from.profilesFile(1, 1), bytes = await Deno.readFile(profiles);
    bytes[bytes.length >> 1] ^= 1;
    await Deno.writeFile(profiles, bytes);
    const like = { ...experiment, settings: { ...settings, method: "sEPR" as const } };
    const other = await openRun(path.join(dir, "other"), like, "new");
    await assert.rejects(shareFirstStage(other, from), /fold-1-stage-1\.arrow: damaged/);
  });
});
