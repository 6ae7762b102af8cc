/** Several runs together: `judgeTogether`, and `deno task compare --together` as a user meets it. */
import { assert, assertEquals, assertMatch, assertRejects, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { tableFromIPC } from "apache-arrow";
import { assignFolds } from "../../refinery/folds.ts";
import { judgeTogether } from "../../report/together.ts";
import { packRun, unpackRun } from "../../runs/pack.ts";
import { inTemporary } from "../runs/folders.ts";
import { features, run, runEpochs, settings } from "../runs/small_experiment.ts";
import { assertFileError } from "../file_errors.ts";

const root = join(import.meta.dirname!, "..", "..");
const truth = features.utterances.map(({ emotion }) => features.emotions[emotion]);

/** A run of the small experiment with its own seed. */
async function seeded(out: string, seed: number): Promise<void> {
  const own = { ...settings, seed };
  await run(out, "new", { settings: own, folds: assignFolds(features.utterances, features.emotions, own) });
}

/** The mean profile of each utterance at a stage, by the columns of the run's merged file. */
function means(out: string, stage: number): Map<string, number[]> {
  const table = tableFromIPC(Deno.readFileSync(join(out, "profiles", `stage-${stage}.arrow`)));
  const sums = new Map<string, number[]>(), counts = new Map<string, number>();
  for (const row of table) {
    const { utterance, ...columns } = row!.toJSON();
    const sum = sums.get(utterance) ?? features.emotions.map(() => 0);
    sums.set(utterance, features.emotions.map((emotion, k) => sum[k] + columns[emotion]));
    counts.set(utterance, (counts.get(utterance) ?? 0) + 1);
  }
  return new Map([...sums].map(([id, sum]) => [id, sum.map((value) => value / counts.get(id)!)]));
}

/** What the mean of runs decides on each utterance. */
function decisions(outs: string[], stage: number): string[] {
  const all = outs.map((out) => means(out, stage));
  return features.utterances.map(({ id }) => {
    const sum = features.emotions.map((_, k) => all.reduce((total, own) => total + own.get(id)![k], 0));
    return features.emotions[sum.indexOf(Math.max(...sum))];
  });
}

Deno.test("several runs decide by the average of their mean profiles, and are compared with each run, as counted by hand", async () => {
  await inTemporary(async (dir) => {
    const [a, b, c] = ["a", "b", "c"].map((name) => join(dir, name));
    for (const [seed, out] of [a, b, c].entries()) await seeded(out, seed + 1);
    const { comparison, confusion } = await judgeTogether([[a, b], [c]]);
    const names = [a, b, "2 together", c], expected: string[][] = [];
    const right = (decided: string[]) => decided.map((emotion, u) => emotion === truth[u]);
    for (const stage of [1, 2]) {
      const together = right(decisions([a, b], stage));
      for (const [row, outs] of [[a], [b], [a, b], [c]].entries()) {
        const own = right(decisions(outs, stage));
        const won = own.filter((hit, u) => !hit && together[u]).length;
        const lost = own.filter((hit, u) => hit && !together[u]).length;
        const recalls = features.emotions.flatMap((emotion) => {
          const meant = own.filter((_, u) => truth[u] === emotion);
          return meant.length > 0 ? [meant.filter((hit) => hit).length / meant.length] : [];
        });
        const correct = own.filter((hit) => hit).length;
        expected.push([
          ...[String(stage), names[row], String(correct), (100 * correct / own.length).toFixed(1)],
          (100 * recalls.reduce((x, y) => x + y) / recalls.length).toFixed(1),
          ...(row === 2 ? ["", ""] : [String(won), String(lost)]),
        ]);
      }
    }
    assertEquals(comparison.rows.map((row) => row.slice(0, -1)), expected);
    assert(
      comparison.rows.some(([, , , , , won, lost]) => Number(won) + Number(lost) > 0),
      "no two decide differently",
    );
    const last = decisions([a, b], 2);
    assertEquals(
      confusion.rows,
      features.emotions.map((emotion) => [
        emotion,
        ...features.emotions.map((other) => String(last.filter((d, u) => truth[u] === emotion && d === other).length)),
      ]),
    );
    // the forest decides for a run alone where that is asked for
    const byForest = await judgeTogether([[a, b]], "forest"), lines = Deno.readTextFileSync(join(a, "predictions.csv"));
    const forest = lines.trimEnd().split("\n").slice(1).map((line) => line.split(",")[3]);
    assertStrictEquals(byForest.comparison.rows[0][2], String(right(forest).filter((hit) => hit).length));
    // a packed run is enough
    const packed = join(dir, "again");
    await packRun(b, join(dir, "b.tar.gz"));
    await unpackRun(join(dir, "b.tar.gz"), packed);
    assertEquals((await judgeTogether([[a, packed], [c]])).confusion, confusion);
  });
});

Deno.test("an unfinished run, or one of another corpus, is refused by name", async () => {
  await inTemporary(async (dir) => {
    const [whole, part, other] = ["whole", "part", "other"].map((name) => join(dir, name));
    await seeded(whole, 1);
    await runEpochs(part, "new", 2 * settings.epochs + 1); // fold 1, and one epoch of fold 2
    await assertRejects(
      () => judgeTogether([[whole, part]]),
      Error,
      "part: fold 2 is not finished; `resume: true` with `onlyFold: 1` runs it",
    );
    const none = join(dir, "none");
    await assertFileError(() => judgeTogether([[whole, none]]), { file: none, expected: "the folder of a run" });
    const [first, ...rest] = features.utterances,
      renamed = { ...features, utterances: [{ ...first, id: "x" }, ...rest] };
    await run(other, "new", { features: renamed });
    await assertRejects(() => judgeTogether([[whole, other]]), Error, "in row 1, found x");
  });
});

Deno.test("compare --together prints the figures of docs/results for three networks on Emo-DB", async () => {
  await inTemporary(async (dir) => {
    const seeds = [1, 2, 3].map((seed) => join(dir, `seed-${seed}`)),
      kept = join(root, "docs", "results", "emodb-best");
    for (const [i, out] of seeds.entries()) await unpackRun(join(kept, `seed-${i + 1}-stage-1.tar.gz`), out);
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "-P=report", "cli/compare.ts", seeds.join(","), "--together"],
      cwd: root,
      env: { NO_COLOR: "1" },
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const printed = new TextDecoder().decode(stdout).replaceAll(`${dir}/`, "").split("\n").map((line) => line.trim());
    const page = (await Deno.readTextFile(`${kept}.md`)).split("\n").map((line) => line.trim());
    const rows = printed.filter((line) => /^1 +(seed-|3 together)/.test(line));
    assertStrictEquals(rows.length, 4);
    assertMatch(rows[3], /^1 +3 together +472 +88\.2 +87\.5$/);
    const matrix = printed.slice(printed.findIndex((line) => line.startsWith("true \\ decided")));
    const squashed = (line: string) => line.replaceAll(/ +/g, " ");
    const shown = page.map(squashed);
    for (const line of [...rows, ...matrix.filter((line) => line)]) assert(shown.includes(squashed(line)), line);
  });
});
