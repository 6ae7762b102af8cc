/**
 * The paper's Figures 2 and 4: the profile of one utterance through the stages, under its waveform and its log-mel frames. Time
 * runs alike through all panels; a segment stands at its middle.
 */
import { Buffer } from "node:buffer";
import { frontEnd, logMel, segmentSeconds, segmentStartSeconds } from "../../dsp/mod.ts";
import type { ReportFigure } from "../document.ts";
import { METHOD_NAMES } from "../format.ts";
import { readSound, type RunView } from "../read_run.ts";
import type { Chain } from "../study.ts";
import { draw, emotionColours, type Plot, WIDTH } from "./draw.ts";
import { encodePng } from "./png.ts";

/** Columns that a waveform is drawn with, at most. */
const BINS = 400;

/** The panels of an utterance. @param utterance its index */
export async function profileFigure(chain: Chain, utterance: number): Promise<ReportFigure> {
  const [run] = chain.runs, { corpus, config: { settings } } = run, { emotions } = corpus;
  const { id, emotion, segmentCount } = corpus.utterances[utterance], hop = settings.segmentHop!;
  const sound = await readSound(run, utterance);
  const seconds = sound
    ? sound.length / frontEnd.sampleRate
    : segmentStartSeconds(segmentCount - 1, hop) + segmentSeconds();
  const x = (title: string | null): Plot => ({
    field: "t",
    type: "quantitative",
    scale: { domain: [0, seconds], nice: false },
    axis: { title, labels: title !== null, ticks: title !== null, grid: false, tickCount: 6 },
  });
  const stages = chain.runs[0].profiles.map((profiles, i): Plot => {
    const last = i + 1 === chain.stages;
    return {
      title: `stage ${i + 1}`,
      width: WIDTH,
      height: 62,
      data: { values: profileRows(run, profiles, utterance, hop) },
      mark: { type: "line", strokeWidth: 1.6, interpolate: "monotone", point: segmentCount === 1 },
      encoding: {
        x: x(last ? "seconds" : null),
        y: { field: "p", type: "quantitative", title: null, scale: { domain: [0, 1] }, axis: { values: [0, 0.5, 1] } },
        color: {
          field: "emotion",
          type: "nominal",
          title: null,
          scale: { domain: emotions, range: emotionColours(emotions) },
          legend: { symbolType: "stroke" },
        },
      },
    };
  });
  const svg = await draw({ spacing: 10, vconcat: [...(sound ? soundPanels(sound, x(null)) : []), ...stages] });
  const name = METHOD_NAMES[chain.method], seed = settings.seed;
  return {
    kind: "figure",
    id: `profile-${chain.method}`,
    caption: `${name}: ${id} (${emotions[emotion]}), its profile from the networks that held it out, seed ${seed}` +
      (sound ? ", under its waveform and log-mel frames." : ". Its recording was not there to be drawn."),
    svg,
  };
}

function profileRows(run: RunView, profiles: Float32Array, utterance: number, hop: number) {
  const { emotions, utterances } = run.corpus, { firstSegment, segmentCount } = utterances[utterance];
  return Array.from({ length: segmentCount }, (_, s) =>
    emotions.map((emotion, k) => ({
      t: round(segmentStartSeconds(s, hop) + segmentSeconds() / 2),
      emotion,
      p: round(profiles[(firstSegment + s) * emotions.length + k]),
    }))).flat();
}

/** Waveform and log-mel frames. */
function soundPanels(samples: Float32Array, x: Plot): Plot[] {
  const rate = frontEnd.sampleRate, size = Math.ceil(samples.length / BINS);
  const wave = Array.from({ length: Math.ceil(samples.length / size) }, (_, bin) => {
    const own = samples.subarray(bin * size, (bin + 1) * size);
    const [low, high] = own.reduce(([a, b], s) => [Math.min(a, s), Math.max(b, s)], [Infinity, -Infinity]);
    return { t: round(bin * size / rate), low: round(low), high: round(high) };
  });
  const frames = logMel(samples), { nMels, hopLength, windowLength } = frontEnd, T = frames.length / nMels;
  const [floor, ceiling] = frames.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
  // the highest band on top
  const density = Float32Array.from({ length: frames.length }, (_, i) => {
    const [row, frame] = [Math.floor(i / T), i % T];
    return (frames[frame * nMels + nMels - 1 - row] - floor) / (ceiling - floor || 1);
  });
  const png = encodePng(density, T, nMels, [47, 127, 193]);
  const url = `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
  const [begin, end] = [0, T - 1].map((frame) => (frame * hopLength + windowLength / 2) / rate);
  const none = { axis: null, title: null };
  return [
    {
      title: "waveform",
      width: WIDTH,
      height: 40,
      data: { values: wave },
      mark: { type: "area", color: "#7d8a97" },
      encoding: { x, y: { field: "low", type: "quantitative", ...none }, y2: { field: "high" } },
    },
    {
      title: `log-mel, ${nMels} bands from ${frontEnd.fMin} to ${frontEnd.fMax.toLocaleString("en")} Hz`,
      width: WIDTH,
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
