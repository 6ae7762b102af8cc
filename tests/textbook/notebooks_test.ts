/**
 * The textbook's notebooks: they are their chapters, and run whole. Executing them takes a Python that has nbclient: the one that
 * EPR_JUPYTER names (then its lack is a failure), else python3; where it has none, the test is ignored with that reason.
 */
import { assert, assertEquals, fail } from "@std/assert";
import { join } from "@std/path";
import { notebookOf } from "../../textbook/notebook.ts";

const root = join(import.meta.dirname!, "../.."), notebooks = join(root, "docs/notebooks");
const asked = Deno.env.get("EPR_JUPYTER"), python = asked ?? "python3";

/** Why notebooks can't be executed here; undefined where they can. */
async function missing(): Promise<string | undefined> {
  if (asked) return;
  try {
    const { success } = await new Deno.Command(python, { args: ["-c", "import nbclient"], stderr: "null" }).output();
    return success ? undefined : "python3 has no nbclient here; EPR_JUPYTER names a Python that has";
  } catch {
    return "there is no python3 here";
  }
}

/** Runs the notebooks of a folder. */
async function execute(folder: string) {
  const script = join(import.meta.dirname!, "run_notebooks.py");
  const { success, stdout, stderr } = await new Deno.Command(python, { args: [script, folder] }).output();
  const [out, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { success, out, errors };
}

const chapters = [...Deno.readDirSync(join(root, "docs/textbook"))].map(({ name }) => name)
  .filter((name) => /^\d_.*\.md$/.test(name)).sort();

Deno.test("each chapter's notebook has exactly its words, blocks and pictures (deno task textbook)", async () => {
  const kept = [...Deno.readDirSync(notebooks)].map(({ name }) => name).sort();
  assertEquals(kept, chapters.map((name) => name.replace(".md", ".ipynb")));
  for (const name of chapters) {
    const text = await Deno.readTextFile(join(root, "docs/textbook", name)), own = name.replace(".md", "");
    const file = await Deno.readTextFile(join(notebooks, `${own}.ipynb`));
    assert(
      file === notebookOf(own, text),
      `docs/notebooks/${own}.ipynb is another: deno task textbook writes it again`,
    );
    const cells: { cell_type: string; source: string[] }[] = JSON.parse(file).cells;
    const code = cells.filter(({ cell_type }) => cell_type === "code").map(({ source }) => source.join(""));
    for (const [, block] of text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)) assert(code.includes(block.trim()));
    for (const [, picture] of text.matchAll(/\.\.\/figures\/(\w+)\.svg/g)) {
      assert(code.some((cell) => cell.includes(`drawFigure("${picture}")`)));
    }
    for (const { source } of cells.filter(({ cell_type }) => cell_type === "markdown")) {
      for (const [, target] of source.join("").matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
        await Deno.stat(join(notebooks, target)).catch(() => fail(`${own}.ipynb links to ${target}`));
      }
    }
  }
});

const why = await missing();
Deno.test({
  name: `all notebooks run whole in Deno's Jupyter kernel, with pictures, a plot and sound${why ? ` (${why})` : ""}`,
  ignore: why !== undefined,
  async fn() {
    const { success, out, errors } = await execute(notebooks);
    assert(success, errors);
    const given: Record<string, string[]> = JSON.parse(out);
    assertEquals(Object.keys(given).length, chapters.length);
    for (const [name, mimes] of Object.entries(given)) {
      assert(mimes.includes("image/svg+xml"), `${name} shows no picture`);
    }
    assert(given["1_frames.ipynb"].includes("text/html"));
    assert(given["4_adam.ipynb"].includes("application/vnd.vegalite.v5+json"));
  },
});

Deno.test({
  name: `a notebook whose assertion fails does not pass${why ? ` (${why})` : ""}`,
  ignore: why !== undefined,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const wrong = 'Words.\n\n```ts\nimport assert from "node:assert";\nassert.equal(1, 2);\n```\n';
      await Deno.writeTextFile(join(folder, "wrong.ipynb"), notebookOf("wrong", wrong));
      const { success, errors } = await execute(folder);
      assert(!success && errors.includes("wrong.ipynb"), errors);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
