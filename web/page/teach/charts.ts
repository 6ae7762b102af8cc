/** Lines that grow while networks learn: the current network's line is drawn strongest, and the earlier ones stay. */
import { sharpen, themeColour } from "../dom.ts";

/** A line. */
export interface LossCurve {
  /** Written at its end. */
  label: string;
  points: readonly { step: number; value: number }[];
}

/** The contents of a chart. */
export interface Chart {
  curves: readonly LossCurve[];
  /** The right end of the axis of steps. */
  steps: number;
  /** The upper end of the other axis. */
  most: number;
  /** Grid lines and their labels. */
  ticks: readonly (readonly [value: number, text: string])[];
  /** A dashed line and its meaning. */
  chance: readonly [value: number, text: string];
}

/** Draws values by step as lines. */
export function drawChart(canvas: HTMLCanvasElement, { curves, steps, most, ticks, chance }: Chart): void {
  const { pen, width, height } = sharpen(canvas), [left, right, upper, lower] = [44, width - 24, 12, height - 24];
  if (right <= left) return; // hidden
  const [faint, line, accent, ink] = ["faint", "line", "accent", "ink"].map(themeColour);
  const x = (step: number) => left + step / Math.max(1, steps) * (right - left);
  const y = (value: number) => lower - Math.min(value, most) / most * (lower - upper);
  pen.font = "11px system-ui, sans-serif";
  pen.textBaseline = "middle";
  pen.textAlign = "right";
  for (const [value, text] of ticks) {
    pen.fillStyle = line;
    pen.fillRect(left, y(value), right - left, 1);
    pen.fillStyle = faint;
    pen.fillText(text, left - 6, y(value));
  }
  if (steps > 0) pen.fillText(`${steps} steps`, right, lower + 14);
  pen.setLineDash([3, 3]);
  pen.strokeStyle = faint;
  pen.beginPath();
  pen.moveTo(left, y(chance[0]));
  pen.lineTo(right, y(chance[0]));
  pen.stroke();
  pen.setLineDash([]);
  pen.fillText(chance[1], right, y(chance[0]) - 9);
  pen.textAlign = "left";
  curves.forEach(({ label, points }, i) => {
    const last = i === curves.length - 1, end = points.at(-1);
    if (!end) return;
    pen.strokeStyle = last ? accent : faint;
    pen.globalAlpha = last ? 1 : 0.55;
    pen.lineWidth = last ? 1.8 : 1.2;
    pen.beginPath();
    points.forEach(({ step, value }, n) => pen[n === 0 ? "moveTo" : "lineTo"](x(step), y(value)));
    pen.stroke();
    pen.globalAlpha = 1;
    pen.fillStyle = last ? ink : faint;
    // labels of lines that end at the same place do not overlap
    pen.fillText(label, Math.min(x(end.step) + 3, right + 2 + 6 * i - 3 * curves.length), y(end.value) - 8);
  });
}
