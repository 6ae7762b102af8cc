/** Shared style of the textbook's figures. */

/** Colours that are distinguishable on light and dark backgrounds. */
export const BLUE = "#2f7fc1", RED = "#d1495b", GREEN = "#4f9a5f", GREY = "#7d8a97", OCHRE = "#c07a00";

/** Rounds a value, so that the figure's file is the same on every machine. */
export function round(value: number, digits = 4): number {
  return Number(value.toFixed(digits)) || 0;
}
