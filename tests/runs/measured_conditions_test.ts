/** The files of `evaluate --under` become part of a model; those of another run, or of a part of it, are refused. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { ModelError } from "../../models/untrusted.ts";
import { readConditions } from "../../runs/measured_conditions.ts";
import { assertFileError } from "../file_errors.ts";
import { inTemporary } from "./folders.ts";

const runs = [{ run: "out/mine", protocol: "by utterance", utterances: 20 }, {
  run: "out/by-speaker/",
  protocol: "by speaker",
  utterances: 20,
}];

/** What `evaluate` prints, as far as it matters here, with more that does not. */
const measured = {
  ...{ model: "/elsewhere/by-speaker", corpus: "synthetic", decidedBy: "mean", utterances: 20, leftOut: 0 },
  ...{ weightedAccuracy: 0.7, unweightedAccuracy: 0.65, confusion: [[1]] },
  under: [{ condition: "room", weightedAccuracy: 0.5, unweightedAccuracy: 0.4, change: -0.2, won: 1, lost: 5, p: 0.2 }],
};

Deno.test("files of one run are joined: the protocol is the run's, the rows are in the files' order", async () => {
  await inTemporary(async (dir) => {
    const [one, other] = [join(dir, "a.json"), join(dir, "b.json")], [room] = measured.under;
    await Deno.writeTextFile(one, JSON.stringify(measured));
    await Deno.writeTextFile(other, JSON.stringify({ ...measured, under: [{ ...room, condition: "noise:20" }] }));
    assertEquals(await readConditions([one, other], runs), {
      ...{ protocol: "by speaker", decidedBy: "mean", utterances: 20, weightedAccuracy: 0.7, unweightedAccuracy: 0.65 },
      under: ["room", "noise:20"].map((condition) => ({ condition, weightedAccuracy: 0.5, unweightedAccuracy: 0.4 })),
    });
    await assertFileError(() => readConditions([one, one], runs), {
      expected: "each condition once",
      found: "room twice",
    });
    await Deno.writeTextFile(other, JSON.stringify({ ...measured, weightedAccuracy: 0.71 }));
    await assertFileError(
      () => readConditions([one, other], runs),
      { file: other, place: "weightedAccuracy", expected: `0.7, as in ${one}`, found: "0.71" },
    );
    await Deno.writeTextFile(other, JSON.stringify({ ...measured, model: "mine" }));
    await assertFileError(() => readConditions([one, other], runs), { place: "protocol", found: "by utterance" });
  });
});

Deno.test("a measurement of another run, or of the model itself, or of a part of the utterances is refused", async () => {
  await inTemporary(async (dir) => {
    const file = join(dir, "under.json");
    const put = (value: unknown) => Deno.writeTextFile(file, typeof value === "string" ? value : JSON.stringify(value));
    await assertFileError(() => readConditions([file], runs), { file, expected: "a file to read" });
    await put("WA 70 %");
    await assertFileError(() => readConditions([file], runs), {
      file,
      expected: /JSON of a run.s evaluation under conditions/,
    });
    await put({ ...measured, model: "Emo-DB, compact" });
    await assertFileError(
      () => readConditions([file], runs),
      { file, place: "model", expected: "a measurement of out/mine or out/by-speaker/", found: "Emo-DB, compact" },
    );
    await put({ ...measured, utterances: 19 });
    await assertFileError(() => readConditions([file], runs), { place: "utterances", expected: "all 20", found: "19" });
    await put({ ...measured, under: undefined });
    const { message } = await assertRejects(() => readConditions([file], runs), ModelError);
    assertMatch(message, /under\.json\.under: expected a list of 1 to 64, found nothing$/);
  });
});
