/** `deno task train` on corpora with more than emotions: votes, sessions, official folds, names by a pattern. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { extractFeatures } from "../../corpora/features.ts";
import { openCorpus } from "../../corpora/open.ts";
import { createCpuDevice } from "../../kernels/cpu/create.ts";
import { Chain } from "../../refinery/chain.ts";
import { CrossValidation } from "../../refinery/cross_validation.ts";
import { segmentation } from "../../refinery/derived_settings.ts";
import { PRESETS } from "../../refinery/presets.ts";
import type { Settings } from "../../refinery/settings.ts";
import { AUTHORS, makeAuthorsCorpus } from "../corpora/authors.ts";
import { tone, withFolder } from "../corpora/folders.ts";

const root = join(import.meta.dirname!, "..", "..");

async function task(permissions: string, file: string, ...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", `-P=${permissions}`, file, ...args],
    cwd: root,
    env: { NO_COLOR: "1" },
  }).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}
const train = (...args: string[]) => task("train", "cli/train.ts", ...args);

const tiny = "--width 1/32 --epochs 1 --batch 16 --segment-hop 4 --device cpu --threads 1".split(" ");

const readJson = async (...names: string[]) => JSON.parse(await Deno.readTextFile(join(...names)));

/** Twelve utterances on which ten people voted, in three official folds; each is a different tone. */
const votes = Array.from({ length: 12 }, (_, i) => i % 2 ? [1 + i % 4, 8 - i % 4, 1] : [7 - i % 3, 1, 2 + i % 3]);
const table = ["path,anger,sadness,fear,fold", ...votes.map((own, i) => `${i}.wav,${own.join(",")},${1 + i % 3}`)];
const voted = {
  ...Object.fromEntries(votes.map((_, i) => [`${i}.wav`, tone(0.5, 300 + 40 * i)])),
  "labels.csv": table.join("\n") + "\n",
};

Deno.test("stage 1 learns exactly the listeners' distributions, to 1e-6", async () => {
  await withFolder(voted, async (dir) => {
    const settings: Settings = { ...PRESETS.quick, width: 1 / 64, folds: 3, split: "official", segmentHop: 4 };
    const corpus = await openCorpus("csv", { data: dir });
    const features = await extractFeatures(corpus, { ...segmentation(settings), threads: 1 });
    const cv = new CrossValidation(features, settings), { folds } = cv;
    const device = await createCpuDevice({ threads: 1 });
    const chain = new Chain(cv, 0, device, {});
    try {
      const labels = await chain.labels(0);
      assertEquals(features.emotions, ["anger", "fear", "sadness"]);
      for (const { id, firstSegment, segmentCount } of features.utterances.filter((_, u) => folds[u] !== 0)) {
        const [anger, sadness, fear] = votes[Number(id)].map((own) => own / 10);
        for (let s = firstSegment; s < firstSegment + segmentCount; s++) {
          [anger, fear, sadness].forEach((share, k) => {
            assert(Math.abs(labels[3 * s + k] - share) <= 1e-6, `${id}: ${labels[3 * s + k]} for ${share}`);
          });
        }
      }
    } finally {
      chain.release();
      device.close();
    }
  });
});

Deno.test("train learns votes over the folds of a list, and the report states it; every number can be recomputed", async () => {
  await withFolder(voted, async (dir) => {
    const out = join(dir, "run");
    const { code, stderr } = await train("--data", join(dir, "labels.csv"), ...tiny, "--out", out);
    assertEquals(code, 0, stderr);
    for (
      const line of [
        "corpus    csv: it is a file that lists recordings",
        "folds     the official folds of the corpus, 1, 2, 3 (--split utterance draws others)",
        "2 stages x 3 folds by official",
      ]
    ) assert(stderr.includes(line), stderr);
    const { corpus, settings } = await readJson(out, "config.json");
    assertEquals([corpus.voted, settings.split, settings.folds], [12, "official", 3]);
    const [head, first] = (await Deno.readTextFile(join(out, "corpus.csv"))).split("\n");
    assertEquals(head, "utterance,emotion,speaker,fold,votes,sha256");
    assertMatch(first, /^0,anger,unknown,1,0\.7 0\.2 0\.1,[0-9a-f]{64}$/);
    const report = await Deno.readTextFile(join(out, "report.html"));
    assertMatch(report, /labels of stage 1.{0,60}soft: shares of listeners.{1,8}votes, for all utterances/s);
    const checked = await task("report", "cli/report.ts", out, "--check");
    assertEquals(checked.code, 0, checked.stderr);
    assertMatch(checked.stdout, /recomputed: all as shown/);
  });
});

Deno.test("a run with a pattern and a map of labels is resumed without any other option", async () => {
  const files = Object.fromEntries(
    ["ann", "bob"].flatMap((speaker, s) =>
      ["wut", "sad"].flatMap((emotion, e) =>
        [1, 2].map((n) => [`${speaker}_${emotion}_${n}.wav`, tone(0.5, 300 + 200 * s + 70 * e + 20 * n)])
      )
    ),
  );
  await withFolder({ ...files, "map.json": '{"wut": "anger"}' }, async (dir) => {
    const out = join(dir, "run"), fold = (k: number) => ["--only-fold", String(k), "--out", out];
    const begun = await train(
      ...["--data", dir, "--pattern", "{speaker}_{emotion}_{text}.wav", "--labels", join(dir, "map.json")],
      ...["--split", "speaker", "--stages", "1", ...tiny, ...fold(1)],
    );
    assertEquals(begun.code, 0, begun.stderr);
    assertMatch(begun.stderr, /pattern: 8 utterances, 2 emotions, 2 speakers/);
    await Deno.remove(join(dir, "map.json"));
    const resumed = await train("--resume", ...fold(2));
    assertEquals(resumed.code, 0, resumed.stderr);
    const merged = await train("--merge", "--out", out);
    assertEquals(merged.code, 0, merged.stderr);
    assertEquals((await readJson(out, "results.json")).emotions, ["anger", "sadness"]);
  });
});

Deno.test("train --split session holds out sessions, limits the number of folds, and reports emotions that a fold never learns", async () => {
  await withFolder({}, async (dir) => {
    await makeAuthorsCorpus(dir, AUTHORS.iemocap);
    const out = join(dir, "run");
    const { code, stderr } = await train(
      ...["--data", dir, "--split", "session", "--stages", "1", ...tiny, "--only-fold", "1", "--out", out],
    );
    assertEquals(code, 0, stderr);
    assertMatch(stderr, /corpus {4}iemocap: 6 of 6 recordings are named like IEMOCAP/);
    assertMatch(stderr, /folds {5}2, because the corpus has no more sessions/);
    assertMatch(stderr, /doubtful {2}fold \d learns without happiness: it holds out every utterance of it/);
    assertMatch(stderr, /doubtful {2}only 01M speaks with happiness/);
    assertEquals((await readJson(out, "config.json")).settings.folds, 2);
  });
});
