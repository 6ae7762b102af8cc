/** Activations and filters as pictures. Each channel is drawn as the network sees it: mel bands upwards, frames to the right. */
import type { LayerView } from "../../engine/protocol.ts";
import { dark } from "../dom.ts";
import { paint } from "../listen/mel_picture.ts";

/** Channels that a mosaic shows at most. */
const MOST = 64;

/** All channels of a layer in a square, as bright as the largest of all. */
export function mosaic(canvas: HTMLCanvasElement, { shape, values }: LayerView): void {
  const [height, width, channels] = shape.length === 3 ? shape : [1, 1, shape[0]];
  const shown = shape.length === 3 ? Math.min(MOST, channels) : channels;
  const side = Math.ceil(Math.sqrt(shown)), down = Math.ceil(shown / side), gap = shape.length === 3 ? 1 : 0;
  const picture = new ImageData(side * (width + gap), down * (height + gap));
  const largest = largestOf(values), onDark = dark();
  for (let c = 0; c < shown; c++) {
    const [left, top] = [c % side * (width + gap), Math.floor(c / side) * (height + gap)];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const value = values[(y * width + x) * channels + c] / largest;
        // the lowest band is the first row, and is drawn last
        paint(
          picture.data,
          4 * ((top + height - 1 - y) * picture.width + left + x),
          Math.sqrt(Math.max(0, value)),
          onDark,
        );
      }
    }
  }
  put(canvas, picture);
}

/** One channel of a layer; of a dense layer all units in a row, the chosen one marked by its height. */
export function channelPicture(canvas: HTMLCanvasElement, { shape, values }: LayerView, channel: number): void {
  const onDark = dark();
  if (shape.length === 3) {
    const [height, width, channels] = shape, picture = new ImageData(width, height), largest = largestOf(values);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const value = values[(y * width + x) * channels + channel] / largest;
        paint(picture.data, 4 * ((height - 1 - y) * width + x), Math.sqrt(Math.max(0, value)), onDark);
      }
    }
    put(canvas, picture);
    return;
  }
  const low = Math.min(0, ...values), high = Math.max(1e-9, ...values), picture = new ImageData(values.length, 24);
  values.forEach((value, u) => {
    const filled = (value - low) / (high - low) * 24;
    for (let y = 0; y < 24; y++) {
      paint(picture.data, 4 * ((23 - y) * values.length + u), y < filled ? (u === channel ? 1 : 0.45) : 0, onDark);
    }
  });
  put(canvas, picture);
}

/** The 3x3 filter that makes a channel, one square for each channel it reads. Blue is positive, red negative. */
export function filterPicture(
  canvas: HTMLCanvasElement,
  { shape: [, , channelsIn, channelsOut], values }: { shape: number[]; values: Float32Array },
  channel: number,
): void {
  const shown = Math.min(MOST, channelsIn), side = Math.ceil(Math.sqrt(shown)), down = Math.ceil(shown / side);
  const picture = new ImageData(side * 4 - 1, down * 4 - 1);
  let largest = 1e-9;
  for (let i = 0; i < 9 * channelsIn; i++) largest = Math.max(largest, Math.abs(values[i * channelsOut + channel]));
  for (let c = 0; c < shown; c++) {
    for (let y = 0; y < 3; y++) {
      for (let x = 0; x < 3; x++) {
        const value = values[((y * 3 + x) * channelsIn + c) * channelsOut + channel] / largest;
        const at = 4 * ((Math.floor(c / side) * 4 + 2 - y) * picture.width + c % side * 4 + x);
        const base = dark() ? [27, 33, 39] : [246, 248, 250], end = value > 0 ? [47, 127, 193] : [209, 73, 91];
        for (let i = 0; i < 3; i++) picture.data[at + i] = base[i] + Math.abs(value) * (end[i] - base[i]);
        picture.data[at + 3] = 255;
      }
    }
  }
  put(canvas, picture);
}

function largestOf(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, value), 1e-9);
}

/** Shows a picture, its pixels as squares; the canvas's element says how large. */
function put(canvas: HTMLCanvasElement, picture: ImageData): void {
  [canvas.width, canvas.height] = [picture.width, picture.height];
  canvas.getContext("2d")!.putImageData(picture, 0, 0);
}
