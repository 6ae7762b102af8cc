/** Boxes, words and arrows for the textbook's diagrams, as SVG. Sizes are pixels. */

const escape = (words: string) => words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** The style of a box or a word. */
export interface DiagramStyle {
  /** Colour of the fill (a box) or of the letters. */
  colour?: string;
  /** Opacity of the fill, 0 to 1. */
  opacity?: number;
  /** Alignment of the words. */
  anchor?: "start" | "middle" | "end";
  /** Size of the letters. */
  size?: number;
}

/** Words with their baseline at (x, y). */
export function words(
  x: number,
  y: number,
  text: string,
  { colour = "currentColor", anchor = "start", size = 11 }: DiagramStyle = {},
) {
  return `<text x="${x}" y="${y}" fill="${colour}" text-anchor="${anchor}" font-size="${size}">${escape(text)}</text>`;
}

/** A box, with optional words in its middle. */
export function box(x: number, y: number, width: number, height: number, text = "", look: DiagramStyle = {}): string {
  const { colour = "none", opacity = 0.25, size = 11 } = look;
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${colour}" fill-opacity="${opacity}" ` +
    `stroke="currentColor" stroke-opacity="0.6"/>` +
    (text && words(x + width / 2, y + height / 2 + size / 3, text, { anchor: "middle", size }));
}

/** A line with an arrowhead at its second end. */
export function arrow(x1: number, y1: number, x2: number, y2: number, colour = "currentColor"): string {
  const angle = Math.atan2(y2 - y1, x2 - x1);
  const wing = (turn: number) =>
    `${(x2 - 5 * Math.cos(angle + turn)).toFixed(1)} ${(y2 - 5 * Math.sin(angle + turn)).toFixed(1)}`;
  return `<path d="M${x1} ${y1}L${x2} ${y2}M${wing(0.5)}L${x2} ${y2}L${wing(-0.5)}" fill="none" stroke="${colour}"/>`;
}

/** Combines the parts to an SVG element. */
export function diagram(width: number, height: number, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `font-family="system-ui, sans-serif">${parts.join("\n")}</svg>`;
}
