/**
 * A chapter as a Jupyter notebook for Deno's own kernel (`deno jupyter --install`): its text and code blocks unchanged, its pictures
 * drawn in place, and sometimes an addition that paper can't provide: sound to listen to, an interactive plot. `deno task textbook`
 * writes them to `docs/notebooks`, which has the same depth as `docs/textbook`, so relative links stay valid.
 */

/** Cells appended to a chapter's notebook. */
const LIVE: Record<string, { words: string; code: string }[]> = {
  "1_frames": [{
    words: "**Listen.** This is the recording of the picture, an utterance of the synthetic corpus:",
    code: `import { corpora } from "@epr/epr";

const corpus = await corpora.openCorpus("synthetic", { seed: 1, size: { utterances: 5, speakers: 1 } });
const { samples } = await corpus.utterances[2].read();
const wav = dsp.encodeWav(samples, 16000);
const base64 = btoa(Array.from(wav, (byte) => String.fromCharCode(byte)).join(""));
await Deno.jupyter.display({
  "text/html": \`<audio controls src="data:audio/wav;base64,\${base64}"></audio>\`,
}, { raw: true });`,
  }],
  "4_adam": [{
    words: "**Try other rates.** Change `rate` and run the cell again. Point at the line to see each step.",
    code: `const rate = 0.3, values: { step: number; height: number; rule: string }[] = [];
let [a, b, c, d, m, v] = [-4.5, 1.2, -4.5, 1.2, [0, 0], [0, 0]];
for (let step = 0; step <= 100; step++) {
  values.push({ step, height: (a * a + 40 * b * b) / 2, rule: "Adam" });
  values.push({ step, height: (c * c + 40 * d * d) / 2, rule: "the gradient, rate 0.045" });
  const g = [a, 40 * b];
  m = m.map((mean, i) => 0.9 * mean + 0.1 * g[i]);
  v = v.map((mean, i) => 0.999 * mean + 0.001 * g[i] ** 2);
  const move = g.map((_, i) => rate * m[i] / (1 - 0.9 ** (step + 1)) / (Math.sqrt(v[i] / (1 - 0.999 ** (step + 1))) + 1e-7));
  [a, b, c, d] = [a - move[0], b - move[1], c - 0.045 * c, d - 0.045 * 40 * d];
}
await Deno.jupyter.display({
  "application/vnd.vegalite.v5+json": {
    data: { values },
    mark: { type: "line", tooltip: true },
    encoding: {
      x: { field: "step", type: "quantitative" },
      y: { field: "height", type: "quantitative", scale: { type: "symlog", constant: 0.01 } },
      color: { field: "rule", type: "nominal" },
    },
  },
}, { raw: true });`,
  }],
};

/** A cell of a notebook (nbformat 4.5). */
export interface Cell {
  cell_type: "markdown" | "code";
  id: string;
  metadata: Record<string, never>;
  source: string[];
  execution_count?: null;
  outputs?: never[];
}

/**
 * Converts a chapter to a notebook, as the text of its file.
 *
 * @param name the chapter's name, such as 1_frames
 * @param text its Markdown
 */
export function notebookOf(name: string, text: string): string {
  const cells: Cell[] = [];
  const add = (type: Cell["cell_type"], content: string) => {
    const source = content.trim().split(/(?<=\n)/);
    if (source[0] === "") return;
    const own = type === "code" ? { execution_count: null, outputs: [] } : {};
    cells.push({ cell_type: type, id: `${name}-${cells.length + 1}`, metadata: {}, source, ...own });
  };
  for (const piece of text.split(/^(```ts\n[\s\S]*?^```$|!\[[^\]]*\]\([^)]*\.svg\)$)/m)) {
    const code = piece.match(/^```ts\n([\s\S]*?)```$/),
      picture = piece.match(/^!\[[^\]]*\]\(\.\.\/figures\/([^)]*)\.svg\)$/);
    if (code) add("code", code[1]);
    else if (picture) add("code", drawing(picture[1]));
    else add("markdown", relinked(piece));
  }
  for (const { words, code } of LIVE[name] ?? []) {
    add("markdown", words);
    add("code", code);
  }
  const kernelspec = { display_name: "Deno", language: "typescript", name: "deno" };
  const metadata = { kernelspec, language_info: { name: "typescript", file_extension: ".ts" } };
  return JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 }, null, 1) + "\n";
}

/** Code that draws a picture of the textbook in a cell. */
const drawing = (name: string) =>
  `import { drawFigure } from "../../textbook/mod.ts";

await Deno.jupyter.display({ "image/svg+xml": await drawFigure("${name}") }, { raw: true });`;

/** Redirects links between chapters to notebooks, and links to files beside the chapters back to these. */
function relinked(text: string): string {
  return text.replaceAll(/\]\((\d_\w+)\.md\)/g, "]($1.ipynb)").replaceAll(
    /\]\((?!\.\.|\d_|https?:)([^)]+)\)/g,
    "](../textbook/$1)",
  );
}
