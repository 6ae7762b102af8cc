/** The npm package's `package.json`, and the dependencies that it includes. */
import { dirname, join } from "@std/path";
import { createRequire } from "node:module";
import project from "../../deno.json" with { type: "json" };
import { importOf } from "./stage.ts";
import { BUNDLED, DENO_IN_NODE, IN_BROWSERS, NODE_PARTS, OPTIONAL, PARTS, WORKERS } from "./contents.ts";

/** The content of `package.json`. */
export function packageJson(): Record<string, unknown> {
  const { name, version, license } = project;
  const entry = (file: string) => ({ types: `${file}.d.ts`, default: `${file}.js` });
  const parts = [...PARTS, ...NODE_PARTS].map((part) => [`./${part}`, entry(`./${part}/mod`)]);
  const others = Object.entries(IN_BROWSERS).map(([module, browser]) => [`#${module}`, {
    browser: `./${browser}.js`,
    default: `./${module}.js`,
  }]);
  return {
    name,
    version,
    description:
      "Emotion profiles from speech, from the kernels up: log-mel frames, a network on hand-written WebAssembly, forests",
    license,
    type: "module",
    engines: { node: ">=20.11" },
    bin: { epr: "./cli/npm/main.js" },
    sideEffects: [...WORKERS, "cli/**"].map((file) => `./${file.replace(/\.ts$/, ".js")}`),
    exports: {
      ".": { types: "./mod.d.ts", browser: "./mod_browser.js", default: "./mod.js" },
      ...Object.fromEntries(parts),
    },
    imports: { ...Object.fromEntries(others), [`#${DENO_IN_NODE}`]: `./${DENO_IN_NODE}.js` },
    dependencies: versions(BUNDLED),
    bundleDependencies: BUNDLED,
    peerDependencies: versions(OPTIONAL),
    peerDependenciesMeta: Object.fromEntries(OPTIONAL.map((name) => [name, { optional: true }])),
  };
}

/** Versions of dependencies by name, the same as EPR's. */
function versions(names: readonly (typeof BUNDLED[number] | typeof OPTIONAL[number])[]): Record<string, string> {
  const imports: Record<string, string> = project.imports;
  return Object.fromEntries(names.map((name) => [name, imports[importOf(name)].match(/@([^@/]+)(\/\w+)?$/)![1]]));
}

/** Copies the dependencies, and their dependencies, into the package. @param out its folder */
export async function bundleDependencies(out: string): Promise<void> {
  const done = new Set<string>();
  const add = async (name: string, require: NodeJS.Require) => {
    if (done.has(name)) return;
    done.add(name);
    const manifest = findManifest(name, require);
    await copyFolder(dirname(manifest), join(out, "node_modules", name));
    const { dependencies = {} } = JSON.parse(await Deno.readTextFile(manifest));
    for (const own of Object.keys(dependencies)) await add(own, createRequire(manifest));
  };
  for (const name of BUNDLED) await add(name, createRequire(import.meta.url));
}

/** The `package.json` of a dependency, which its exports may not include. */
function findManifest(name: string, require: NodeJS.Require): string {
  for (
    let folder = dirname(require.resolve(importOf(name)));
    folder !== dirname(folder);
    folder = dirname(folder)
  ) {
    const manifest = join(folder, "package.json");
    try {
      if (JSON.parse(Deno.readTextFileSync(manifest)).name === name) return manifest;
    } catch {
      // not in this folder
    }
  }
  throw new Error(`${name}: expected a package.json above ${require.resolve(importOf(name))}, found none`);
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    const [source, target] = [join(from, name), join(to, name)];
    if (!isDirectory) await Deno.copyFile(source, target);
    else if (name !== "node_modules") await copyFolder(source, target);
  }
}
