/** A model in an archive equals the model in the folder; other archives are refused, whatever their origin. */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { createTar } from "nanotar";
import { packModel, unpackModel } from "../../models/archive.ts";
import { MODEL_FILES } from "../../models/description.ts";
import { readModel } from "../../models/mod.ts";
import { ModelError } from "../../models/untrusted.ts";
import { cpu } from "../devices.ts";
import { trainTinyModel } from "./tiny_model.ts";

const device = await cpu.open(), { bytes, model } = await trainTinyModel(device);
device.close();
const archive = packModel(bytes, "tiny-1");

/** Overwrites the field of the first entry's size. */
function withSize(octal: string): Uint8Array {
  const changed = archive.slice();
  changed.set(new TextEncoder().encode(octal.padEnd(12, "\0")), 124);
  return changed;
}

Deno.test("a model is read from its archive as from its folder, and tar restores that folder", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = join(folder, "tiny-1.tar");
    await Deno.writeFile(file, archive);
    assertEquals(await readModel(file), { ...model, description: model.description });
    const { success } = await new Deno.Command("tar", { args: ["-xf", file, "-C", folder] }).output();
    assert(success);
    const names = [...Deno.readDirSync(join(folder, "tiny-1"))].map(({ name }) => name);
    assertEquals(names.sort(), [...MODEL_FILES, "README.md"].sort());
    for (const name of MODEL_FILES) assertEquals(await Deno.readFile(join(folder, "tiny-1", name)), bytes[name]);
    assertMatch(await Deno.readTextFile(join(folder, "tiny-1", "README.md")), /^# tiny\n/);
    assertEquals((await readModel(join(folder, "tiny-1"))).weights, model.weights);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("an invalid archive of a model is refused by name", () => {
  const refused = (bytes: Uint8Array, words: string) =>
    assertThrows(
      () => unpackModel(bytes, "x.tar"),
      ModelError,
      `x.tar: expected the folder of a model, or a tar archive of it, found ${words}`,
    );
  refused(new Uint8Array(), "a file without a model.json in it");
  refused(new TextEncoder().encode("RIFF".repeat(2000)), "a file");
  refused(archive.subarray(0, 2000), "a file");
  refused(withSize("77777777777"), "a file that is neither");
  refused(withSize("-2000"), "a file that is neither");
  refused(createTar([{ name: "model.json", data: bytes["model.json"] }]), "a file without a weights.safetensors in it");
});
