/** Predictions paired by utterance: `comparePredictions`, and `deno task compare` as a user meets it. */
import { assert, assertEquals, assertMatch, assertRejects, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { comparePredictions } from "../../report/comparison.ts";
import { withFolder } from "../corpora/folders.ts";

const root = join(import.meta.dirname!, "..", "..");

async function compare(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-P=report", "cli/compare.ts", ...args],
    cwd: root,
    env: { NO_COLOR: "1" },
  }).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** Predictions of six utterances, the first two angry, the others sad: right or not, a letter an utterance, a word a stage. */
function predictions(...stages: string[]): string {
  const truth = ["anger", "anger", "sadness", "sadness", "sadness", "sadness"];
  const wrong: Record<string, string> = { anger: "sadness", sadness: "anger" };
  const rows = truth.map((emotion, u) =>
    [`u${u}`, "s", emotion, ...stages.map((stage) => stage[u] === "r" ? emotion : wrong[emotion])].join(",")
  );
  return [["utterance", "speaker", "emotion", ...stages.map((_, s) => `stage_${s + 1}`)].join(","), ...rows, ""].join(
    "\n",
  );
}

Deno.test("a run's stages are compared with its first: accuracies, won, lost and p as counted by hand", async () => {
  const files = { "run/predictions.csv": predictions("rwwwww", "rwrrrr", "wrwwww") };
  await withFolder(files, async (dir) => {
    const { head, rows } = await comparePredictions([[join(dir, "run")]]);
    assertEquals(head, ["Stage", "WA", "UA", "Won", "Lost", "p"]);
    assertEquals(rows, [
      ["1", "16.7", "25.0", "", "", ""],
      ["2", "83.3", "75.0", "4", "0", "0.125"], // 2 / 2^4
      ["3", "16.7", "25.0", "1", "1", "1.000"],
    ]);
  });
});

Deno.test("the mean profile's decisions are compared on request, and a run without them is refused", async () => {
  const csv = "utterance,speaker,emotion,stage_1,stage_2,mean_1,mean_2\nu0,s,anger,anger,anger,sadness,anger\n" +
    "u1,s,sadness,sadness,sadness,sadness,sadness\n";
  await withFolder({ "both.csv": csv, "old.csv": predictions("rrrrrr") }, async (dir) => {
    const both = await comparePredictions([[join(dir, "both.csv")]], "mean");
    assertEquals(both.rows.map(([, wa, , won, lost]) => [wa, won, lost]), [["50.0", "", ""], ["100.0", "1", "0"]]);
    assertEquals((await comparePredictions([[join(dir, "both.csv")]])).rows.map(([, wa]) => wa), ["100.0", "100.0"]);
    const { message } = await assertRejects(() => comparePredictions([[join(dir, "old.csv")]], "mean"), Error);
    assertMatch(message, /old\.csv: expected columns mean_1, \.\.\., found none/);
  });
});

Deno.test("two runs are compared over seeds: an utterance counts for the side that is right with more seeds", async () => {
  const files = {
    "a1.csv": predictions("rwwwww", "rrrrrr"),
    "a2.csv": predictions("rwrwww", "rrrrrr"),
    "b1.csv": predictions("wrrrrr"),
    "b2.csv": predictions("rrwrrr"),
  };
  await withFolder(files, async (dir) => {
    const [a1, a2, b1, b2] = Object.keys(files).map((name) => join(dir, name));
    const { head, rows } = await comparePredictions([[a1, a2], [b1, b2]]);
    assertEquals(head, ["Stage", "First's WA", "WA", "of each seed", "UA", "Won", "Lost", "p"]);
    // u0: 2 to 1, lost; u1, u3, u4, u5: 0 to 2, won; u2: 1 to 1. Only the stage that both have; t of one degree: 12.706
    assertEquals(rows, [
      ["1", "25.0 ± 105.9", "83.3 ± 0.0", "83.3, 83.3", "81.3 ± 79.4", "4", "1", "0.375"],
    ]);
  });
});

Deno.test("compare reports a user's mistake in one line, and prints the figures of docs/results for Emo-DB", async () => {
  const other = predictions("rrrrrr").replace("u3,s,sadness", "u3,s,anger");
  const files = {
    "a.csv": predictions("rrrrrr"),
    "other.csv": other,
    "no.csv": "path\n",
    "twice.csv": predictions("rrrrrr").replace("u3,", "u2,"),
  };
  await withFolder({ ...files, "short.csv": predictions("rrrrrr").split("\n").slice(0, 4).join("\n") }, async (dir) => {
    const file = (name: string) => join(dir, name);
    const mistakes: [args: string[], code: number, says: RegExp][] = [
      [[], 2, /missing required argument 'run'/],
      [
        [file("gone")],
        1,
        /gone.predictions\.csv: expected a complete run, or its predictions\.csv, found no such file$/m,
      ],
      [[file("no.csv")], 1, /no\.csv: expected columns utterance, .*, found path$/m],
      [
        [file("a.csv"), file("other.csv")],
        1,
        /other\.csv: expected the utterances of .*: u3 sadness in row 4, found u3 anger/,
      ],
      [[file("twice.csv")], 1, /twice\.csv: expected each utterance once, found 5 in 6 rows/],
      [[file("a.csv"), file("short.csv")], 1, /u3 sadness in row 4, found nothing/],
      [
        [`${file("a.csv")},${file("a.csv")}`, file("a.csv")],
        1,
        /Expected equally many runs on both sides, found 2 and 1/,
      ],
    ];
    for (const [args, code, says] of mistakes) {
      const said = await compare(...args);
      assertMatch(said.stderr, says);
      assertStrictEquals(said.code, code, said.stderr);
    }
  });
  const kept = join("docs", "results", "emodb"), told = await Deno.readTextFile(join(root, `${kept}.md`));
  const notStopped = join(kept, "not-stopped");
  const cases = [
    [kept, "pEPR", "150 117 0.050"],
    [kept, "sEPR", "81 190 < 0.001"],
    [notStopped, "pEPR", "132 96 0.020"],
    [notStopped, "sEPR", "91 114 0.124"],
  ];
  for (const [where, method, lastRow] of cases) {
    const seeds = [1, 2, 3].map((seed) => join(where, `seed-${seed}`, `predictions-${method}.csv`));
    const { code, stdout, stderr } = await compare("--json", seeds.join(","));
    assertEquals(code, 0, stderr);
    const { rows } = JSON.parse(stdout) as { rows: string[][] };
    for (const [, , each] of rows) assert(told.includes(each), each);
    assertStrictEquals(rows.at(-1)!.slice(-3).join(" "), lastRow);
  }
});
