/** The parts that a report is put together from. */

/** A table. */
export interface ReportTable {
  /** Tells it from a figure. */
  kind: "table";
  /** For links and file names. */
  id: string;
  /** What it shows. */
  title: string;
  /** Names of columns. */
  head: string[];
  /** Cells as they are shown, each row as long as the head. */
  rows: string[][];
  /** How to read it. */
  note?: string;
}

/** A figure. */
export interface ReportFigure {
  /** Tells it from a table. */
  kind: "figure";
  /** For links and file names. */
  id: string;
  /** What it shows, and how to read it. */
  caption: string;
  /** An SVG element, drawn in the colour of the text around it. */
  svg: string;
}

/** A part of the report. */
export interface Section {
  /** For links. */
  id: string;
  /** Its heading. */
  title: string;
  /** Paragraphs. */
  text: string[];
  /** In order. */
  items: (ReportTable | ReportFigure)[];
}

/** The whole. */
export interface Report {
  /** What it is about. */
  title: string;
  /** The most important, in a few lines. */
  summary: string[];
  /** In order. */
  sections: Section[];
}

/** All tables of sections. */
export function tablesOf(sections: readonly Section[]): ReportTable[] {
  return sections.flatMap(({ items }) => items.filter((item) => item.kind === "table"));
}
