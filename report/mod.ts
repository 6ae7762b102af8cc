/**
 * The report of a run, or of the whole paper: tables beside the paper's, figures, and one HTML page.
 *
 * @module
 */
export type { ReportOptions } from "./build.ts";
export { checkReport, type ReportCheck } from "./check.ts";
export { comparePredictions } from "./comparison.ts";
export type { ReportTable } from "./document.ts";
export { writeReport, type WrittenReport } from "./write.ts";
