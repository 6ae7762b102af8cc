/** Formats numbers for the report. */
import { mean, meanHalfWidth, wilsonInterval } from "../refinery/intervals.ts";

/** A fraction of 1 in percent with two decimals, as in the paper, without the sign. */
export const hundredths = (fraction: number) => (100 * fraction).toFixed(2);

/** A fraction of 1 in percent with one decimal, without the sign. */
export const tenths = (fraction: number) => (100 * fraction).toFixed(1);

/** The mean over seeds in percent, with half its 95 % t interval if there are several. */
export function meanPercent(values: readonly number[], show = hundredths): string {
  return values.length < 2 ? show(values[0]) : `${show(mean(values))} ± ${show(meanHalfWidth(values))}`;
}

/** A mean over seeds of a quantity other than a share. */
export const meanNumber = (values: readonly number[], digits = 3) => mean(values).toFixed(digits);

/** Wilson's 95 % interval of a share of n, in percent; a line break is possible before its end. */
export function intervalPercent(share: number, n: number): string {
  const { low, high } = wilsonInterval(share, n);
  return `${tenths(low)}\u00a0to ${tenths(high)}`;
}

/** A probability under the null hypothesis. */
export const pValue = (p: number) => p < 0.001 ? "< 0.001" : p.toFixed(3);

/** Names of methods in figures and tables. */
export const METHOD_NAMES = {
  pEPR: "pEPR",
  sEPR: "sEPR",
  "hard-dynamic": "hard dynamic",
  "soft-static": "soft static",
  uniform: "uniform (control)",
} as const;
