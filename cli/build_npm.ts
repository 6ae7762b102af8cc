/**
 * `deno task npm`: EPR as an npm package, for Node 20 and later and for browsers.
 *
 * `deno pack` transpiles the source file by file and writes its types. The package has a few differences (`npm/contents.ts` lists
 * them). The CPU's kernels are assembled, since neither Node nor a browser imports `.wat`; so no assembler is needed. The GPU's
 * kernels are modules that export their text. Workers are `.js` files. A browser replaces some modules, as the `imports` in
 * package.json define. `Deno` is a module built on Node's (`npm/node/deno.ts`).
 */
import { join, relative, resolve } from "@std/path";
import { Buffer } from "node:buffer";
import { gunzipSync } from "node:zlib";
import { MODEL_FILES } from "../models/description.ts";
import project from "../deno.json" with { type: "json" };
import { createCommand, runCommand, say } from "./common.ts";
import { finishFile, requireWhole } from "./npm/finish.ts";
import { bundleDependencies, packageJson } from "./npm/manifest.ts";
import { ROOT, stageSources, write } from "./npm/stage.ts";

/** The model included in the package, for `predict`. */
const MODEL = "models/emodb";

const command = createCommand("npm", "Writes EPR as an npm package, for Node 20 and later and for browsers.", [
  ["a folder that npm can pack and install", "deno task npm && npm pack ./out/npm"],
]).option("--out <folder>", "where to", "out/npm");

await runCommand(command, async () => {
  const out = resolve(command.opts<{ out: string }>().out);
  await requireOwn(out);
  const stage = await Deno.makeTempDir({ prefix: "epr-npm-" });
  try {
    await stageSources(stage);
    const archive = join(stage, "package.tgz");
    await pack(stage, archive);
    const files = new Map<string, string>();
    for (const [name, bytes] of untar(gunzipSync(await Deno.readFile(archive)))) {
      const text = finishFile(name, bytes);
      if (text !== undefined) files.set(name, text);
    }
    requireWhole(files);
    await Deno.remove(out, { recursive: true }).catch(() => {}); // it did not exist
    for (const [name, text] of files) await write(join(out, name), text);
    await write(join(out, "package.json"), JSON.stringify(packageJson(), null, 2) + "\n");
    await bundleDependencies(out);
    await Deno.mkdir(join(out, MODEL), { recursive: true });
    for (const name of [...MODEL_FILES, "README.md"]) {
      await Deno.copyFile(join(ROOT, MODEL, name), join(out, MODEL, name));
    }
    await Deno.copyFile(join(ROOT, "LICENSE"), join(out, "LICENSE"));
    await Deno.copyFile(join(ROOT, "cli/npm/README.md"), join(out, "README.md"));
  } finally {
    await Deno.remove(stage, { recursive: true });
  }
  say(`npm package: ${relative(Deno.cwd(), out) || "."}`);
});

/** Throws if the folder contains anything other than a package written earlier, which will be replaced. */
async function requireOwn(out: string): Promise<void> {
  const names = await Array.fromAsync(Deno.readDir(out), ({ name }) => name).catch(() => []);
  if (names.length === 0) return;
  const text = await Deno.readTextFile(join(out, "package.json")).catch(() => "{}");
  if (JSON.parse(text).name !== project.name) {
    throw new Error(`--out ${out}: expected a new folder, an empty one or an earlier package, found other files`);
  }
}

async function pack(stage: string, archive: string): Promise<void> {
  const args = ["pack", "--quiet", "--allow-dirty", "--no-source-maps", "--output", archive];
  const { success, stderr } = await new Deno.Command("deno", { args, cwd: stage, stdin: "null" }).output();
  if (!success) throw new Error(`deno pack: ${new TextDecoder().decode(stderr)}`);
}

/**
 * The files of a tar archive, with names relative to "package/": headers of 512 bytes, each followed by whole blocks.
 */
function* untar(archive: Buffer): Generator<[name: string, bytes: Uint8Array]> {
  const text = (at: number, length: number) => archive.toString("utf8", at, at + length).replace(/\0.*$/s, "");
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0;) {
    const size = parseInt(text(at + 124, 12), 8), prefix = text(at + 345, 155);
    const name = (prefix ? `${prefix}/` : "") + text(at, 100);
    yield [name.replace(/^package\//, ""), archive.subarray(at + 512, at + 512 + size)];
    at += 512 * (1 + Math.ceil(size / 512));
  }
}
