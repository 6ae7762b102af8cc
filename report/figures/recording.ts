/** One recording as a picture: waveform, log-mel frames and profile, one above the other, over one axis of time. */
import { segmentSeconds } from "../../dsp/segments.ts";
import type { Prediction } from "../../models/predictor.ts";
import { draw, emotionColours, type Plot, standalone, WIDTH } from "./draw.ts";
import type { Overview } from "./overview.ts";
import { soundPanels } from "./sound.ts";

/** Most points of a line. */
const MOST = 600;

/**
 * The picture, as an SVG file.
 *
 * @param overview overview of the recording
 * @param emotions the profile's columns
 */
export async function recordingFigure(
  overview: Overview,
  emotions: readonly string[],
  { profile, segmentHop }: Pick<Prediction, "profile" | "segmentHop">,
): Promise<string> {
  const { settings, samples } = overview, width = 2 * WIDTH;
  const x = (title: string | null): Plot => ({
    field: "t",
    type: "quantitative",
    scale: { domain: [0, samples / settings.sampleRate], nice: false },
    axis: { title, labels: title !== null, ticks: title !== null, grid: false, tickCount: 8 },
  });
  const values = profilePoints(
    profile,
    emotions,
    (s) => s * segmentHop * settings.hopLength / settings.sampleRate + segmentSeconds(settings) / 2,
  );
  const lines: Plot = {
    title: "profile",
    width,
    height: 110,
    data: { values },
    mark: { type: "line", strokeWidth: 1.6, interpolate: "monotone", point: values.length === emotions.length },
    encoding: {
      x: x("seconds"),
      y: { field: "p", type: "quantitative", title: null, scale: { domain: [0, 1] }, axis: { values: [0, 0.5, 1] } },
      color: {
        field: "emotion",
        type: "nominal",
        title: null,
        scale: { domain: emotions, range: emotionColours(emotions) },
        legend: { symbolType: "stroke", columns: 5 },
      },
    },
  };
  return standalone(await draw({ spacing: 10, vconcat: [...soundPanels(overview, x(null), width), lines] }));
}

/**
 * A point for each segment, or for the mean of several neighbours. @param middle time of a segment's middle, in seconds
 */
function profilePoints(profile: Float32Array, emotions: readonly string[], middle: (segment: number) => number) {
  const K = emotions.length, segments = profile.length / K, group = Math.ceil(segments / MOST);
  return Array.from({ length: Math.ceil(segments / group) }, (_, i) => {
    const first = i * group, count = Math.min(group, segments - first);
    return emotions.map((emotion, k) => {
      let sum = 0;
      for (let s = first; s < first + count; s++) sum += profile[s * K + k];
      return { t: round((middle(first) + middle(first + count - 1)) / 2), emotion, p: round(sum / count) };
    });
  }).flat();
}

const round = (value: number) => Math.round(10000 * value) / 10000;
