/** The structure of the house: imports run downward only, and independent rooms import nothing above them. */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";

const root = join(import.meta.dirname!, "..");

/** What each folder may import from. */
const BELOW: Record<string, readonly string[]> = {
  std: [],
  files: [],
  workers: [],
  kernels: [],
  dsp: [],
  nn: ["kernels"],
  forest: ["kernels", "workers"],
  corpora: ["kernels", "dsp", "workers"],
  refinery: ["nn", "forest", "corpora", "kernels", "dsp"],
  models: ["refinery", "nn", "forest", "kernels", "dsp", "files", "workers"],
  runs: ["models", "refinery", "nn", "forest", "corpora", "kernels", "dsp", "files", "workers"],
};
const RUNS = ["runs", ...BELOW.runs];
Object.assign(BELOW, { report: RUNS, lab: ["report", ...RUNS], textbook: ["report", ...RUNS] });
const TOP = ["mod.ts", "lab", "report", ...RUNS];
Object.assign(BELOW, { bench: TOP, web: ["textbook", ...TOP], cli: ["bench", "web", "textbook", ...TOP] });
for (const below of Object.keys(BELOW)) BELOW[below] = ["base", ...BELOW[below]];
BELOW.base = [];

/** The folders that exist already. */
const STANDING = [...Deno.readDirSync(root)].map(({ name }) => name).filter((name) => name in BELOW);

/** Every TypeScript file of a folder and its subfolders. */
function* sources(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(join(root, folder))) {
    const file = `${folder}/${name}`;
    if (name === "node_modules") continue; // fetched by `bench --onnxruntime`
    if (isDirectory) yield* sources(file);
    else if (name.endsWith(".ts")) yield file;
  }
}

/** Paths that a file imports, relative to the root. Comments, and the examples in them, are ignored. */
function relativeImports(file: string): string[] {
  const code = Deno.readTextFileSync(join(root, file)).replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  const found = code.matchAll(/\b(?:from|import|new URL)\s*\(?\s*"(\.[^"]*)"/g);
  return [...found].map(([, specifier]) => new URL(specifier, `file:///${file}`).pathname.slice(1));
}

Deno.test("imports run downward only", () => {
  const upward: string[] = [];
  let looked = 0;
  for (const folder of STANDING) {
    for (const file of sources(folder)) {
      for (const target of relativeImports(file)) {
        const to = target.split("/")[0];
        looked++;
        // deno.json is above nothing
        if (to === folder || to === "deno.json") continue;
        if (!BELOW[folder].includes(to)) upward.push(`${file} -> ${target}`);
      }
    }
  }
  assertEquals(upward, []);
  assert(looked > 200, `only ${looked} imports were found: does the test still see them?`);
});

Deno.test("no files import each other in a circle, types and workers included", () => {
  const graph = new Map<string, string[]>();
  for (const folder of STANDING) for (const file of sources(folder)) graph.set(file, relativeImports(file));
  // Tarjan 1972: a file that reaches one below it on the stack forms a circle with all above that one
  const low = new Map<string, number>(), stack: string[] = [], circles: string[] = [];
  const visit = (file: string): number => {
    const index = low.size, at = stack.push(file) - 1;
    low.set(file, index);
    for (const target of graph.get(file) ?? []) {
      if (!graph.has(target)) continue;
      if (!low.has(target)) low.set(file, Math.min(low.get(file)!, visit(target)));
      else if (stack.includes(target)) low.set(file, Math.min(low.get(file)!, low.get(target)!));
    }
    if (low.get(file) === index) {
      const circle = stack.splice(at);
      if (circle.length > 1) circles.push(circle.sort().join(" "));
    }
    return low.get(file)!;
  };
  for (const file of graph.keys()) if (!low.has(file)) visit(file);
  assertEquals(circles, []);
  assert(graph.size > 250, `only ${graph.size} files were found: does the test still see them?`);
});

