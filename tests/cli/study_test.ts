/** `deno task study`: a row per variation, and mistakes in one line. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { tone, withFolder } from "../corpora/folders.ts";

const root = join(import.meta.dirname!, "..", "..");

const study = (...args: string[]) => run("study", args);

async function run(command: string, args: string[]) {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-P=train", `cli/${command}.ts`, ...args],
    cwd: root,
    env: { NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await process.output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** Two emotions, distinguished by pitch. */
const recordings = Object.fromEntries(
  ["angry", "sad"].flatMap((emotion, e) =>
    [1, 2, 3, 4, 5, 6].map((n) => [`${emotion}/a/${n}.wav`, tone(0.5 + 0.05 * n, 300 + 900 * e + 20 * n)])
  ),
);

Deno.test("study tries each variation on validation utterances, and prints a row or an object each", async () => {
  await withFolder(recordings, async (dir) => {
    const tiny = [
      "--width",
      "1/32",
      "--folds",
      "2",
      "--epochs",
      "1",
      "--batch",
      "16",
      "--device",
      "cpu",
      "--trials",
      "2",
    ];
    const corpus = ["--corpus", "folder", "--data", dir, "--segment-hop", "4", ...tiny];
    const vary = [
      "--base",
      "dropout=0.25",
      "--vary",
      "batchNorm=true,width=1/16",
      "--vary",
      "segmentHop=2,monitor=nothing",
    ];
    const { code, stdout, stderr } = await study(...corpus, ...vary, "--by-epoch", "--json");
    assertEquals(code, 0, stderr);
    const results = JSON.parse(stdout);
    assertEquals(
      results.map(({ variation }: { variation: string }) => variation),
      ["as it is", "batchNorm=true,width=1/16", "segmentHop=2,monitor=nothing"],
    );
    const [base, wide, near] = results;
    assertEquals([base.settings.dropout, base.settings.batchNorm, base.settings.width], [0.25, false, 1 / 32]);
    assertEquals([wide.settings.dropout, wide.settings.batchNorm, wide.settings.width], [0.25, true, 1 / 16]);
    assertEquals(base.trials.map(({ fold }: { fold: number }) => fold), [0, 1]);
    // a fifth of each emotion's three training utterances, at least one
    assertEquals(base.trials.map(({ utterances }: { utterances: number }) => utterances), [2, 2]);
    assertEquals([base.settings.monitor, near.settings.monitor], ["loss", "nothing"]);
    assert(near.trials[0].segments > 1.5 * base.trials[0].segments);
    assertMatch(stderr, /utterances +segments +loss +best epochs +seconds +variation\n.*as it is\n/);
    for (const { segments, segmentsRight, epochs, bestEpoch } of [...base.trials, ...near.trials]) {
      assertStrictEquals(
        segmentsRight,
        Math.round(segments * epochs[bestEpoch].validationAccuracy),
        "as fitting counted them",
      );
    }
    assertMatch(stderr, /^ +\d+\.\d % +\d+\.\d % +\d\.\d{3} +after epoch 1; \d+ % of the segments learned from$/m);

    for (
      const [wrong, said] of [["width", /Expected name=value, .*found "width"/], [
        "size=3",
        /the name one of method, .*found "size=3"/,
      ], [
        "batchNorm=3",
        /batchNorm: Expected true or false, found "3"/,
      ], ["monitor=luck", /monitor: Expected loss, accuracy, nothing, found "luck"/]] as const
    ) {
      const refused = await study(...corpus, "--vary", wrong);
      assertEquals(refused.code, 2);
      assertMatch(refused.stderr, said);
    }
  });
});

Deno.test("study --run tries other statistics and forests on a run's profiles; the paper's decide as the run did", async () => {
  await withFolder(recordings, async (dir) => {
    const out = join(dir, "out");
    const tiny = [
      "--width",
      "1/32",
      "--folds",
      "2",
      "--epochs",
      "3",
      "--batch",
      "16",
      "--stages",
      "2",
      "--segment-hop",
      "4",
    ];
    const corpus = ["--corpus", "folder", "--data", dir, ...tiny, "--device", "cpu", "--out", out];
    const trained = await run("train", corpus);
    assertEquals(trained.code, 0, trained.stderr);
    const { stages } = JSON.parse(await Deno.readTextFile(join(out, "results.json")));
    for (const stage of [1, 2]) {
      const { code, stdout, stderr } = await study("--run", out, "--stage", String(stage), "--json");
      assertEquals(code, 0, stderr);
      const [papers, ...others] = JSON.parse(stdout);
      assertStrictEquals(papers.weightedAccuracy, stages[stage - 1].weightedAccuracy);
      assertStrictEquals(papers.unweightedAccuracy, stages[stage - 1].unweightedAccuracy);
      assertStrictEquals(others.at(-1).weightedAccuracy, stages[stage - 1].meanVoteAccuracy);
    }
    const { code, stdout } = await study("--run", out, "--run", out);
    assertEquals(code, 0);
    assertMatch(stdout, /^ *WA +UA +better +worse +p +statistics and forest\n(.*\n){14}/);
    const refused = await study("--run", out, "--stage", "3");
    assertEquals(refused.code, 2);
    assertMatch(refused.stderr, /--stage 3: .* has 2 stages/);
  });
});
