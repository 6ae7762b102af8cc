/**
 * `deno task npm`: the parts of EPR that need nothing of Deno's as an npm package for Node 20 and later, on the CPU device.
 *
 * It is the source file by file, as `deno pack` transpiles it and writes its types, with three differences: the CPU's kernels are
 * assembled (Node imports no text, and needs no assembler so), the GPU's are modules that export their text, and workers are
 * `.js` files.
 */
import { dirname, join, relative, resolve } from "@std/path";
import { Buffer } from "node:buffer";
import { createRequire } from "node:module";
import { gunzipSync } from "node:zlib";
import { kernelsToText } from "../kernels/cpu/binary.ts";
import { assembleKernels } from "../kernels/cpu/modules.ts";
import project from "../deno.json" with { type: "json" };
import { createCommand, runCommand, say } from "./common.ts";

/** What the package has, each under its name. */
const PARTS = ["dsp", "kernels", "nn", "forest", "refinery"] as const;
/** What the parts know by its types alone: it reads files as Deno does. */
const TYPES_ONLY = "corpora";
/** Programs of threads: in the package, but not to be imported from it. */
const WORKERS = ["kernels/cpu/worker.ts", "forest/fit_worker.ts"];
/** Left out: assembling, and what stands for it. */
const DENO_ONLY = ["kernels/cpu/modules.ts", "kernels/cpu/create.ts"];

/** An import that Node does not know. */
const TEXT_IMPORT = /from "([^"]+)" with \{ type: "text" \};/g;

const ROOT = join(import.meta.dirname!, "..");

const command = createCommand("npm", "Writes EPR as an npm package for Node 20 and later, on the CPU device.", [
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
      const text = finished(name, bytes);
      if (text !== undefined) files.set(name, text);
    }
    requireWhole(files);
    await Deno.remove(out, { recursive: true }).catch(() => {}); // there was none
    for (const [name, text] of files) await write(join(out, name), text);
    for (const simd of ["relaxed", "plain"] as const) {
      const bytes = await assembleKernels({ simd, memory: "shared" });
      await write(join(out, `kernels/cpu/kernels_${simd}.json`), kernelsToText(bytes));
    }
    await write(join(out, "package.json"), JSON.stringify(packageJson(), null, 2) + "\n");
    await bundleDecoder(out);
    await Deno.copyFile(join(ROOT, "LICENSE"), join(out, "LICENSE"));
    await Deno.copyFile(join(ROOT, "cli/npm/README.md"), join(out, "README.md"));
  } finally {
    await Deno.remove(stage, { recursive: true });
  }
  say(`npm package: ${relative(Deno.cwd(), out) || "."}`);
});

/** Throws where the folder holds something else than a package that was written before: it will be replaced. */
async function requireOwn(out: string): Promise<void> {
  const names = await Array.fromAsync(Deno.readDir(out), ({ name }) => name).catch(() => []);
  if (names.length === 0) return;
  const text = await Deno.readTextFile(join(out, "package.json")).catch(() => "{}");
  if (JSON.parse(text).name !== project.name) {
    throw new Error(`${out} holds other things; --out wants a folder of its own`);
  }
}

/** The sources that `deno pack` is given. */
async function stageSources(stage: string): Promise<void> {
  for (const part of [...PARTS, TYPES_ONLY]) {
    for await (const file of filesOf(part)) {
      if (!file.endsWith(".ts") || DENO_ONLY.includes(file)) continue;
      const name = file === "kernels/cpu/create_node.ts" ? "kernels/cpu/create.ts" : file;
      await write(join(stage, name), await withTexts(file, stage));
    }
  }
  const mod = await Deno.readTextFile(join(ROOT, "mod.ts"));
  const exports = PARTS.map((part) => `export * as ${part} from "./${part}/mod.ts";\n`);
  if (!exports.every((line) => mod.includes(line))) throw new Error("mod.ts does not export what the package has");
  await write(join(stage, "mod.ts"), `/** EPR for Node: see README.md. @module */\n${exports.join("")}`);
  const entries = [
    ...PARTS.map((part) => [`./${part}`, `./${part}/mod.ts`]),
    ...WORKERS.map((file) => [`./${file}`, `./${file}`]),
  ];
  const { name, version, license, imports } = project;
  // what the sources of corpora import; only their types are in the package
  const typesOnly = Object.fromEntries(
    (["csv-parse/sync", "fastest-levenshtein"] as const).map((own) => [own, imports[own]]),
  );
  const config = {
    ...{ name, version, license },
    exports: { ".": "./mod.ts", ...Object.fromEntries(entries) },
    // of what imports paths the package has the types alone, and Node's functions bear the same names
    imports: { "@std/path": "node:path", "wav-decoder": imports["wav-decoder"], ...typesOnly },
    compilerOptions: project.compilerOptions,
  };
  await write(join(stage, "deno.json"), JSON.stringify(config));
}

