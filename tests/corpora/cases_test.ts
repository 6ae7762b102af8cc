/**
 * Corpora from public reports, written by a script beside the repository: `../shared/cases/make_cases.py`, or the path in
 * CASES. It also writes the expected results; each of its corpora is one test here.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { assertOptionError } from "../option_errors.ts";
import { join } from "@std/path";
import type { Corpus } from "../../corpora/corpus.ts";
import { extractFeatures } from "../../corpora/features.ts";
import { openCorpus } from "../../corpora/open.ts";
import { recogniseCorpus } from "../../corpora/recognise.ts";

const script = Deno.env.get("CASES") ?? join(import.meta.dirname!, "../../../shared/cases/make_cases.py");
const there = await Deno.stat(script).then(() => true, () => false);
const missing = "ignored without make_cases.py: set CASES";

/** Runs `body` with a folder that the script writes. */
function onCases(name: string, body: (dir: string) => Promise<void>): void {
  Deno.test({
    name: `${name} (${missing})`,
    ignore: !there,
    async fn() {
      const dir = await Deno.makeTempDir({ prefix: "epr_cases_" });
      try {
        const { success, stderr } = await new Deno.Command("python3", { args: [script, dir] }).output();
        assert(success, new TextDecoder().decode(stderr));
        await body(dir);
      } finally {
        await Deno.remove(dir, { recursive: true });
      }
    },
  });
}

const distinct = ({ utterances }: Corpus, of: "speaker" | "text") => new Set(utterances.map((u) => u[of])).size;

onCases("cases: every corpus among them is what is expected of it", async (dir) => {
  const open = (name: string, kind: string, options = {}) => openCorpus(kind, { data: join(dir, name), ...options });
  const features = async (name: string, kind: string, options = {}) =>
    await extractFeatures(await open(name, kind, options), { segmentHop: 4, threads: 1 });
  const expected = (await Deno.readTextFile(join(dir, "expected.tsv"))).trim().split("\n")
    .map((line) => line.split("\t")[0]).filter((name) => !name.startsWith("wav/"));
  const checks: Record<string, () => Promise<void>> = {
    async ravdess() {
      const corpus = await open("ravdess", "ravdess");
      assertEquals([corpus.utterances.length, distinct(corpus, "speaker"), distinct(corpus, "text")], [32, 4, 2]);
      assertEquals(corpus.emotions, ["anger", "happiness", "neutral", "sadness"]);
      await assertOptionError(
        () => open("ravdess", "folder"),
        "corpus",
        /folders named by emotions.*RAVDESS.*`corpus: ravdess`/,
      );
      assertEquals((await recogniseCorpus(join(dir, "ravdess"))).kind, "ravdess");
    },
    async tess() {
      const corpus = await open("tess", "tess");
      assertEquals([corpus.utterances.length, distinct(corpus, "speaker"), distinct(corpus, "text")], [24, 2, 3]);
      assertEquals(corpus.emotions, ["anger", "happiness", "sadness", "surprise"]);
    },
    async twins() {
      const twins = /angry\/copy\.wav .*sad\/copy\.wav .* with two labels/;
      await assertOptionError(() => features("twins", "folder"), "duplicates", twins);
      assertEquals((await features("twins", "folder", { duplicates: "drop" })).utterances.length, 12);
      assertEquals((await features("twins", "folder", { duplicates: "keep" })).utterances.length, 14);
    },
    async silent() {
      const { utterances, skipped } = await features("silent", "folder");
      assertEquals(utterances.length, 10);
      assertMatch(`${skipped[0].path} ${skipped[0].reason}`, /angry\/silence\.wav silent: no sample reaches -80 dB/);
    },
    async "linked/data"() {
      const corpus = await open("linked/data", "folder");
      assertEquals(corpus.emotions, ["anger", "happiness", "sadness"]);
      assertEquals(corpus.utterances.length, 12);
    },
    async "windows/list.csv"() {
      const corpus = await open("windows/list.csv", "csv");
      assertEquals([corpus.utterances.length, corpus.emotions.length, corpus.skipped.length], [12, 3, 0]);
    },
    async "windows/utf16.csv"() {
      const corpus = await open("windows/utf16.csv", "csv");
      assertEquals([corpus.utterances.length, corpus.emotions.length, corpus.skipped.length], [12, 3, 0]);
    },
  };
  assertEquals(expected.sort(), Object.keys(checks).sort());
  for (const check of Object.values(checks)) await check();
});
