/** Prepares the sources of the npm package for `deno pack`: Deno's modules, with a few different texts and paths. */
import { dirname, join } from "@std/path";
import { kernelsToText, VARIANTS } from "../../kernels/cpu/binary.ts";
import { assembleKernels } from "../../kernels/cpu/modules.ts";
import project from "../../deno.json" with { type: "json" };
import {
  APART,
  BUNDLED,
  COMMAND_FILES,
  DENO_ONLY,
  FURTHER,
  IN_BROWSERS,
  NODE_PARTS,
  OPTIONAL,
  PARTS,
  WORKERS,
} from "./contents.ts";

/** The project's root. */
export const ROOT: string = join(import.meta.dirname!, "..", "..");

/** An import that Node does not support. */
const TEXT_IMPORT = /from "([^"]+)" with \{ type: "text" \};/g;

/** An import of the project's deno.json, and its replacement: the fields that are read. */
const PROJECT_IMPORT = /import project from "(\.\.\/)+deno\.json" with \{ type: "json" \};/g;
const PROJECT = `const project = ${JSON.stringify({ name: project.name, version: project.version })};`;

/** Writes the sources, and a deno.json that defines the package's contents. @param stage an empty folder */
export async function stageSources(stage: string): Promise<void> {
  for (const part of [...PARTS, ...NODE_PARTS, ...FURTHER]) {
    for await (const file of filesOf(part)) {
      if (file.endsWith(".ts") && !DENO_ONLY.test(file)) await stageFile(stage, file);
    }
  }
  for (const file of COMMAND_FILES) await stageFile(stage, file);
  await stageKernels(stage);
  await stageEntries(stage);
  const entries = [
    ...[...PARTS, ...NODE_PARTS].map((part) => [`./${part}`, `./${part}/mod.ts`]),
    ...[
      ...["mod_browser.ts", "cli/npm/main.ts", "cli/npm/node/deno.ts", "cli/predict.ts"],
      ...[...WORKERS, ...Object.entries(IN_BROWSERS).flat().map((module) => `${module}.ts`)],
    ].map((file) => [`./${file}`, `./${file}`]),
  ];
  const { name, version, license, imports } = project;
  const used = ["@types/cli-progress", ...BUNDLED, ...OPTIONAL].map(importOf) as (keyof typeof imports)[];
  const config = {
    ...{ name, version, license },
    exports: { ".": "./mod.ts", ...Object.fromEntries(entries) },
    // Node's path functions have the same names
    imports: { "@std/path": "node:path", ...Object.fromEntries(used.map((name) => [name, imports[name]])) },
    compilerOptions: project.compilerOptions,
  };
  await write(join(stage, "deno.json"), JSON.stringify(config));
}

/** The name under which the project imports a dependency; for one dependency it is a submodule. */
export const importOf = (name: string): string => name === "csv-parse" ? "csv-parse/sync" : name;

/** The error that every part throws. */
const ERRORS = `export { type OptionFault, OptionError } from "./base/option_error.ts";\n`;

/** Writes the package's main module: all parts in Node, and in a browser those that read no files. */
async function stageEntries(stage: string): Promise<void> {
  const mod = await Deno.readTextFile(join(ROOT, "mod.ts"));
  const lines = (parts: readonly string[]) => parts.map((part) => `export * as ${part} from "./${part}/mod.ts";\n`);
  const all = lines([...PARTS, ...NODE_PARTS].filter((part) => !APART.includes(part)));
  if (!all.every((line) => mod.includes(line))) throw new Error("mod.ts does not export what the package has");
  const entry = (lines: readonly string[]) =>
    `/** EPR as an npm package: see README.md. @module */\n${ERRORS}${lines.join("")}`;
  const model = 'export { loadModel } from "./models/mod.ts";\n',
    corpus = 'export { openCorpus } from "./corpora/mod.ts";\n';
  if (![model, corpus].every((line) => mod.includes(line))) {
    throw new Error("mod.ts does not export what the package has");
  }
  // `train` writes run folders, so it belongs to `runs`
  await write(join(stage, "mod.ts"), entry([...all, corpus, model]));
  await write(join(stage, "mod_browser.ts"), entry([...lines(PARTS), model]));
}

/**
 * Writes the assembled kernels, one module each, of which a program loads the one that it needs; and the replacement of
 * `modules.ts`.
 */
async function stageKernels(stage: string): Promise<void> {
  const cases: string[] = [];
  for (const variant of VARIANTS) {
    const file = `kernels_${variant.simd}_${variant.memory}.ts`, text = kernelsToText(await assembleKernels(variant));
    await write(join(stage, "kernels/cpu", file), `export default ${JSON.stringify(text)} as string;\n`);
    // written out, so that a bundler finds the files
    cases.push(`if (variant === "${variant.simd} ${variant.memory}") return (await import("./${file}")).default;`);
  }
  const source = `/** The kernels as they were assembled when the package was built. */
import { type KernelBytes, kernelsFromText, type KernelVariant } from "./binary.ts";
async function textOf({ simd, memory }: KernelVariant): Promise<string> {
  const variant = \`\${simd} \${memory}\`;
  ${cases.join("\n  ")}
  throw new RangeError(\`The package has no kernels for \${variant}\`);
}
/** All kernels of a variant. */
export async function loadKernels(variant: KernelVariant): Promise<KernelBytes> {
  return kernelsFromText(await textOf(variant));
}
`;
  await write(join(stage, "kernels/cpu/modules.ts"), source);
}

/**
 * Writes a source file, with imports of texts replaced by imports of modules, and these modules. A command gets its
 * name for npx.
 */
async function stageFile(stage: string, file: string): Promise<void> {
  let source = await Deno.readTextFile(join(ROOT, file));
  for (const [, target] of source.matchAll(TEXT_IMPORT)) {
    const text = join(dirname(file), target);
    const module = `export default ${JSON.stringify(await Deno.readTextFile(join(ROOT, text)))} as string;\n`;
    await write(join(stage, `${text}.ts`), module);
  }
  source = source.replaceAll(TEXT_IMPORT, `from "$1.ts";`).replaceAll(PROJECT_IMPORT, PROJECT);
  if (file.startsWith("cli/")) source = source.replaceAll(/deno task (predict|\$\{name\})/g, `npx ${project.name} $1`);
  await write(join(stage, file), source);
}

/** The files of a project folder and its subfolders, relative to the root. */
async function* filesOf(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(join(ROOT, folder))) {
    if (isDirectory) yield* filesOf(`${folder}/${name}`);
    else yield `${folder}/${name}`;
  }
}

/** Writes a file. Creates missing folders. */
export async function write(file: string, text: string): Promise<void> {
  await Deno.mkdir(dirname(file), { recursive: true });
  await Deno.writeTextFile(file, text);
}