/** A source file whose imports of texts are imports of modules; these are written beside the texts. */
async function withTexts(file: string, stage: string): Promise<string> {
  const source = await Deno.readTextFile(join(ROOT, file));
  for (const [, target] of source.matchAll(TEXT_IMPORT)) {
    const text = join(dirname(file), target);
    const module = `export default ${JSON.stringify(await Deno.readTextFile(join(ROOT, text)))} as string;\n`;
    await write(join(stage, `${text}.ts`), module);
  }
  return source.replaceAll(TEXT_IMPORT, `from "$1.ts";`);
}

/** A file of the package as it is kept; undefined where it is not. */
function finished(name: string, bytes: Uint8Array): string | undefined {
  if (!/\.(js|d\.ts)$/.test(name) || (name.startsWith(`${TYPES_ONLY}/`) && name.endsWith(".js"))) return undefined;
  const text = new TextDecoder().decode(bytes);
  // what is left of other modules' names: workers, which are started by their address
  return text.replaceAll(/new URL\("(\.[^"]+)\.ts", import\.meta\.url\)/g, `new URL("$1.js", import.meta.url)`);
}

/** Throws where a program of the package imports one that is not in it. */
function requireWhole(files: ReadonlyMap<string, string>): void {
  for (const [name, text] of files) {
    if (!name.endsWith(".js")) continue;
    for (const [, target] of text.matchAll(/(?:^|\*\/ )(?:import|export)\b[^;"]*"(\.[^"]+)"/gm)) {
      const wanted = join(dirname(name), target);
      if (!files.has(wanted)) throw new Error(`${name} imports ${wanted}, which the package leaves out`);
    }
  }
}

function packageJson() {
  const { name, version, license, imports } = project;
  const entry = (file: string) => ({ types: `${file}.d.ts`, default: `${file}.js` });
  const [, decoder] = imports["wav-decoder"].match(/@([^@]+)$/)!;
  return {
    name,
    version,
    description:
      "Emotion profiles from speech, from the kernels up: log-mel frames, a network on hand-written WebAssembly, forests",
    license,
    type: "module",
    engines: { node: ">=20" },
    exports: { ".": entry("./mod"), ...Object.fromEntries(PARTS.map((part) => [`./${part}`, entry(`./${part}/mod`)])) },
    dependencies: { "wav-decoder": decoder },
    bundleDependencies: ["wav-decoder"],
  };
}

/** Puts the one dependency into the package, so that it installs without a registry. */
async function bundleDecoder(out: string): Promise<void> {
  const from = dirname(createRequire(import.meta.url).resolve("wav-decoder/package.json"));
  for (const name of ["package.json", "README.md", "index.js"]) {
    await write(join(out, "node_modules/wav-decoder", name), await Deno.readTextFile(join(from, name)));
  }
}

async function pack(stage: string, archive: string): Promise<void> {
  const args = ["pack", "--quiet", "--allow-dirty", "--no-source-maps", "--output", archive];
  const { success, stderr } = await new Deno.Command("deno", { args, cwd: stage, stdin: "null" }).output();
  if (!success) throw new Error(`deno pack: ${new TextDecoder().decode(stderr)}`);
}

/** The files of a part, from the root. */
async function* filesOf(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(join(ROOT, folder))) {
    if (isDirectory) yield* filesOf(`${folder}/${name}`);
    else yield `${folder}/${name}`;
  }
}

/** The files of a tar archive, their names from "package/" on: headers of 512 bytes, each followed by whole blocks. */
function* untar(archive: Buffer): Generator<[name: string, bytes: Uint8Array]> {
  const text = (at: number, length: number) => archive.toString("utf8", at, at + length).replace(/\0.*$/s, "");
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0;) {
    const size = parseInt(text(at + 124, 12), 8), prefix = text(at + 345, 155);
    const name = (prefix ? `${prefix}/` : "") + text(at, 100);
    yield [name.replace(/^package\//, ""), archive.subarray(at + 512, at + 512 + size)];
    at += 512 * (1 + Math.ceil(size / 512));
  }
}

async function write(file: string, text: string): Promise<void> {
  await Deno.mkdir(dirname(file), { recursive: true });
  await Deno.writeTextFile(file, text);
}
