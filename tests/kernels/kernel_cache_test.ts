/** The cache of assembled kernels: it gives what was assembled, and nothing that is damaged or of other sources. */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { cachedModules } from "../../kernels/cpu/kernel_cache.ts";
import { assembleKernels, loadKernels } from "../../kernels/cpu/modules.ts";

const variant = { simd: "plain", memory: "shared" } as const;
const modules = [Uint8Array.of(10, 0, 10), Uint8Array.of(), Uint8Array.of(123, 10)];

/** A cache in a new folder, and how often modules were assembled for it. */
function newCache() {
  const folder = join(Deno.makeTempDirSync(), "epr");
  const count = { assembled: 0 };
  const load = (sources = ["(module)", "x"]) =>
    cachedModules(variant, {
      sources,
      folder,
      assemble: () => {
        count.assembled++;
        return Promise.resolve(modules.map((module) => module.slice()));
      },
    });
  return { folder, count, load, file: join(folder, "kernels-plain-shared.bin") };
}

Deno.test("kernels are assembled once, and then read from the cache", async () => {
  const { load, count, folder } = newCache();
  for (let i = 0; i < 3; i++) assertEquals(await load(), modules);
  assertEquals(count.assembled, 1);
  assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["kernels-plain-shared.bin"]);
});

Deno.test("a changed source, or one that only moved its end to the next, is assembled again", async () => {
  const { load, count } = newCache();
  for (const sources of [["(module)", "x"], ["(module)", "y"], ["(module)y", ""], ["(module)y", ""]]) {
    assertEquals(await load(sources), modules);
  }
  assertEquals(count.assembled, 3);
});

Deno.test("a damaged file of the cache is assembled again, wherever the damage is", async () => {
  const { load, count, file } = newCache();
  await load();
  const whole = await Deno.readFile(file);
  for (let byte = 0; byte < whole.length; byte += 7) {
    const damaged = whole.slice();
    damaged[byte] ^= 1;
    await Deno.writeFile(file, damaged);
    assertEquals(await load(), modules);
    assertEquals(await Deno.readFile(file), whole);
  }
  await Deno.writeFile(file, whole.subarray(0, whole.length - 1));
  assertEquals(await load(), modules);
  assertEquals(count.assembled, 2 + Math.ceil(whole.length / 7));
});

Deno.test("where nothing can be written, kernels are assembled each time", async () => {
  const { load, count, folder } = newCache();
  await Deno.writeTextFile(folder, "a file where the folder would be");
  assertEquals([await load(), await load()], [modules, modules]);
  assertEquals(count.assembled, 2);
});

Deno.test("the device's kernels from the cache are those that are assembled", async () => {
  const assembled = await assembleKernels(variant);
  for (let i = 0; i < 2; i++) assertEquals(await loadKernels(variant), assembled);
  assert(assembled.shared.length > 10 && assembled.panelPlaces.length > 100);
});
