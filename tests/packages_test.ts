/** What a first command on a fresh machine fetches: all packages of the lock beside `deno.json`, and no others. */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";

const root = join(import.meta.dirname!, "..");

/** Packages of their own, which name what they need themselves: one command each fetches them. */
const APART = ["bench/peers", "cli/codecs", "tests/web/axe"];

/** Bytes of packages, as a disk counts them, that a first `deno task train` may fetch. */
const MOST = 60e6;

interface Info {
  npmCache: string;
  npmPackages: Record<string, { name: string; version: string }>;
}

/** What Deno says of itself, or of the graph of a program. */
async function denoInfo(...program: string[]): Promise<Info> {
  const args = ["info", "--json", ...program];
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: root }).output();
  assert(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Bytes that a folder takes on a disk of 4 kB blocks. */
async function diskBytes(folder: string): Promise<number> {
  let bytes = 4096;
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    bytes += isDirectory ? await diskBytes(path) : 4096 * Math.ceil((await Deno.stat(path)).size / 4096);
  }
  return bytes;
}

const readConfig = async (folder: string) => JSON.parse(await Deno.readTextFile(join(root, folder, "deno.json")));

Deno.test("all packages that train fetches take less than 60 MB", async () => {
  const { npmCache } = await denoInfo(), packages = Object.values((await denoInfo("cli/train.ts")).npmPackages);
  const registries = (await Array.fromAsync(Deno.readDir(npmCache))).map(({ name }) => join(npmCache, name));
  let total = 0;
  const sizes: [string, number][] = [];
  for (const { name, version } of packages) {
    const folders = registries.map((registry) => join(registry, name, version));
    const found = (await Promise.all(folders.map((folder) => diskBytes(folder).catch(() => 0)))).find((n) => n > 0);
    assert(found !== undefined, `${name}@${version} is not in ${npmCache}`);
    sizes.push([`${name}@${version}`, found]);
    total += found;
  }
  const largest = sizes.sort((a, b) => b[1] - a[1]).slice(0, 5);
  assert(total < MOST, `${total / 1e6} MB, ${largest.map(([name, bytes]) => `${name} ${bytes / 1e6}`).join(", ")}`);
  assert(packages.some(({ name }) => name === "vega") && total > 10e6, `${total} bytes: does the test see them all?`);
});

Deno.test("every package of deno.json is one that a program needs, not tests or bench --peers alone", async () => {
  const { imports, exclude } = await readConfig(".");
  for (const folder of APART) assert(exclude.includes(folder), `deno.json: exclude lacks ${folder}`);
  const used = new Set<string>();
  const read = async (folder: string) => {
    for await (const { name, isDirectory } of Deno.readDir(join(root, folder))) {
      const path = join(folder, name);
      if (isDirectory && !APART.includes(path)) await read(path);
      if (!name.endsWith(".ts")) continue;
      const code = (await Deno.readTextFile(join(root, path))).replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
      // also where a name stands alone, to be imported when it is needed
      for (const [, specifier] of code.matchAll(/\b(?:from|import|name:)\s*\(?\s*"([^".][^"]*)"/g)) used.add(specifier);
    }
  };
  const rooms = [...Deno.readDirSync(root)].filter(({ name, isDirectory }) =>
    isDirectory && !name.startsWith(".") && !["coverage", "docs", "node_modules", "out", "std", "tests"].includes(name)
  );
  for (const { name: folder } of rooms) {
    await read(folder);
  }
  const ofPackage = (name: string) => [...used].some((found) => found === name || found.startsWith(`${name}/`));
  const idle = Object.keys(imports).filter((name) => !ofPackage(name.replace("@types/", "")));
  assertEquals(idle, ["@std/assert"]); // which weighs nothing: it is a file of ours
  assert([...used].every((specifier) => !specifier.startsWith("npm:")), "a package is named outside deno.json");
});

Deno.test("packages of their own take the versions of deno.json where both name a package", async () => {
  const { imports } = await readConfig(".");
  for (const folder of APART) {
    const own = (await readConfig(folder)).imports as Record<string, string>;
    for (const [name, target] of Object.entries(own)) {
      const same = target.startsWith(".") ? `./${join(folder, target)}` : target;
      if (name in imports) assertEquals([name, same], [name, imports[name]]);
    }
    const lock = JSON.parse(await Deno.readTextFile(join(root, folder, "deno.lock")));
    const wanted = Object.values(own).filter((target) => target.startsWith("npm:"));
    assertEquals(wanted.filter((target) => !(target in lock.specifiers)), [], `${folder}/deno.lock`);
  }
});
