/** The charts of the training: the loss of each stage, and the watched profile, one stage below the other. */
import { ordinal } from "../../../base/numbering.ts";
import { sharpen, themeColour } from "../dom.ts";

/** A stage's profile of the watched utterance. */
export interface StageProfile {
  stage: number;
  step: number;
  /** [segments, emotions] */
  values: Float32Array;
}

const FONT = "11px system-ui, sans-serif";

/** Loss by step; the current stage is drawn strongest. @param top the loss of a uniform prediction, in nats */
export function drawLosses(
  canvas: HTMLCanvasElement,
  curves: readonly { step: number; loss: number }[][],
  steps: number,
  chance: number,
): void {
  const { pen, width, height } = sharpen(canvas), [left, right, upper, lower] = [32, width - 10, 12, height - 24];
  const [faint, line, accent, ink] = ["faint", "line", "accent", "ink"].map(themeColour);
  const most = Math.max(chance * 1.15, ...curves.flat().map(({ loss }) => Math.min(loss, 2 * chance)));
  const x = (step: number) => left + step / Math.max(1, steps) * (right - left),
    y = (loss: number) => lower - loss / most * (lower - upper);
  pen.font = FONT;
  pen.textBaseline = "middle";
  pen.textAlign = "right";
  for (let loss = 0; loss <= most; loss += 0.5) {
    pen.fillStyle = line;
    pen.fillRect(left, y(loss), right - left, 1);
    pen.fillStyle = faint;
    pen.fillText(loss.toFixed(1), left - 6, y(loss));
  }
  if (steps > 0) pen.fillText(`${steps} steps`, right, lower + 14);
  pen.setLineDash([3, 3]);
  pen.strokeStyle = faint;
  pen.beginPath();
  pen.moveTo(left, y(chance));
  pen.lineTo(right, y(chance));
  pen.stroke();
  pen.setLineDash([]);
  pen.fillText("knows nothing", right, y(chance) - 9);
  const ends: { stage: number; x: number; y: number }[] = [];
  curves.forEach((curve, i) => {
    const last = i === curves.length - 1;
    pen.strokeStyle = last ? accent : faint;
    pen.globalAlpha = last ? 1 : 0.55;
    pen.lineWidth = last ? 1.8 : 1.2;
    pen.beginPath();
    // each reading covers a few steps; their running mean is easier to read
    let mean = curve[0]?.loss ?? 0;
    curve.forEach(({ step, loss }, n) => {
      mean += (loss - mean) * Math.max(0.25, 1 / (n + 1));
      pen[n === 0 ? "moveTo" : "lineTo"](x(step), y(Math.min(mean, most)));
    });
    pen.stroke();
    pen.globalAlpha = 1;
    const end = curve.at(-1);
    if (end) ends.push({ stage: i, x: Math.min(x(end.step) + 3, right - 8), y: y(Math.min(mean, most)) - 8 });
  });
  // labels of stages that end at the same loss do not overlap
  pen.textAlign = "left";
  ends.sort((a, b) => a.y - b.y);
  ends.forEach((end, i) => {
    if (i > 0 && Math.abs(end.x - ends[i - 1].x) < 12) end.y = Math.max(end.y, ends[i - 1].y + 12);
    pen.fillStyle = end.stage === curves.length - 1 ? ink : faint;
    pen.fillText(`${ordinal(end.stage)}`, end.x, end.y);
  });
}

/** A strip of areas for each stage, with the truth below. */
export function drawProfiles(
  canvas: HTMLCanvasElement,
  stages: readonly StageProfile[],
  truth: readonly number[],
  colours: readonly string[],
): void {
  const { pen, width, height } = sharpen(canvas), K = colours.length;
  const [left, right] = [52, width - 6], [faint, line] = ["faint", "line"].map(themeColour);
  const strip = 20, rows = Math.max(1, stages.length), each = (height - strip - 26) / rows;
  pen.font = FONT;
  pen.textBaseline = "middle";
  for (const [row, one] of stages.entries()) {
    if (!one) continue;
    const [top, bottom] = [row * each + 4, (row + 1) * each - 6], segments = one.values.length / K;
    const x = (s: number) => left + (s + 0.5) / segments * (right - left);
    pen.fillStyle = faint;
    pen.textAlign = "right";
    pen.fillText(`stage ${ordinal(one.stage)}`, left - 8, (top + bottom) / 2);
    const under = new Float32Array(segments);
    for (let k = 0; k < K; k++) {
      pen.beginPath();
      const upper: [number, number][] = [];
      for (let s = 0; s < segments; s++) {
        const low = under[s];
        under[s] += one.values[s * K + k];
        upper.push([x(s), bottom - Math.min(1, under[s]) * (bottom - top)]);
        pen[s === 0 ? "moveTo" : "lineTo"](x(s), bottom - low * (bottom - top));
      }
      for (const [at, y] of upper.reverse()) pen.lineTo(at, y);
      pen.closePath();
      pen.fillStyle = colours[k];
      pen.globalAlpha = 0.88;
      pen.fill();
      pen.globalAlpha = 1;
    }
  }
  const top = height - strip - 8;
  pen.fillStyle = faint;
  pen.textAlign = "right";
  pen.fillText("truth", left - 8, top + strip / 2);
  pen.fillStyle = line;
  if (truth.length === 0) pen.fillRect(left, top, right - left, strip);
  truth.forEach((k, s) => {
    pen.fillStyle = colours[k];
    // whole pixels, so that there are no gaps between neighbours
    const [from, to] = [s, s + 1].map((at) => Math.round(left + at / truth.length * (right - left)));
    pen.fillRect(from, top, to - from, strip);
  });
}
