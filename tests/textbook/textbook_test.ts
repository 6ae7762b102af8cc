/** The textbook holds: pictures are what the code draws, links lead to what they name, and chapters are as they should be. */
import { Buffer } from "node:buffer";
import { inflateSync } from "node:zlib";
import { assert, assertEquals, assertMatch, assertRejects, fail } from "@std/assert";
import { dirname, join } from "@std/path";
import { codeLinks, linesFor, relink } from "../../textbook/links.ts";
import { textbookFigures } from "../../textbook/mod.ts";

const root = join(import.meta.dirname!, "../.."), textbook = join(root, "docs/textbook");

/** Names of the files of a folder. */
const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
const chapters = names(textbook).filter((name) => /^\d_/.test(name));

/** A figure with its bitmaps unpacked: how tightly they are packed is no part of the picture. */
function unpacked(svg: string): string {
  return svg.replaceAll(/data:image\/png;base64,([^"]+)/g, (_, base64) => {
    const png = Buffer.from(base64, "base64"), at = png.indexOf("IDAT");
    return inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4))).toString("hex");
  });
}

Deno.test("each picture of the textbook is the one that the code draws (deno task textbook)", async () => {
  const drawn: string[] = [];
  for await (const { name, svg } of textbookFigures()) {
    const kept = await Deno.readTextFile(join(root, "docs/figures", name));
    assert(unpacked(svg) === unpacked(kept), `docs/figures/${name} is another: deno task textbook draws it again`);
    drawn.push(name);
  }
  const kept = names(join(root, "docs/figures")).filter((name) => name.endsWith(".svg")); // pictures of the page lie beside
  assertEquals(kept, drawn.sort());
});

Deno.test("a chapter has pictures, code that runs, links to lines, and a link to the next chapter", async () => {
  assertEquals(chapters.length, 9);
  for (const [i, name] of chapters.entries()) {
    const text = await Deno.readTextFile(join(textbook, name));
    const pictures = [...text.matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)].map(([, target]) => target);
    assertEquals(pictures[0], `../figures/${name.replace(".md", ".svg")}`);
    for (const picture of pictures) assert(picture.startsWith(`../figures/${name[0]}_`), `${name} has ${picture}`);
    assert(/^```ts\n(?:[^`]*\n)?[^`]*assert/m.test(text), `${name} has no code that asserts`);
    assert(codeLinks(text).length >= 3, `${name} links to ${codeLinks(text).length} lines`);
    assert(text.includes(`](${chapters[i + 1] ?? "README.md"})`), `${name} does not lead on`);
    assert(text.split("\n").length < 150, `${name} is long`);
  }
});

Deno.test("a chapter has three to five exercises, each with a solution whose code asserts; one breaks something", async () => {
  for (const [i, name] of chapters.entries()) {
    const text = await Deno.readTextFile(join(textbook, `exercises_${i + 1}.md`));
    const [, ...exercises] = text.split(/^## /m);
    assert(exercises.length >= 3 && exercises.length <= 5, `chapter ${i + 1} has ${exercises.length} exercises`);
    for (const [k, exercise] of exercises.entries()) {
      assert(exercise.startsWith(`${i + 1}.${k + 1} `), exercise.split("\n")[0]);
      assertMatch(exercise, /<summary>Solution<\/summary>\n\n[^`]*[\s\S]*```ts\n[\s\S]*assert[\s\S]*```/);
    }
    assertEquals(exercises.filter((exercise) => exercise.includes("Break it")).length, 1);
    assert((await Deno.readTextFile(join(textbook, name))).includes(`](exercises_${i + 1}.md)`));
  }
});

Deno.test("a link of the textbook to a line of code leads to a line with the name of the link (deno task textbook)", async () => {
  let looked = 0;
  for (const name of names(textbook)) {
    for (const { symbol, target, line } of codeLinks(await Deno.readTextFile(join(textbook, name)))) {
      const found = linesFor(await Deno.readTextFile(join(textbook, target)), symbol);
      assert(found.includes(line), `${name}: ${symbol} is in lines ${found} of ${target}, not ${line}`);
      looked++;
    }
  }
  assert(looked > 50, `only ${looked} links were found`);
});

Deno.test("every link of README.md and docs/ to a file leads to an existing file", async () => {
  let looked = 0;
  const files = [
    "README.md",
    ...["docs", "docs/textbook"].flatMap((dir) => names(join(root, dir)).map((n) => `${dir}/${n}`)),
  ];
  for (const file of files.filter((file) => file.endsWith(".md"))) {
    const text = await Deno.readTextFile(join(root, file));
    for (const [, target] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      await Deno.stat(join(root, dirname(file), target)).catch(() => fail(`${file}: no ${target}`));
      looked++;
    }
  }
  assert(looked > 80, `only ${looked} links were found`);
});

Deno.test("relink() finds the nearest line that has the name as a word, and reports names that have none", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(folder, "a.ts"), "step1\nstep\n\n\n\n// a step\n");
    const at = (line: number) => `see [\`Adam.step\`](a.ts#L${line}), or not`;
    assertEquals(await relink(at(1), folder), { text: at(2), moved: 1 });
    assertEquals(await relink(at(5), folder), { text: at(6), moved: 1 });
    assertEquals(await relink(at(6), folder), { text: at(6), moved: 0 });
    await Deno.writeTextFile(
      join(folder, "a.ts"),
      "  step();\n  this.step(1);\n  // step\n  step(n: number) {\n  }\n",
    );
    assertEquals(await relink(at(1), folder), { text: at(4), moved: 1 }); // what declares it goes before what uses it
    assertMatch(
      (await assertRejects(() => relink(at(1).replace("step", "leap"), folder), Error)).message,
      /a.ts has no line with leap/,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
