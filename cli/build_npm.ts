/**
 * `deno task npm`: the parts of EPR that need nothing of Deno's as an npm package, for Node 20 and later and for browsers.
 *
 * It is the source file by file, as `deno pack` transpiles it and writes its types, with four differences: the CPU's kernels are
 * assembled (neither Node nor a browser imports `.wat`, and needs no assembler so), the GPU's are modules that export their text,
 * workers are `.js` files, and a few modules are others in a browser, which package.json's `imports` say.
 */
import path from "@std/path";
import { Buffer } from "node:buffer";
import { createRequire } from "node:module";
import { gunzipSync } from "node:zlib";
import { assembledKernels } from "../kernels/cpu/assembled.ts";
import project from "../deno.json" with { type: "json" };
import { createCommand, runCommand, say } from "./common.ts";

/** What the package has, each under its name. */
const PARTS = ["dsp", "kernels", "nn", "forest", "refinery", "models"] as const;
/** What the parts know by its types alone: it reads files as Deno does. */
const TYPES_ONLY = "corpora";
/** Programs of threads: in the package, but not to be imported from it. */
const WORKERS = [
  "kernels/cpu/worker.ts",
  "kernels/cpu/worker_browser.ts",
  "forest/fit_worker.ts",
  "models/page_worker.ts",
];
/** Left out: assembling, what stands for it, and what needs a library that the package lacks. */
const DENO_ONLY = /^(kernels\/cpu\/(modules|create|create_node|assembled)\.ts|models\/onnx\/.*)$/;
/** Modules that are others in a browser: of the package's own, and Node's. */
const IN_BROWSERS: Readonly<Record<string, string>> = {
  "kernels/cpu/create": "kernels/cpu/create_browser",
  "models/folder": "models/folder_browser",
  "threads/node": "threads/browser",
};
/** What Node's own modules are imported by. */
const OF_NODE: Readonly<Record<string, string>> = { "node:os": "threads/node", "node:worker_threads": "threads/node" };
/** Variants of the kernels that are shipped. */
const VARIANTS = (["relaxed", "plain"] as const).flatMap((simd) =>
  (["shared", "plain"] as const).map((memory) => ({ simd, memory }))
);

/** An import that Node does not know. */
const TEXT_IMPORT = /from "([^"]+)" with \{ type: "text" \};/g;

/** What a module imports: before its name, and the name. */
const IMPORTED = /((?:\bfrom|\bimport|\bimport\()\s*)"([^"]+)"/g;

const ROOT = path.join(import.meta.dirname!, "..");

const command = createCommand("npm", "Writes EPR as an npm package, for Node 20 and later and for browsers.", [
  ["a folder that npm can pack and install", "deno task npm && npm pack ./out/npm"],
]).option("--out <folder>", "where to", "out/npm");

await runCommand(command, async () => {
  const out = path.resolve(command.opts<{ out: string }>().out);
  await requireOwn(out);
  const stage = await Deno.makeTempDir({ prefix: "epr-npm-" });
  try {
    await stageSources(stage);
    const archive = path.join(stage, "package.tgz");
    await pack(stage, archive);
    const files = new Map<string, string>();
    for (const [name, bytes] of untar(gunzipSync(await Deno.readFile(archive)))) {
      const text = finished(name, bytes);
      if (text !== undefined) files.set(name, text);
    }
    requireWhole(files);
    await Deno.remove(out, { recursive: true }).catch(() => {}); // there was none
    for (const [name, text] of files) await write(path.join(out, name), text);
    await write(path.join(out, "package.json"), JSON.stringify(packageJson(), null, 2) + "\n");
    await bundleDecoder(out);
    await Deno.copyFile(path.join(ROOT, "LICENSE"), path.join(out, "LICENSE"));
    await Deno.copyFile(path.join(ROOT, "cli/npm/README.md"), path.join(out, "README.md"));
  } finally {
    await Deno.remove(stage, { recursive: true });
  }
  say(`npm package: ${path.relative(Deno.cwd(), out) || "."}`);
});

/** Throws where the folder holds something else than a package that was written before: it will be replaced. */
async function requireOwn(out: string): Promise<void> {
  const names = await Array.fromAsync(Deno.readDir(out), ({ name }) => name).catch(() => []);
  if (names.length === 0) return;
  const text = await Deno.readTextFile(path.join(out, "package.json")).catch(() => "{}");
  if (JSON.parse(text).name !== project.name) {
    throw new Error(`${out} holds other things; --out wants a folder of its own`);
  }
}

/** The sources that `deno pack` is given. */
async function stageSources(stage: string): Promise<void> {
  for (const part of [...PARTS, TYPES_ONLY]) {
    for await (const file of filesOf(part)) {
      if (file.endsWith(".ts") && !DENO_ONLY.test(file)) {
        await write(path.join(stage, file), await withTexts(file, stage));
      }
    }
  }
  await write(path.join(stage, "kernels/cpu/create.ts"), await withTexts("kernels/cpu/create_node.ts", stage));
  for (const file of ["threads/node.ts", "threads/browser.ts"]) {
    await write(path.join(stage, file), await Deno.readTextFile(path.join(ROOT, "cli/npm", file)));
  }
  await stageKernels(stage);
  const mod = await Deno.readTextFile(path.join(ROOT, "mod.ts"));
  const exports = PARTS.map((part) => `export * as ${part} from "./${part}/mod.ts";\n`);
  if (!exports.every((line) => mod.includes(line))) throw new Error("mod.ts does not export what the package has");
  await write(path.join(stage, "mod.ts"), `/** EPR for Node: see README.md. @module */\n${exports.join("")}`);
  const entries = [
    ...PARTS.map((part) => [`./${part}`, `./${part}/mod.ts`]),
    ...[...WORKERS, ...Object.entries(IN_BROWSERS).flat().map((module) => `${module}.ts`)].map((
      file,
    ) => [`./${file}`, `./${file}`]),
  ];
  const { name, version, license, imports } = project;
  const config = {
    ...{ name, version, license },
    exports: { ".": "./mod.ts", ...Object.fromEntries(entries) },
    imports: { "@std/path": imports["@std/path"], "wav-decoder": imports["wav-decoder"] },
    compilerOptions: project.compilerOptions,
  };
  await write(path.join(stage, "deno.json"), JSON.stringify(config));
}

