/** Chapter 1: a recording, one of its frames under the window, and its log-mel frames with one marked segment. */
import { Buffer } from "node:buffer";
import { openSynthetic } from "../corpora/synthetic.ts";
import { hann, logMel } from "../dsp/log_mel.ts";
import { segmentSeconds, segmentStartSeconds } from "../dsp/segments.ts";
import { frontEnd } from "../dsp/settings.ts";
import { draw, type Plot, WIDTH } from "../report/figures/draw.ts";
import { encodePng } from "../report/figures/png.ts";
import { BLUE, GREY, RED, round } from "./style.ts";

/** Number of columns of the waveform. */
const BINS = 300;
/** The marked segment, at hop 1, and the frame in it that is enlarged. */
const SEGMENT = 40, FRAME = 52;

/** Draws the figure. */
export async function framesFigure(): Promise<string> {
  const { samples } = await openSynthetic(1, { utterances: 5, speakers: 1 }).utterances[2].read();
  const { sampleRate, hopLength, windowLength, nMels } = frontEnd, seconds = samples.length / sampleRate;
  const x = (title: string | null, field = "t"): Plot => ({
    field,
    type: "quantitative",
    scale: { domain: [0, round(seconds, 3)], nice: false },
    axis: { title, labels: title !== null, ticks: title !== null, grid: false },
  });
  const hidden = { type: "quantitative", axis: null, title: null };
  const from = round(segmentStartSeconds(SEGMENT, 1)), to = round(from + segmentSeconds());
  const mark = (bottom: number, top: number, title: string | null): Plot => ({
    data: { values: [{ from, to, bottom, top }] },
    mark: { type: "rect", fill: null, stroke: RED, strokeWidth: 1.5 },
    encoding: { x: x(title, "from"), x2: { field: "to" }, y: { field: "bottom", ...hidden }, y2: { field: "top" } },
  });

  const size = Math.ceil(samples.length / BINS), loudest = samples.reduce((a, s) => Math.max(a, Math.abs(s)), 0);
  const wave = Array.from({ length: Math.ceil(samples.length / size) }, (_, bin) => {
    const own = samples.subarray(bin * size, (bin + 1) * size);
    return {
      t: round(bin * size / sampleRate, 3),
      low: round(Math.min(...own) / loudest, 2),
      high: round(Math.max(...own) / loudest, 2),
    };
  });
  const window = hann(windowLength), begin = FRAME * hopLength;
  const frame = Array.from(window, (w, i) => ({
    ms: round(1000 * i / sampleRate),
    sample: round(samples[begin + i] / loudest, 3),
    windowed: round(samples[begin + i] * w / loudest, 3),
  }));
  const ms = { field: "ms", type: "quantitative", axis: { title: "milliseconds of frame " + FRAME, grid: false } };
  const line = (field: string, color: string): Plot => ({
    mark: { type: "line", color, strokeWidth: 1.2 },
    encoding: { x: ms, y: { field, ...hidden } },
  });

  const frames = logMel(samples), T = frames.length / nMels;
  const [floor, ceiling] = frames.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
  const density = Float32Array.from({ length: frames.length }, (_, i) => {
    const [row, t] = [Math.floor(i / T), i % T];
    return (frames[t * nMels + nMels - 1 - row] - floor) / (ceiling - floor); // the highest band on top
  });
  const png = Buffer.from(encodePng(density, T, nMels, [47, 127, 193])).toString("base64");
  const picture = {
    url: `data:image/png;base64,${png}`,
    t: round(windowLength / 2 / sampleRate),
    end: round(((T - 1) * hopLength + windowLength / 2) / sampleRate),
    bottom: 0,
    top: nMels,
  };
  return await draw({
    spacing: 14,
    vconcat: [
      {
        title: `samples, ${sampleRate.toLocaleString("en")} a second; in red one segment, 335 ms`,
        width: WIDTH,
        height: 44,
        layer: [
          {
            data: { values: wave },
            mark: { type: "area", color: GREY },
            encoding: { x: x(null), y: { field: "low", ...hidden }, y2: { field: "high" } },
          },
          mark(-1, 1, null),
        ],
      },
      {
        title: "one frame of 400 samples: as it is (grey), under the window (blue)",
        width: WIDTH,
        height: 56,
        data: { values: frame },
        layer: [line("sample", GREY), line("windowed", BLUE)],
      },
      {
        title: `log-mel frames, one every 10 ms: ${nMels} bands from ${frontEnd.fMin} to ${frontEnd.fMax} Hz`,
        width: WIDTH,
        height: 84,
        layer: [
          {
            data: { values: [picture] },
            mark: { type: "image", aspect: false },
            encoding: {
              url: { field: "url", type: "nominal" },
              x: x("seconds"),
              x2: { field: "end" },
              y: { field: "bottom", ...hidden },
              y2: { field: "top" },
            },
          },
          mark(0, nMels, "seconds"),
        ],
      },
    ],
  });
}