/** A file's code, without comments. */
const codeOf = (file: string) =>
  Deno.readTextFileSync(join(root, file)).replaceAll(/\/\*\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");

Deno.test("what a file exports is used by a program, the API or the docs, not by tests alone", () => {
  const files = STANDING.filter((folder) => folder !== "std").flatMap((folder) => [...sources(folder)]);
  const texts = ["README.md", ...Deno.readDirSync(join(root, "docs")).map(({ name }) => `docs/${name}`)];
  const chapters = [...Deno.readDirSync(join(root, "docs/textbook"))].map(({ name }) => `docs/textbook/${name}`);
  const docs = [...texts, ...chapters].filter((file) => file.endsWith(".md"));
  const uses = new Map<string, number>();
  for (const text of [...files.map(codeOf), ...docs.map((file) => Deno.readTextFileSync(join(root, file)))]) {
    for (const [word] of text.matchAll(/\w+/g)) uses.set(word, (uses.get(word) ?? 0) + 1);
  }
  const idle: string[] = [];
  let exported = 0;
  for (const file of files) {
    for (
      const [, name] of codeOf(file).matchAll(
        /^export (?:async |abstract )*(?:function\*?|const|class|type|interface) (\w+)/gm,
      )
    ) {
      exported++;
      if (uses.get(name) === 1) idle.push(`${file}: ${name}`);
    }
  }
  assertEquals(idle, []);
  assert(exported > 500, `only ${exported} exports were found: does the test still see them?`);
});

Deno.test("no two files export a class, an interface or a type of one name", () => {
  const places = new Map<string, string[]>();
  for (const file of STANDING.flatMap((folder) => [...sources(folder)])) {
    const code = Deno.readTextFileSync(join(root, file));
    for (const [, name] of code.matchAll(/^export (?:declare |abstract )*(?:class|interface|type) (\w+)/gm)) {
      places.set(name, [...places.get(name) ?? [], file]);
    }
  }
  assertEquals([...places].filter(([, files]) => files.length > 1), []);
  assert(places.size > 300, `only ${places.size} types were found: does the test still see them?`);
});

Deno.test("threads are started by the crew and by the CPU device alone", () => {
  const files = STANDING.flatMap((folder) => [...sources(folder)]);
  const start = files.filter((file) => /from "node:worker_threads"/.test(codeOf(file)));
  // the first replaces Node's module in the npm package
  assertEquals(start.sort(), [
    ...["cli/npm/threads/node.ts", "kernels/cpu/host.ts", "kernels/cpu/worker.ts"],
    ...["workers/crew.ts", "workers/member.ts"],
  ]);
});

/** Other programs that tasks may run. */
const PROGRAMS: Record<string, string> = {
  tooling: "deno",
  evaluate: "deno",
  bench: "deno,node,python3,/usr/bin/python3",
  cluster: "sbatch",
  web: "deno",
};

/**
 * The addresses that a task may listen on: its own machine and, on request, all of its addresses. It may not call
 * others.
 */
const LISTENS: Record<string, readonly string[]> = {
  web: ["127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::]"],
};

Deno.test("no task has all permissions, and only tests may run any program, and the page alone be served", async () => {
  const { tasks, permissions } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  for (const [name, { command }] of Object.entries<{ command: string }>(tasks)) {
    assert(!/(^|\s)(-A|--allow-all)(\s|$)/.test(command), name);
  }
  for (const [name, { net, run, ffi }] of Object.entries<Record<string, unknown>>(permissions)) {
    if (name === "test") continue;
    assertEquals({ name, net, ffi }, { name, net: LISTENS[name], ffi: undefined });
    assert(run === undefined || String(run) === PROGRAMS[name], name);
  }
});

Deno.test("the API has at most 100 names that a user calls, types aside, and no name means two things", async () => {
  const { exports } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  const names = new Map<string, unknown>(), doubled: string[] = [];
  for (const file of Object.values<string>(exports)) {
    for (const [name, value] of Object.entries<unknown>(await import(new URL(`../${file}`, import.meta.url).href))) {
      if (Object.prototype.toString.call(value) === "[object Module]") continue; // a part, counted separately
      if (names.has(name) && names.get(name) !== value) doubled.push(name);
      names.set(name, value);
    }
  }
  assertEquals(doubled, []);
  assert(names.size > 60 && names.size <= 100, `${names.size} names: ${[...names.keys()].join(", ")}`);
});
