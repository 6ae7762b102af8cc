/**
 * The report of a run, or of the whole paper: tables beside the paper's, figures, one page of HTML.
 *
 * @module
 */
export { buildReport, buildTables, type ReportOptions, type Tables } from "./build.ts";
export { type Checked, checkReport } from "./check.ts";
export { comparePredictions } from "./comparison.ts";
export type { Report, ReportFigure, ReportTable, Section } from "./document.ts";
export { renderPage } from "./html.ts";
export { type Curve, readRun, type RunView } from "./read_run.ts";
export { type Chain, readStudy, type Study } from "./study.ts";
export { writeReport, type WrittenReport } from "./write.ts";
