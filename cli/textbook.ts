/**
 * `deno task textbook`: draws the textbook's pictures, writes its notebooks, and updates the line numbers in its links.
 */
import { dirname, join } from "@std/path";
import { relink } from "../textbook/links.ts";
import { textbookFigures } from "../textbook/mod.ts";
import { notebookOf } from "../textbook/notebook.ts";
import { createCommand, runCommand, say } from "./common.ts";

const DOCS = join(import.meta.dirname!, "../docs");

const command = createCommand(
  "textbook",
  "Draws the pictures of docs/textbook, writes its notebooks, and updates the line numbers of its links.",
  [["after a change to the code that a chapter is about", "deno task textbook"]],
);

await runCommand(command, async () => {
  for await (const { name, svg } of textbookFigures()) {
    await Deno.writeTextFile(join(DOCS, "figures", name), svg);
    say(`docs/figures/${name}`);
  }
  for await (const { name } of Deno.readDir(join(DOCS, "textbook"))) {
    const file = join(DOCS, "textbook", name), before = await Deno.readTextFile(file);
    const { text, moved } = await relink(before, dirname(file));
    if (moved > 0) await Deno.writeTextFile(file, text);
    if (moved > 0) say(`docs/textbook/${name}: ${moved} links moved`);
    if (!/^\d_.*\.md$/.test(name)) continue;
    const notebook = name.replace(".md", ".ipynb");
    await Deno.writeTextFile(join(DOCS, "notebooks", notebook), notebookOf(name.replace(".md", ""), text));
  }
});
