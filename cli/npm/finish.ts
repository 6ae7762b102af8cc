/** Post-processes the files from `deno pack` for the npm package. */
import { dirname, join } from "@std/path";
import { DENO_IN_NODE, IN_BROWSERS, NODE_PARTS, PARTS, THREADS } from "./contents.ts";

/** An import: the text before the module's name, and the name. */
const IMPORTED = /((?:\bfrom|\bimport|\bimport\()\s*)"([^"]+)"/g;

/** A file's final text; undefined if it is left out. @param name relative to the package's root */
export function finishFile(name: string, bytes: Uint8Array): string | undefined {
  if (!/\.(js|d\.ts)$/.test(name)) return undefined;
  const text = new TextDecoder().decode(bytes);
  if (name.endsWith(".d.ts")) return text;
  // the remaining names of other modules: workers, which are started by their address
  const program = text.replaceAll(/new URL\("(\.[^"]+)\.ts", import\.meta\.url\)/g, `new URL("$1.js", import.meta.url)`)
    .replaceAll(IMPORTED, (all, before: string, target: string) => {
      const anywhere = [...PARTS, "workers"].includes(name.split("/")[0]);
      const own = target.startsWith(".")
        ? join(dirname(name), target).replace(/\.js$/, "")
        : anywhere && THREADS[target];
      if (target === "@std/path") return `${before}"node:path"`; // it has the same names
      return own && own in IN_BROWSERS ? `${before}"#${own}"` : all;
    });
  if (name === "cli/npm/main.js") return `#!/usr/bin/env node\n${program}`;
  const asksDeno = /\bDeno\./.test(program.replaceAll(/\/\*[\s\S]*?\*\//g, "")) && !/typeof Deno\b/.test(program);
  return asksDeno && name !== `${DENO_IN_NODE}.js` ? `import { Deno } from "#${DENO_IN_NODE}";\n${program}` : program;
}

/**
 * Throws if a program of the package imports a missing module, uses syntax that Node 20 does not support, or has no
 * types. @param files texts by name
 */
export function requireWhole(files: ReadonlyMap<string, string>): void {
  for (const module of ["mod", ...[...PARTS, ...NODE_PARTS].map((part) => `${part}/mod`)]) {
    // deno pack leaves out all types if one has to be inferred; deno publish --dry-run reports which
    if (!files.has(`${module}.d.ts`)) throw new Error(`${module}.js has no types: see deno publish --dry-run`);
  }
  for (const [name, text] of files) {
    if (!name.endsWith(".js")) continue;
    if (/^\s*(await )?using \w+ =/m.test(text)) {
      throw new Error(`${name}: expected no 'using', which Node 20 does not support`);
    }
    for (const [, target] of text.matchAll(/(?:^|\*\/ )(?:import|export)\b[^;"]*"(\.\.?\/[^"]+)"/gm)) {
      const wanted = join(dirname(name), target);
      if (!files.has(wanted)) throw new Error(`${name} imports ${wanted}, which is not in the package`);
    }
  }
}
