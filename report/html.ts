/** The report as one self-contained page: no script, and no external font or picture. */
import type { Report, ReportFigure, ReportTable, Section } from "./document.ts";
import style from "./style.css" with { type: "text" };

/** The whole page. */
export function renderPage({ title, summary, sections }: Report): string {
  const links = sections.map(({ id, title }) => `<a href="#${id}">${escape(title)}</a>`).join("\n");
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(title)}</title>
<style>
${style}</style>
</head>
<body>
<header>
<h1>${escape(title)}</h1>
${paragraphs(summary)}
<nav aria-label="Sections">
${links}
</nav>
</header>
<main>
${sections.map(renderSection).join("\n")}
</main>
</body>
</html>
`;
}

function renderSection({ id, title, text, items }: Section): string {
  const parts = items.map((item) => item.kind === "table" ? renderTable(item) : renderFigure(item));
  return `<section id="${id}">\n<h2>${escape(title)}</h2>\n${paragraphs(text)}\n<div class="items">\n${
    parts.join("\n")
  }\n</div>\n</section>`;
}

/** A table: the first column names the row, columns of numbers are right-aligned. */
export function renderTable({ id, title, head, rows, note }: ReportTable): string {
  const numeric = head.map((_, c) => rows.every((row) => /^[-+–±<\d., ]+(\s?to [\d.]+)?(\s\/ [\d.]+)?$/.test(row[c])));
  const mark = (c: number) => numeric[c] ? ' class="n"' : "";
  const cells = (row: string[]) =>
    row.map((cell, c) =>
      c === 0 ? `<th scope="row"${mark(c)}>${escape(cell)}</th>` : `<td${mark(c)}>${escape(cell)}</td>`
    ).join("");
  return [
    `<div class="table" id="table-of-${id}"><table>`,
    `<caption>${escape(title)}</caption>`,
    `<thead><tr>${head.map((name, c) => `<th scope="col"${mark(c)}>${escape(name)}</th>`).join("")}</tr></thead>`,
    "<tbody>",
    ...rows.map((row) => `<tr>${cells(row)}</tr>`),
    "</tbody></table>",
    ...(note ? [`<p class="note">${escape(note)}</p>`] : []),
    "</div>",
  ].join("\n");
}

function renderFigure({ id, caption, svg }: ReportFigure): string {
  // vega's ids of clip paths are made unique for each figure
  const own = svg.replaceAll(/\b(id="|url\(#)(clip|gradient)/g, `$1${id}-$2`);
  return `<figure id="${id}">\n${own}\n<figcaption>${escape(caption)}</figcaption>\n</figure>`;
}

function paragraphs(text: readonly string[]): string {
  return text.filter((line) => line.trim() !== "").map((line) => `<p>${escape(line)}</p>`).join("\n");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
