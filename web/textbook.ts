/**
 * The textbook as files of the page: each chapter, its exercises and the glossary as a fragment of HTML, and the pictures. Links
 * between them become addresses of the view. A link to a line of code becomes the text of file and line number, since the page does
 * not include the sources.
 *
 *     textbook/contents.json    [{ name, title }], in reading order
 *     textbook/<name>.html      the contents of docs/textbook/<name>.md
 *     textbook/<name>.svg       from docs/figures
 */
import { join } from "@std/path";
import { marked } from "marked";

const DOCS = join(import.meta.dirname!, "../docs");

/** A page of the textbook in the site. */
export interface Contents {
  /** Name of its file, also used in the address: 3_tape. */
  name: string;
  title: string;
}

/** The textbook's files by their names in the site. */
export async function textbookFiles(): Promise<Map<string, string>> {
  const files = new Map<string, string>(), contents: Contents[] = [];
  const names = [...Deno.readDirSync(join(DOCS, "textbook"))].map(({ name }) => name)
    .filter((name) => name.endsWith(".md") && name !== "README.md").map((name) => name.slice(0, -3));
  for (const name of names.sort(byReading)) {
    const text = await Deno.readTextFile(join(DOCS, "textbook", `${name}.md`));
    contents.push({ name, title: text.match(/^# (.*)$/m)![1] });
    files.set(`textbook/${name}.html`, await render(text));
    for (const [, figure] of text.matchAll(/\(\.\.\/figures\/(\w+\.svg)\)/g)) {
      files.set(`textbook/${figure}`, await Deno.readTextFile(join(DOCS, "figures", figure)));
    }
  }
  files.set("textbook/contents.json", JSON.stringify(contents));
  return files;
}

/** Chapters first, then the rest; exercises follow their chapter. */
function byReading(a: string, b: string): number {
  const place = (name: string) =>
    /^\d/.test(name) ? `${name[0]} a` : /^exercises_/.test(name) ? `${name.slice(-1)} b` : `x ${name}`;
  return place(a) < place(b) ? -1 : 1;
}

/** Converts Markdown to an HTML fragment with the page's own links. */
async function render(text: string): Promise<string> {
  const own = text
    .replaceAll(
      /\[`([^`]+)`\]\((?:\.\.\/\.\.\/)?([^)#]+)#L(\d+)\)/g,
      (_, words, file, line) => `\`${words}\` (${file}:${line})`,
    )
    .replaceAll(/\]\(\.\.\/figures\/(\w+\.svg)\)/g, "](textbook/$1)")
    .replaceAll(/\]\((\w+)\.md\)/g, (_, name) => name === "README" ? "](#learn)" : `](#learn/${name})`)
    .replaceAll(/ {4,}(?=\(\d\)$)/gm, "   ") // on paper an equation's number is at the far right
    .replaceAll(/(?<!!)\[([^\]]+)\]\((?!#|https?:)[^)]+\)/g, "$1"); // links to files that the site does not contain
  const html = await marked.parse(own, { gfm: true });
  // makes wide tables and code scrollable by keyboard
  return html.replaceAll("<table>", '<div class="table" tabindex="0" role="region" aria-label="Table"><table>')
    .replaceAll("</table>", "</table></div>").replaceAll("<pre>", '<pre tabindex="0">');
}