/** The kernels, assembled: a module each, of which a program loads the one that it needs; and what stands for `assembled.ts`. */
async function stageKernels(stage: string): Promise<void> {
  const cases: string[] = [];
  for (const variant of VARIANTS) {
    const file = `kernels_${variant.simd}_${variant.memory}.ts`, text = await assembledKernels(variant);
    await write(path.join(stage, "kernels/cpu", file), `export default ${JSON.stringify(text)} as string;\n`);
    // written out, so that a bundler sees which files there are
    cases.push(`if (variant === "${variant.simd} ${variant.memory}") return (await import("./${file}")).default;`);
  }
  const source = `/** The kernels as they were assembled when the package was built. */
import type { KernelVariant } from "./binary.ts";
/** A variant of the kernels, as a text that \`binary.ts\` reads. */
export async function assembledKernels({ simd, memory }: KernelVariant): Promise<string> {
  const variant = \`\${simd} \${memory}\`;
  ${cases.join("\n  ")}
  throw new RangeError(\`The package has no kernels for \${variant}\`);
}
`;
  await write(path.join(stage, "kernels/cpu/assembled.ts"), source);
}

/** A source file whose imports of texts are imports of modules; these are written beside the texts. */
async function withTexts(file: string, stage: string): Promise<string> {
  const source = await Deno.readTextFile(path.join(ROOT, file));
  for (const [, target] of source.matchAll(TEXT_IMPORT)) {
    const text = path.join(path.dirname(file), target);
    const module = `export default ${JSON.stringify(await Deno.readTextFile(path.join(ROOT, text)))} as string;\n`;
    await write(path.join(stage, `${text}.ts`), module);
  }
  return source.replaceAll(TEXT_IMPORT, `from "$1.ts";`);
}

/** A file of the package as it is kept; undefined where it is not. */
function finished(name: string, bytes: Uint8Array): string | undefined {
  if (!/\.(js|d\.ts)$/.test(name) || (name.startsWith(`${TYPES_ONLY}/`) && name.endsWith(".js"))) return undefined;
  const text = new TextDecoder().decode(bytes);
  if (!name.endsWith(".js") || name.startsWith("threads/")) return text;
  // what is left of other modules' names: workers, which are started by their address
  return text.replaceAll(/new URL\("(\.[^"]+)\.ts", import\.meta\.url\)/g, `new URL("$1.js", import.meta.url)`)
    .replaceAll(IMPORTED, (all, before: string, target: string) => {
      const own = target.startsWith(".") ? path.join(path.dirname(name), target).replace(/\.js$/, "") : OF_NODE[target];
      return own in IN_BROWSERS ? `${before}"#${own}"` : all;
    });
}

/** Throws where a program of the package imports one that is not in it. */
function requireWhole(files: ReadonlyMap<string, string>): void {
  for (const [name, text] of files) {
    if (!name.endsWith(".js")) continue;
    for (const [, target] of text.matchAll(/(?:^|\*\/ )(?:import|export)\b[^;"]*"(\.[^"]+)"/gm)) {
      const wanted = path.join(path.dirname(name), target);
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
    sideEffects: WORKERS.map((file) => `./${file.replace(/\.ts$/, ".js")}`),
    imports: Object.fromEntries(
      Object.entries(IN_BROWSERS).map(([module, browser]) => [`#${module}`, {
        browser: `./${browser}.js`,
        default: `./${module}.js`,
      }]),
    ),
    exports: { ".": entry("./mod"), ...Object.fromEntries(PARTS.map((part) => [`./${part}`, entry(`./${part}/mod`)])) },
    dependencies: { "wav-decoder": decoder },
    bundleDependencies: ["wav-decoder"],
  };
}

/** Puts the one dependency into the package, so that it installs without a registry. */
async function bundleDecoder(out: string): Promise<void> {
  const from = path.dirname(createRequire(import.meta.url).resolve("wav-decoder/package.json"));
  for (const name of ["package.json", "README.md", "index.js"]) {
    await write(path.join(out, "node_modules/wav-decoder", name), await Deno.readTextFile(path.join(from, name)));
  }
}

async function pack(stage: string, archive: string): Promise<void> {
  const args = ["pack", "--quiet", "--allow-dirty", "--no-source-maps", "--output", archive];
  const { success, stderr } = await new Deno.Command("deno", { args, cwd: stage, stdin: "null" }).output();
  if (!success) throw new Error(`deno pack: ${new TextDecoder().decode(stderr)}`);
}

/** The files of a part, from the root. */
async function* filesOf(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(path.join(ROOT, folder))) {
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
  await Deno.mkdir(path.dirname(file), { recursive: true });
  await Deno.writeTextFile(file, text);
}
