/** A recording's waveform and log-mel frames, one above the other. */
import { Buffer } from "node:buffer";
import { type Plot, WIDTH } from "./draw.ts";
import type { Overview } from "./overview.ts";
import { encodePng } from "./png.ts";

/**
 * The two panels.
 *
 * @param x the axis of time, in a field `t`, seconds
 */
export function soundPanels(overview: Overview, x: Plot, width: number = WIDTH): Plot[] {
  const { settings: { nMels, hopLength, windowLength, sampleRate, fMin, fMax }, logMel } = overview;
  const { columns, step } = logMel, T = columns.length / nMels;
  const [floor, ceiling] = columns.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
  // the highest band on top
  const density = Float32Array.from({ length: columns.length }, (_, i) => {
    const [row, column] = [Math.floor(i / T), i % T];
    return (columns[column * nMels + nMels - 1 - row] - floor) / (ceiling - floor || 1);
  });
  const png = encodePng(density, T, nMels, [47, 127, 193]);
  const url = `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
  const [begin, end] = [0, (T - 1) * step].map((frame) => (frame * hopLength + windowLength / 2) / sampleRate);
  const none = { axis: null, title: null };
  return [
    {
      title: "waveform",
      width,
      height: 40,
      data: {
        values: overview.waveform.map(({ t, low, high }) => ({ t: round(t), low: round(low), high: round(high) })),
      },
      mark: { type: "area", color: "#7d8a97" },
      encoding: { x, y: { field: "low", type: "quantitative", ...none }, y2: { field: "high" } },
    },
    {
      title: `log-mel, ${nMels} bands from ${fMin} to ${fMax.toLocaleString("en")} Hz`,
      width,
      height: 64,
      data: { values: [{ url, t: begin, end, bottom: 0, top: 1 }] },
      mark: { type: "image", aspect: false },
      encoding: {
        url: { field: "url", type: "nominal" },
        x,
        x2: { field: "end" },
        y: { field: "bottom", type: "quantitative", ...none },
        y2: { field: "top" },
      },
    },
  ];
}

const round = (value: number) => Math.round(10000 * value) / 10000;
