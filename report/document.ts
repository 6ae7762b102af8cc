/** The parts of a report. */

/** A table. */
export interface ReportTable {
  /** Distinguishes it from a figure. */
  kind: "table";
  /** For links and file names. */
  id: string;
  /** Its subject. */
  title: string;
  /** Column names. */
  head: string[];
  /** Displayed cells; each row is as long as the head. */
  rows: string[][];
  /** How to read the table. */
  note?: string;
}

/** A figure. */
export interface ReportFigure {
  /** Distinguishes it from a table. */
  kind: "figure";
  /** For links and file names. */
  id: string;
  /** Its subject, and how to read it. */
  caption: string;
  /** An SVG element, drawn in the colour of the surrounding text. */
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
  /** Tables and figures, in order. */
  items: (ReportTable | ReportFigure)[];
}

/** A whole report. */
export interface Report {
  /** Its title. */
  title: string;
  /** The most important results, in a few lines. */
  summary: string[];
  /** Sections, in order. */
  sections: Section[];
}

/** All tables in some sections. */
export function tablesOf(sections: readonly Section[]): ReportTable[] {
  return sections.flatMap(({ items }) => items.filter((item) => item.kind === "table"));
}
