/** Exports a result as SVG, PNG or JSON. */
import { segmentSeconds } from "../../../dsp/segments.ts";
import type { FrontEnd } from "../../../dsp/settings.ts";
import type { Recognition } from "../../engine/protocol.ts";
import { predictionJson, profileJson } from "../../../report/prediction_json.ts";
import { download } from "../dom.ts";
import { melBrightness, paint } from "./mel_picture.ts";
import { loudestOf } from "./scene.ts";

/** The result to export. */
export interface ProfileExport {
  name: string;
  recognition: Recognition;
  emotions: readonly string[];
  colours: readonly string[];
  /** The model's name. */
  model: string;
  /** The model's front end, which defines the length of a segment. */
  frontEnd: FrontEnd;
}

/** Kinds of files. */
export type FileKind = "SVG" | "PNG" | "JSON";

/** Offers a file as a download. */
export async function save(kind: FileKind, shown: ProfileExport): Promise<void> {
  const base = shown.name.replace(/\.\w+$/, "").replaceAll(/[^\p{L}\d_-]+/gu, "-").replaceAll(/^-|-$/g, "");
  const content = kind === "JSON"
    ? new Blob([toJson(shown)], { type: "application/json" })
    : await drawing(kind, shown);
  download(`${base || "recording"}.${kind.toLowerCase()}`, content);
}

async function drawing(kind: "SVG" | "PNG", shown: ProfileExport): Promise<Blob> {
  const svg = await toSvg(shown);
  return kind === "SVG" ? new Blob([svg], { type: "image/svg+xml" }) : await toPng(svg);
}

const escape = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

/** The document of `deno task predict --json --profile`. */
function toJson({ name, recognition, emotions, model, frontEnd }: ProfileExport): string {
  const meaning = { emotions, frontEnd }, K = emotions.length, { judgedHop, speech, profile } = recognition;
  // the judged segments: the picture has more
  const every = judgedHop / recognition.segmentHop, marks = speech.filter((_, s) => s % every === 0);
  const judged = {
    ...recognition,
    segmentHop: judgedHop,
    profile: profile.filter((_, i) => Math.floor(i / K) % every === 0),
    speech: marks.includes(1) ? marks : marks.map(() => 1),
    probabilities: Float64Array.from(recognition.probabilities),
  };
  const recording = {
    ...predictionJson(name, judged, meaning),
    speechSegments: judged.speech.reduce((sum, one) => sum + one, 0),
    profile: profileJson(judged, meaning),
  };
  return JSON.stringify({ model, emotions, recordings: [recording] }, null, 2);
}

/** Waveform, log-mel frames and profile, dark on white. */
async function toSvg({ name, recognition, emotions, colours, frontEnd }: ProfileExport): Promise<string> {
  const [left, right, height] = [44, 884, 430], K = emotions.length, { seconds, profile, segmentHop } = recognition;
  const x = (t: number) => left + t / seconds * (right - left);
  const every = segmentHop * frontEnd.hopLength / frontEnd.sampleRate, half = segmentSeconds(frontEnd) / 2;
  const [top, bottom] = [220, 370];
  const under = new Float32Array(profile.length / K);
  const areas = emotions.map((emotion, k) => {
    const low = Array.from(
      under,
      (p, s) => `${x(s * every + half).toFixed(1)},${(bottom - p * (bottom - top)).toFixed(1)}`,
    );
    under.forEach((p, s) => under[s] = p + profile[s * K + k]);
    const high = Array.from(
      under,
      (p, s) => `${x(s * every + half).toFixed(1)},${(bottom - p * (bottom - top)).toFixed(1)}`,
    );
    return `<polygon fill="${colours[k]}" fill-opacity="0.88" points="${
      [...low, ...high.reverse()].join(" ")
    }"><title>${escape(emotion)}</title></polygon>`;
  });
  const ticks = Array.from(
    { length: Math.floor(seconds) + 1 },
    (_, t) => `<text x="${x(t)}" y="${bottom + 16}" text-anchor="middle">${t} s</text>`,
  );
  const legend = emotions.map((emotion, k) =>
    `<rect x="${left + k * 118}" y="${height - 30}" width="10" height="10" fill="${colours[k]}"/><text x="${
      left + k * 118 + 15
    }" y="${height - 21}">${escape(emotion)} ${(100 * recognition.probabilities[k]).toFixed(0)} %</text>`
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 ${height}" width="900" height="${height}" font-family="system-ui, sans-serif" font-size="12" fill="#1b2026">`,
    `<rect width="900" height="${height}" fill="#fff"/>`,
    `<text x="${left}" y="20" font-weight="600">${escape(name)}: ${escape(recognition.emotion)}, ${
      (100 * recognition.probability).toFixed(0)
    } %</text>`,
    `<path d="${wavePath(recognition.samples, left, right, 62, 26)}" stroke="#5a6570" fill="none"/>`,
    `<image x="${left}" y="98" width="${right - left}" height="110" preserveAspectRatio="none" href="${await melPng(
      recognition.frames,
      frontEnd.nMels,
    )}"/>`,
    ...[0, 0.5, 1].map((p) =>
      `<text x="${left - 8}" y="${bottom - p * (bottom - top) + 4}" text-anchor="end">${p}</text>`
    ),
    ...areas,
    ...ticks,
    ...legend,
    "</svg>",
  ].join("\n");
}

function wavePath(samples: Float32Array, left: number, right: number, middle: number, size: number): string {
  const columns = right - left, each = samples.length / columns, loudest = loudestOf(samples);
  return Array.from({ length: columns }, (_, c) => {
    let low = 0, high = 0;
    for (let i = Math.floor(c * each); i < (c + 1) * each; i++) {
      low = Math.min(low, samples[i] ?? 0);
      high = Math.max(high, samples[i] ?? 0);
    }
    const y = (value: number) => (middle - value / loudest * size).toFixed(1);
    return `M${left + c + 0.5} ${y(high)}V${y(low)}`;
  }).join("");
}

async function melPng(frames: Float32Array, nMels: number): Promise<string> {
  const count = frames.length / nMels, columns = Math.min(count, 2000);
  const canvas = new OffscreenCanvas(columns, nMels), data = new ImageData(columns, nMels);
  for (let c = 0; c < columns; c++) {
    const t = Math.floor(c * count / columns);
    for (let b = 0; b < nMels; b++) {
      paint(data.data, 4 * ((nMels - 1 - b) * columns + c), melBrightness(frames[t * nMels + b]), false);
    }
  }
  canvas.getContext("2d")!.putImageData(data, 0, 0);
  const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return `data:image/png;base64,${btoa(text)}`;
}

/** An SVG drawing as a PNG of twice the size. */
async function toPng(svg: string): Promise<Blob> {
  const url = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [2 * image.width, 2 * image.height];
    canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) =>
      canvas.toBlob((blob) => blob ? resolve(blob) : reject(new Error("This browser can't make a PNG of the picture")))
    );
  } finally {
    URL.revokeObjectURL(url);
  }
}
