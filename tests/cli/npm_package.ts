/** The npm package as users get it: built once per test file, packed, installed. */
import { assert } from "@std/assert";
import { join } from "@std/path";

/** The project's root. */
export const root: string = join(import.meta.dirname!, "../..");

/** Runs a program and returns its output. */
export async function run(cwd: string, program: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, cwd, stdin: "null" }).output();
  const [out, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert(success, `${program} ${args.join(" ")}: ${error}${out}`);
  return out;
}

let packed: Promise<string> | undefined;

/** The archive that npm makes of the package. */
export function packOnce(): Promise<string> {
  return packed ??= pack();
}

async function pack(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "epr-package-" }), out = join(folder, "package");
  addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  await run(root, "deno", "run", "-q", "-P=tooling", "cli/build_npm.ts", "--out", out);
  const [{ filename }] = JSON.parse(await run(folder, "npm", "pack", "--json", out));
  return join(folder, filename.replace("@", "").replace("/", "-"));
}

/** A folder with the package installed, without a registry; removed when `use` is done. */
export async function withPackage(use: (folder: string) => Promise<void>): Promise<void> {
  const archive = await packOnce(), folder = await Deno.makeTempDir({ prefix: "epr-user-" });
  try {
    await Deno.writeTextFile(join(folder, "package.json"), `{ "private": true, "type": "module" }`);
    await run(folder, "npm", "install", "--offline", "--no-audit", "--no-fund", archive);
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
