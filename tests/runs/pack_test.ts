/** A packed run: small, complete, and enough to resume from. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { packRun, unpackRun } from "../../runs/pack.ts";
import { inTemporary, names } from "./folders.ts";
import { plain, run, runEpochs, settings } from "./small_experiment.ts";
import { assertFileError } from "../file_errors.ts";

Deno.test("a run that is packed between two stages, unpacked and resumed ends like one that was not interrupted", async () => {
  for (const labelsFrom of ["in-sample", "cross-fit", "teacher-view"] as const) {
    const changes = { settings: { ...settings, labelsFrom, randomStart: true } };
    await inTemporary(async (dir) => {
      const [whole, part, again] = ["whole", "part", "again"].map((name) => join(dir, name)),
        file = join(dir, "run.tar.gz");
      const expected = plain(await run(whole, "new", changes));
      await runEpochs(part, "new", settings.epochs + 1, changes); // stage 1 of the first fold, and one epoch more
      const { files, bytes } = await packRun(part, file);
      assert(bytes < 1e5 && files >= 5, `${files} files, ${bytes} bytes`);
      assertEquals(await unpackRun(file, again), files);
      assertEquals(names(again).includes("weights"), false);
      assertEquals(plain(await run(again, "resume", changes)), expected, labelsFrom);
    });
  }
});

Deno.test("a file that is no packed run is refused, and nothing is written", async () => {
  await inTemporary(async (dir) => {
    const file = join(dir, "x.tar.gz"), out = join(dir, "out");
    await Deno.writeTextFile(file, "not an archive");
    await assertFileError(() => unpackRun(file, out), { file, expected: "a packed run" });
    const gone = join(dir, "gone");
    await assertFileError(() => unpackRun(gone, out), { file: gone, expected: "a packed run" });
    await assertRejects(() => Deno.stat(out), Deno.errors.NotFound);
    await assertFileError(() => packRun(out, file), { file: out, expected: "the folder of a run" });
  });
});
