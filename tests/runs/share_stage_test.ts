/** Chains that share their first stage: nothing is trained twice, and nothing comes out otherwise. */
import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import type { PaperChain } from "../../refinery/paper.ts";
import { openRun } from "../../runs/begin.ts";
import { runPaperChains } from "../../runs/paper_chains.ts";
import { chainFolder } from "../../runs/paper_folder.ts";
import { RunFolder } from "../../runs/run_folder.ts";
import { shareStages } from "../../runs/share_stage.ts";
import { inTemporary } from "./folders.ts";
import { experiment, plain, run, settings } from "./small_experiment.ts";
import { assertFileError } from "../file_errors.ts";

const chains: PaperChain[] = [
  { method: "pEPR", stages: 2 },
  { method: "sEPR", stages: 2 },
  { method: "soft-static", stages: 2 },
];
const { seed, folds } = settings;

/** Networks that were fitted in a run, by its log. */
async function fitted(place: string): Promise<number> {
  const log = await Deno.readTextFile(join(place, "log.jsonl"));
  return log.split("\n").filter((line) => line.startsWith('{"event":"stage"')).length;
}

Deno.test("chains that share stage 1 give the same results as alone, and fit no network twice", async () => {
  await inTemporary(async (dir) => {
    const out = join(dir, "paper");
    const results = await runPaperChains(out, experiment, chains);
    for (const [c, chain] of chains.entries()) {
      const alone = join(dir, chain.method);
      const own = { ...settings, ...chain };
      const { seconds: _, ...together } = results[c];
      assertEquals(together, plain(await run(alone, "new", { settings: own })), chain.method);
      assertEquals(await fitted(chainFolder(out, seed, chain)), folds * (c === 0 ? 2 : 1));
      for (const file of ["weights/fold-2-stage-1.safetensors", "profiles/stage-2.arrow"]) {
        const [here, there] = [join(chainFolder(out, seed, chain), file), join(alone, file)];
        assertEquals(await Deno.readFile(here), await Deno.readFile(there), `${chain.method} ${file}`);
      }
    }
    const record = await (await RunFolder.at(chainFolder(out, seed, chains[1]))).readRecord(0, 0);
    assertStrictEquals(record!.sharedFrom, join("..", "pEPR"));
  });
});

Deno.test("chains resume where they were stopped, and leave complete ones unchanged", async () => {
  await inTemporary(async (dir) => {
    const whole = await runPaperChains(join(dir, "whole"), experiment, chains);
    const out = join(dir, "stopped"), abort = new AbortController(), reason = new Error("stopped by the test");
    let left = 4 * 3 + 3 + 1; // epochs: all of the first chain, stage 2 of the second's first fold, and one more
    const hooks = { signal: abort.signal, onEpoch: () => void (--left === 0 && abort.abort(reason)) };
    assertStrictEquals(await assertRejects(() => runPaperChains(out, experiment, chains, { hooks }), Error), reason);
    const first = await Deno.readTextFile(join(chainFolder(out, seed, chains[0]), "log.jsonl"));
    const seen: [string, number][] = [];
    const again = await runPaperChains(out, experiment, chains, {
      onChain: ({ method }, finished) => seen.push([method, finished]),
    });
    assertEquals(again.map(({ stages }) => stages), whole.map(({ stages }) => stages));
    assertStrictEquals(await Deno.readTextFile(join(chainFolder(out, seed, chains[0]), "log.jsonl")), first);
    assertEquals(seen, [["pEPR", 4], ["sEPR", 3], ["soft-static", 2]]);
  });
});

Deno.test("stage 1 is copied from a run that differs in method and stages only", async () => {
  await inTemporary(async (dir) => {
    await run(join(dir, "from"), "new", { settings: { ...settings, stages: 1 } });
    const from = await RunFolder.at(join(dir, "from"));
    const wider = { ...experiment, settings: { ...settings, method: "sEPR" as const, width: 1 / 16 } };
    const to = await openRun(join(dir, "to"), wider, "new");
    await assertFileError(
      () => shareStages(to, from),
      {
        ...{ file: from.path, expected: /^a run with the same stage 1 as / },
        found: "another: `width` 0.03125 there, 0.0625 here",
      },
    );
    await assertRejects(() => Deno.stat(to.recordFile(0, 0)), Deno.errors.NotFound);
    const profiles = from.profilesFile(0, 0), bytes = await Deno.readFile(profiles);
    bytes[bytes.length >> 1] ^= 1;
    await Deno.writeFile(profiles, bytes);
    const like = { ...experiment, settings: { ...settings, method: "sEPR" as const } };
    const other = await openRun(join(dir, "other"), like, "new");
    await assertFileError(() => shareStages(other, from), { file: profiles, expected: /^the check sum / });
  });
});
