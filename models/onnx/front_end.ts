/**
 * Samples to segments as ONNX nodes: the same computation as in `dsp/log_mel.ts` and `dsp/segments.ts`, also in float64.
 *
 *     samples [n] -> STFT [T, bins, 2] -> magnitude [T, bins] -> mel [T, bands] -> ln(gain mel + offset) -> segments [N, frames, bands]
 *
 * ONNX's STFT requires a window as long as its transform, and counts frames by it. So the window is padded with zeros, and the samples
 * with as many: T is 1 + floor((n - window) / hop), as everywhere in EPR.
 */
import { hann } from "../../dsp/log_mel.ts";
import { MelBank } from "../../dsp/mel.ts";
import type { FrontEnd, Levelling } from "../../dsp/settings.ts";
import { type OnnxGraph, TYPES } from "./graph.ts";

/** Front-end settings that can be exported. */
const KNOWN: readonly (keyof FrontEnd)[] = [
  "sampleRate",
  "windowLength",
  "hopLength",
  "fftLength",
  "nMels",
  "fMin",
  "fMax",
  "logOffset",
  "segmentFrames",
  "levelling",
];

/**
 * Adds the front end.
 *
 * @param samples name of the float values, [n], at the front end's rate
 * @param segmentHop frames from one segment to the next
 * @returns name of the segments' log-mel values, float [segments, segmentFrames, nMels]
 * @throws {TypeError} if the front end has an unknown setting
 */
export function addFrontEnd(graph: OnnxGraph, samples: string, settings: FrontEnd, segmentHop: number): string {
  const other = Object.keys(settings).find((key) => !(KNOWN as readonly string[]).includes(key));
  if (other !== undefined) {
    throw new TypeError(`ONNX export: expected a front end with known settings, found '${other}'`);
  }
  return cutSegments(graph, logMel(graph, samples, settings), settings, segmentHop);
}

/** Log-mel frames, float [T, nMels]. */
function logMel(graph: OnnxGraph, samples: string, settings: FrontEnd): string {
  const { windowLength, hopLength, fftLength, nMels, logOffset } = settings;
  const window = new Float64Array(fftLength), bank = new MelBank(settings);
  window.set(hann(windowLength));
  graph.constant("hann", window, [fftLength]);
  graph.constant("mel.bank", bank.toMatrix(), [bank.bins, nMels]);
  graph.constant("mel.offset", Float64Array.of(logOffset), []);
  graph.whole("window.rest", [0, fftLength - windowLength]);
  graph.whole("frame.hop", hopLength);
  graph.whole("frame.length", fftLength);
  graph.whole("axes.signal", [0, 2]);
  graph.whole("axis.complex", [3]);
  graph.whole("axis.batch", [0]);

  graph.node("Cast", [samples], "samples.double", { to: TYPES.double });
  graph.node("Pad", ["samples.double", "window.rest"], "samples.padded");
  graph.node("Unsqueeze", ["samples.padded", "axes.signal"], "signal"); // [1, n, 1]
  graph.node("STFT", ["signal", "frame.hop", "hann", "frame.length"], "spectrum", { onesided: 1 });
  graph.node("Mul", ["spectrum", "spectrum"], "spectrum.squared");
  graph.node("ReduceSum", ["spectrum.squared", "axis.complex"], "power", { keepdims: 0 });
  graph.node("Sqrt", ["power"], "magnitude"); // [1, T, bins]
  graph.node("MatMul", ["magnitude", "mel.bank"], "mel");
  const levelled = settings.levelling ? level(graph, "mel", settings.levelling) : "mel";
  graph.node("Add", [levelled, "mel.offset"], "mel.raised");
  graph.node("Log", ["mel.raised"], "log_mel.double");
  graph.node("Cast", ["log_mel.double"], "log_mel.batch", { to: TYPES.float });
  return graph.node("Squeeze", ["log_mel.batch", "axis.batch"], "log_mel");
}

/**
 * Multiplies mel magnitudes by the gain of `dsp/levelling.ts`. The frame of rank floor(T percentile / 100) in rising order is the
 * last of the T - floor(T percentile / 100) loudest.
 *
 * @param mel name of the values, double [1, T, bands]
 */
function level(graph: OnnxGraph, mel: string, { percentile, magnitude, mostGain, frames }: Levelling): string {
  graph.whole("level.first", [0]);
  graph.whole("level.frames", [frames]);
  graph.constant("level.percent", Float64Array.of(percentile), [1]);
  graph.constant("level.hundred", Float64Array.of(100), [1]);
  graph.constant("level.magnitude", Float64Array.of(magnitude), [1]);
  graph.constant("level.most_gain", Float64Array.of(mostGain), [1]);
  graph.whole("level.one", [1]);
  graph.node("ReduceMean", [mel], "level.means", { axes: [0, 2], keepdims: 0 }); // [T]
  graph.node("Slice", ["level.means", "level.first", "level.frames"], "level.loudness");
  graph.node("Shape", ["level.loudness"], "level.count"); // [1]
  graph.node("Cast", ["level.count"], "level.count.double", { to: TYPES.double });
  graph.node("Mul", ["level.count.double", "level.percent"], "level.rank.percent");
  graph.node("Div", ["level.rank.percent", "level.hundred"], "level.rank.exact");
  graph.node("Floor", ["level.rank.exact"], "level.rank.double");
  graph.node("Cast", ["level.rank.double"], "level.rank.unbounded", { to: TYPES.int64 });
  graph.node("Sub", ["level.count", "level.one"], "level.last");
  graph.node("Min", ["level.rank.unbounded", "level.last"], "level.rank");
  graph.node("Sub", ["level.count", "level.rank"], "level.louder");
  graph.node("TopK", ["level.loudness", "level.louder"], ["level.loudest", "level.places"]);
  graph.node("ReduceMin", ["level.loudest"], "level.percentile", { keepdims: 1 }); // [1]
  graph.node("Div", ["level.magnitude", "level.percentile"], "level.gain.unbounded");
  graph.node("Min", ["level.gain.unbounded", "level.most_gain"], "level.gain");
  return graph.node("Mul", [mel, "level.gain"], "mel.levelled");
}

/**
 * Segment s is frames [s hop, s hop + segmentFrames). If the recording is shorter than a segment, its last frame is
 * repeated.
 */
function cutSegments(graph: OnnxGraph, frames: string, { segmentFrames }: FrontEnd, segmentHop: number): string {
  graph.whole("segment.overhang", segmentFrames - 1);
  graph.whole("segment.first", 0);
  graph.whole("segment.hop", segmentHop);
  graph.whole("one", 1);
  graph.whole("segment.frames", Array.from({ length: segmentFrames }, (_, frame) => frame));
  graph.whole("axis.frame", [1]);
  graph.node("Shape", [frames], "frames.shape", { start: 0, end: 1 });
  graph.node("Squeeze", ["frames.shape"], "frames");
  graph.node("Sub", ["frames", "segment.overhang"], "segment.count_at_hop_1");
  graph.node("Max", ["segment.count_at_hop_1", "one"], "segment.end");
  graph.node("Sub", ["frames", "one"], "frames.last");
  graph.node("Range", ["segment.first", "segment.end", "segment.hop"], "segment.starts");
  graph.node("Unsqueeze", ["segment.starts", "axis.frame"], "segment.column");
  graph.node("Add", ["segment.column", "segment.frames"], "segment.unbounded");
  graph.node("Min", ["segment.unbounded", "frames.last"], "segment.indices"); // [N, segmentFrames]
  return graph.node("Gather", [frames, "segment.indices"], "segments", { axis: 0 });
}
