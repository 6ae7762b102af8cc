/** Folders that are not models, or that try to make EPR read elsewhere. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { readModel } from "../../models/mod.ts";
import { ModelError } from "../../models/untrusted.ts";
import { writeModel } from "../../models/write_folder.ts";
import { cpu } from "../devices.ts";
import { inTemporary } from "../runs/folders.ts";
import { describeAgain, reseal } from "./hostile.ts";
import { trainTinyModel } from "./tiny_model.ts";

const { bytes, model } = await trainTinyModel(await cpu.open());

async function refused(folder: string, message: RegExp): Promise<void> {
  const before = Deno.memoryUsage().rss;
  assertMatch((await assertRejects(() => readModel(folder), ModelError)).message, message);
  assert(Deno.memoryUsage().rss - before < 100e6, "it took too much memory");
}

/** A model in a new folder with one file replaced. */
async function withModel(
  body: (
    folder: string,
    replace: (name: string, how: (file: string) => Promise<unknown>) => Promise<void>,
  ) => Promise<void>,
): Promise<void> {
  await inTemporary(async (dir) => {
    const folder = join(dir, "model");
    await writeModel(folder, bytes);
    await body(folder, async (name, how) => {
      await Deno.remove(join(folder, name));
      await how(join(folder, name));
    });
  });
}

Deno.test("a model in a folder is read as it was written, in less than a second", async () => {
  await withModel(async (folder) => {
    const began = performance.now();
    assertEquals((await readModel(folder)).weights, model.weights);
    assert(performance.now() - began < 1000);
    await Deno.symlink(folder, `${folder}-link`);
    assertEquals((await readModel(`${folder}-link`)).description.name, "tiny");
  });
});

Deno.test("anything but a model is refused: a missing folder, a file, an empty folder, a folder in place of a file", async () => {
  await inTemporary(async (dir) => {
    await refused(
      join(dir, "nowhere"),
      /nowhere: expected a model, a folder with a model\.json in it, found no such folder/,
    );
    await refused(dir, /expected a model, found no model\.json in it/);
    await Deno.writeTextFile(join(dir, "file"), "x");
    await refused(join(dir, "file"), /file: expected the folder of a model, or a tar archive of it, found/);
  });
  await withModel(async (folder, replace) => {
    await replace("forest.json", (file) => Deno.mkdir(file));
    await refused(folder, /forest\.json: expected a file/);
  });
});

Deno.test("files that lead out of the folder are refused unread, devices too", async () => {
  await withModel(async (folder, replace) => {
    const outside = join(folder, "..", "weights");
    await Deno.copyFile(join(folder, "weights.safetensors"), outside);
    await replace("weights.safetensors", (file) => Deno.symlink(outside, file));
    await refused(folder, /weights\.safetensors: expected a file in the model's folder, found a link to /);
  });
  await withModel(async (folder, replace) => {
    await replace("model.json", (file) => Deno.symlink("/dev/zero", file));
    await refused(folder, /model\.json: expected a file in the model's folder/);
  });
});

Deno.test("files of a gigabyte are refused unread, since their correct size is known", async () => {
  for (const name of ["model.json", "weights.safetensors", "forest.json"]) {
    await withModel(async (folder, replace) => {
      await replace(name, async (file) => {
        await Deno.writeFile(file, new Uint8Array(8));
        await Deno.truncate(file, 2 ** 30);
      });
      await refused(folder, /expected (at most )?[\d,]+ bytes, found 1,073,741,824 bytes/);
    });
  }
  // also if model.json declares it
  await withModel(async (folder) => {
    const description = describeAgain(bytes);
    for (const file of Object.values<{ bytes: number }>(description.files)) file.bytes = 2 ** 30;
    await Deno.writeFile(join(folder, "model.json"), reseal(bytes, description)["model.json"]);
    await Deno.truncate(join(folder, "weights.safetensors"), 2 ** 30);
    await refused(folder, /weights\.safetensors\.bytes: expected .*, found 1073741824/);
  });
});

Deno.test("the folder of the model that ships is smaller than 3 MB", async () => {
  const folder = join(import.meta.dirname!, "..", "..", "models", "emodb");
  const sizes = await Array.fromAsync(
    Deno.readDir(folder),
    async ({ name }) => (await Deno.stat(join(folder, name))).size,
  );
  const bytes = sizes.reduce((a, b) => a + b, 0);
  assert(sizes.length === 4 && bytes < 3e6, `${sizes.length} files, ${bytes} bytes`);
});
