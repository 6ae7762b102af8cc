/**
 * Renders a Vega-Lite description to an SVG element, without a browser.
 *
 * Text, axes and grids use the colour of the surrounding text (`currentColor`), so that one drawing works on a light page, a
 * dark page and paper. Colours of data have medium lightness and are visible on both. Figures are narrow, so that a phone shows
 * them at full size.
 */
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";

export { emotionColours, METHOD_COLOURS } from "../colours.ts";

/** Total width of a figure's plots in pixels: with its axis it fits a phone. */
export const WIDTH = 270;

const INK = "currentColor";
const CONFIG = {
  background: "transparent",
  font: "system-ui, sans-serif",
  padding: 2,
  view: { stroke: null },
  axis: {
    labelColor: INK,
    titleColor: INK,
    domainColor: INK,
    tickColor: INK,
    gridColor: INK,
    gridOpacity: 0.14,
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: "normal",
    labelLimit: 160,
  },
  legend: {
    labelColor: INK,
    titleColor: INK,
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: "normal",
    orient: "bottom",
    columns: 3,
    columnPadding: 10,
    symbolStrokeWidth: 2,
    symbolOpacity: 1,
  },
  header: { labelColor: INK, titleColor: INK, labelFontSize: 11, titleFontSize: 11 },
  title: { color: INK, fontSize: 11, fontWeight: "normal", anchor: "start", frame: "group", offset: 4 },
  text: { color: INK, fontSize: 11 },
  rule: { color: INK },
};

/** A Vega-Lite description without the parts that all figures share. */
export type Plot = Record<string, unknown>;

/** Draws a plot. */
export async function draw(plot: Plot): Promise<string> {
  const spec = { ...plot, config: { ...CONFIG, ...plot.config as Plot | undefined } } as unknown as TopLevelSpec;
  const view = new View(parse(compile(spec).spec), { renderer: "none" });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** Converts an SVG element to a separate file: dark on white. */
export function standalone(svg: string): string {
  return svg.replace("<svg ", '<svg style="color:#1b2026;background:#fff" ') + "\n";
}
