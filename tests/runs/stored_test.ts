/** What a run's JSON files must be: those of real runs are taken, and one value of each that is wrong is named with its place. */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { readLeases } from "../../runs/lease.ts";
import { RunFolder } from "../../runs/run_folder.ts";
import { readSealed, writeSealed } from "../../runs/sealed.ts";
import { parseStored, runResults } from "../../runs/stored.ts";
import { inTemporary } from "./folders.ts";
import { run, runEpochs } from "./small_experiment.ts";
import { assertFileError, type FileErrorParts } from "../file_errors.ts";

type Json = Record<string, unknown>;

/** Changes one value of a JSON file, at a path of keys; leaves it out where there is none. */
async function change(file: string, keys: readonly (string | number)[], value?: unknown): Promise<void> {
  const json = JSON.parse(await Deno.readTextFile(file));
  let at: Json = json;
  for (const key of keys.slice(0, -1)) at = at[key] as Json;
  const last = keys.at(-1)!;
  assert(last in at, `${file} has no ${keys.join(".")}`);
  if (value === undefined) delete at[last];
  else at[last] = value;
  await Deno.writeTextFile(file, JSON.stringify(json));
}

Deno.test("a run's config, results and records are read as they are written, and one wrong value is named", async () => {
  await inTemporary(async (dir) => {
    const out = join(dir, "run");
    await run(out, "new");
    const folder = await RunFolder.at(out);
    const written = async (file: string) => JSON.parse(await Deno.readTextFile(file));
    const files: Record<
      string,
      readonly [read: () => Promise<unknown>, wrong: [(string | number)[], unknown, FileErrorParts][]]
    > = {
      "config.json": [() => folder.readConfig(), [
        [["settings", "folds"], "2", { place: "settings.folds", expected: "number", found: '"2"' }],
        [["settings", "stages"], 1.5, { place: "settings.stages", expected: "a whole number", found: "1.5" }],
        [["corpus", "digest"], "x", { place: "corpus.digest", expected: "64 hexadecimal digits", found: '"x"' }],
        [["corpus", "emotions"], ["anger"], {
          place: "corpus.emotions",
          expected: "two emotions or more",
          found: '["anger"]',
        }],
        [["versions"], undefined, { place: "versions", expected: "a value", found: "nothing" }],
        [["device", "kind"], null, { place: "device.kind", expected: "string", found: "null" }],
      ]],
      "results.json": [() => folder.readResults(), [
        [
          ["stages", 1, "weightedAccuracy"],
          1.01,
          { place: "stages.1.weightedAccuracy", expected: "a number from 0 to 1", found: "1.01" },
        ],
        [
          ["stages", 0, "confusion"],
          [[20]],
          { expected: "a row and a column of each confusion for every emotion" },
        ],
        [["stages"], [], { place: "stages", expected: "one stage or more", found: "[]" }],
        [["seconds"], "long", { place: "seconds", expected: "number", found: '"long"' }],
      ]],
      "folds/fold-2-stage-1.json": [() => folder.readRecord(1, 0), [
        [["profiles"], "7", { place: "profiles", expected: "8 hexadecimal digits", found: '"7"' }],
        [["epochs", 0, "loss"], "low", { place: "epochs.0.loss", expected: "number", found: '"low"' }],
        [["identity", "settings"], undefined, { place: "identity.settings", expected: "a value", found: "nothing" }],
        [["bestEpoch"], -1, { place: "bestEpoch", expected: "a number >= 0", found: "-1" }],
      ]],
    };
    for (const [name, [read, wrong]] of Object.entries(files)) {
      const file = join(out, name), whole = await Deno.readTextFile(file);
      // a record is numbered from 1 where it is written
      const numbers = name.startsWith("folds/") ? { fold: 1, stage: 0 } : {};
      assertEquals(await read(), { ...await written(file), ...numbers });
      for (const [keys, value, parts] of wrong) {
        await change(file, keys, value);
        await assertFileError(read, { file, ...parts });
        await Deno.writeTextFile(file, whole);
      }
      await Deno.writeTextFile(file, "7");
      await assertFileError(read, { file, place: undefined, expected: "Object", found: "7" });
      await Deno.writeTextFile(file, whole);
    }
  });
});

Deno.test("an intact checkpoint that does not fit is skipped with a note, and the one before it is used", async () => {
  await inTemporary(async (dir) => {
    const out = join(dir, "run");
    await runEpochs(out, "new", 2);
    const checkpoints = join(out, "checkpoints");
    const last = [...Deno.readDirSync(checkpoints)].map(({ name }) => name).sort().at(-1)!;
    const { tensors, metadata } = await readSealed(join(checkpoints, last));
    const state = { ...JSON.parse(metadata.state), step: "ten" };
    await writeSealed(join(checkpoints, last), { tensors, metadata: { ...metadata, state: JSON.stringify(state) } });
    const notes: string[] = [];
    await run(out, "resume", {}, { onNote: (line) => notes.push(line) });
    assertEquals(notes.length, 1);
    assert(
      notes[0].includes(`${last}: damaged: step: expected number, found "ten"; using the one before it`),
      notes[0],
    );
  });
});

Deno.test("runResults accepts the results of the real runs in docs/results", async () => {
  let read = 0;
  const folder = join(import.meta.dirname!, "../../docs/results/emodb");
  const look = async (path: string) => {
    for await (const { name, isDirectory } of Deno.readDir(path)) {
      if (isDirectory) await look(join(path, name));
      else if (name.startsWith("results-")) {
        parseStored(await Deno.readTextFile(join(path, name)), runResults, name);
        read++;
      }
    }
  };
  await look(folder);
  assert(read >= 10, `${read} files: does the test see them?`);
  await assertFileError(() => parseStored('{"corpus":', runResults, "x.json"), { file: "x.json", expected: "JSON" });
});

Deno.test("JSON that is no lease has no holder", async () => {
  await inTemporary(async (dir) => {
    await Deno.writeTextFile(join(dir, "fold-1.1.json"), JSON.stringify({ host: "a", pid: 1, since: "now", beat: 0 }));
    await Deno.writeTextFile(join(dir, "fold-2.1.json"), JSON.stringify({ host: "a", pid: "one" }));
    assertEquals([...readLeases(dir).keys()], ["fold-1"]);
  });
});
