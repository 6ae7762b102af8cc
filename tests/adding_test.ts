/** docs/adding.md: each list contains every file that names its example, and no other. */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";

const root = join(import.meta.dirname!, "..");

/** Where each section's example may occur: in listed files of these folders, and in no other file of them. */
const WHERE: Record<string, readonly string[]> = {
  "A kernel": ["kernels", "bench", "lab", "web", "tests/kernels"],
  "A layer": ["nn", "bench", "lab", "web/engine", "tests/nn", "tests/web"],
  "A setting": ["refinery", "cli", "runs", "report", "nn"],
  "A corpus": ["corpora", "models", "runs"],
};

/** The example in every spelling that files use: gatherViews, GatherViews, gatherViewsPart, gather_views. */
const namesOf = (example: string) =>
  new RegExp(`(?<![a-z])${example.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "_?")}(?:Part|Gradient)?(?![a-z])`, "i");

function* filesOf(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(join(root, folder))) {
    if (name === "node_modules") continue; // fetched by `bench --onnxruntime`
    if (isDirectory) yield* filesOf(`${folder}/${name}`);
    else if (/\.(ts|wat|wgsl)$/.test(name)) yield `${folder}/${name}`;
  }
}

const text = await Deno.readTextFile(join(root, "docs/adding.md"));
const sections = Object.fromEntries(text.split(/^## /m).slice(1).map((section) => section.split(/\n([^]*)/)));

for (const [title, folders] of Object.entries(WHERE)) {
  Deno.test(`docs/adding.md: "${title}" lists the places of its example, all of them, and numbers them in order`, async () => {
    const section: string = sections[title] ?? "";
    const example = /Example: `(\w+)`/.exec(section)?.[1];
    assert(example, `no example in "${title}"`);
    const items = [...section.matchAll(/^(\d+)\. \[([^\]]+)\]\(([^)]+)\)/gm)];
    assertEquals(items.map(([, number]) => Number(number)), items.map((_, i) => i + 1));
    assertEquals(
      items.map(([, , shown]) => shown),
      items.map(([, , , target]) => new URL(target, "file:///docs/").pathname.slice(1)),
    );
    const listed = items.map(([, , shown]) => shown), named = namesOf(example);
    for (const file of listed) assert(named.test(await Deno.readTextFile(join(root, file))), `${file}: no ${example}`);
    const found: string[] = [];
    for (const file of folders.flatMap((folder) => [...filesOf(folder)])) {
      if (named.test(await Deno.readTextFile(join(root, file)))) found.push(file);
    }
    const others = found.filter((file) => !listed.includes(file));
    assertEquals(others, [], `docs/adding.md, "${title}": expected every file that names ${example} in the list`);
    assert(found.length >= 3 && listed.length >= 5, `only ${found.length} of ${listed.length} places were found`);
  });
}

Deno.test("docs/adding.md has a list for each section, and names only existing files", async () => {
  assertEquals(Object.keys(sections), Object.keys(WHERE));
  for (const [, target] of text.matchAll(/\]\(([^)]+)\)/g)) {
    assert((await Deno.stat(join(root, "docs", target))).isFile, target);
  }
  const words = [...text.matchAll(/`([\w/]+\.ts)`/g)].map(([, file]) => file).filter((file) => file.includes("/"));
  for (const file of words) assert((await Deno.stat(join(root, file))).isFile, file);
});
