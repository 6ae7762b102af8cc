/** What the textbook's figures share. */

/** Colours that can be told apart on light and dark. */
export const BLUE = "#2f7fc1", RED = "#d1495b", GREEN = "#4f9a5f", GREY = "#7d8a97", OCHRE = "#c07a00";

/** Rounded, so that the same figure is the same file wherever it is drawn. */
export function round(value: number, digits = 4): number {
  return Number(value.toFixed(digits)) || 0;
}
