/**
 * Activations and weights as pictures: one pixel per number, scaled to the element's size. Channels are drawn as the network's input:
 * mel bands upwards, frames to the right. Each picture can locate the part at a point.
 */
import type { LayerView, Weights } from "../../engine/protocol.ts";
import { dark, themeColour } from "../dom.ts";
import { paint } from "../listen/mel_picture.ts";

/** Least width in pixels of a picture with lines. */
const LEAST = 320;

/** Returns the number of the part under a pointer, or undefined beside the parts. */
export type Locate = (event: MouseEvent) => number | undefined;

/**
 * All channels of a layer, or all units, each as dark as its share of the largest number. `aspect`: width divided by
 * height.
 */
export function mosaic(canvas: HTMLCanvasElement, { shape, values }: LayerView, aspect: number): Locate {
  const flat = shape.length === 1, [height, width, channels] = flat ? [1, 1, shape[0]] : shape;
  const grid = new Grid(channels, width, height, flat ? 0 : 1, aspect);
  const picture = new ImageData(...grid.size), most = largest(values), onDark = dark();
  for (let c = 0; c < channels; c++) {
    const [left, top] = grid.place(c);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const share = Math.abs(values[(y * width + x) * channels + c]) / most;
        // the lowest band is the first row, and is drawn last
        paint(picture.data, 4 * ((top + height - 1 - y) * picture.width + left + x), Math.sqrt(share), onDark);
      }
    }
  }
  put(canvas, picture);
  return (event) => grid.partAt(pixelAt(canvas, event));
}

/**
 * One channel of a layer. A part is one of its numbers, counted as in memory: rows from the lowest band, columns from
 * the first frame.
 */
export function channelPicture(canvas: HTMLCanvasElement, { shape, values }: LayerView, channel: number): Locate {
  const [height, width, channels] = shape, picture = new ImageData(width, height), onDark = dark();
  const most = largest(values);
  for (let i = 0; i < height * width; i++) {
    const at = 4 * ((height - 1 - Math.floor(i / width)) * width + i % width);
    paint(picture.data, at, Math.sqrt(Math.abs(values[i * channels + channel]) / most), onDark);
  }
  put(canvas, picture);
  return (event) => {
    const pixel = pixelAt(canvas, event);
    return pixel && (height - 1 - pixel[1]) * width + pixel[0];
  };
}

/** The units of a dense layer in a row, as bars; the chosen one is the darkest. */
export function unitsPicture(canvas: HTMLCanvasElement, { values }: LayerView, unit: number): Locate {
  const tall = 24, low = Math.min(0, ...values), high = Math.max(1e-9, ...values), onDark = dark();
  const picture = new ImageData(values.length, tall);
  values.forEach((value, u) => {
    const filled = (value - low) / (high - low) * tall;
    for (let y = 0; y < tall; y++) {
      paint(picture.data, 4 * ((tall - 1 - y) * values.length + u), y < filled ? (u === unit ? 1 : 0.45) : 0, onDark);
    }
  });
  put(canvas, picture);
  return (event) => pixelAt(canvas, event)?.[0];
}

/**
 * Filters of a layer, or the weights of its units, in a square, with a line around the chosen one. Blue is positive, red negative.
 * A part is the filter of one output channel.
 */
export function weightsPicture(canvas: HTMLCanvasElement, weights: Weights, chosen: number): Locate {
  const { shape } = weights, channelsOut = shape[shape.length - 1], filter = filterGrid(weights);
  const grid = new Grid(channelsOut, ...filter.size, 3, 1), [width, height] = grid.size;
  // a margin of one pixel for the line
  const picture = blank(width + 2, height + 2), scale = largest(weights.values);
  for (let o = 0; o < channelsOut; o++) {
    const [left, top] = grid.place(o);
    drawFilter(picture, [left + 1, top + 1], filter, weights, o, scale);
  }
  // if there are few numbers, each is drawn larger than a pixel, so that the line is thin
  const times = Math.max(1, Math.floor(LEAST / picture.width)),
    small = new OffscreenCanvas(picture.width, picture.height);
  small.getContext("2d")!.putImageData(picture, 0, 0);
  [canvas.width, canvas.height] = [times * picture.width, times * picture.height];
  const pen = canvas.getContext("2d")!, [left, top] = grid.place(chosen).map((at) => times * (at + 0.5));
  pen.imageSmoothingEnabled = false;
  pen.drawImage(small, 0, 0, canvas.width, canvas.height);
  pen.strokeStyle = themeColour("accent");
  pen.lineWidth = Math.max(1, canvas.width / 120);
  pen.strokeRect(left, top, times * (filter.size[0] + 1), times * (filter.size[1] + 1));
  return (event) => grid.partAt(pixelAt(canvas, event)?.map((at) => Math.floor(at / times) - 1));
}

/** The filter of one channel: 3 x 3 for each input channel; or the weights of one unit. */
export function filterPicture(canvas: HTMLCanvasElement, weights: Weights, channel: number): void {
  const filter = filterGrid(weights), picture = blank(...filter.size), { shape, values } = weights;
  const channelsOut = shape[shape.length - 1];
  let most = 1e-9;
  for (let i = channel; i < values.length; i += channelsOut) most = Math.max(most, Math.abs(values[i]));
  drawFilter(picture, [0, 0], filter, weights, channel, most);
  put(canvas, picture);
}

/** Positions of a filter's input channels. */
function filterGrid({ shape }: Weights): Grid {
  return shape.length === 4 ? new Grid(shape[2], 3, 3, 1, 1) : new Grid(shape[0], 1, 1, 0, 1);
}

function drawFilter(
  picture: ImageData,
  [left, top]: readonly number[],
  grid: Grid,
  { shape, values }: Weights,
  channel: number,
  scale: number,
): void {
  const channelsOut = shape[shape.length - 1], [taps, channelsIn] = shape.length === 4 ? [3, shape[2]] : [1, shape[0]];
  const none = dark() ? [27, 33, 39] : [246, 248, 250];
  for (let c = 0; c < channelsIn; c++) {
    const [x0, y0] = grid.place(c);
    for (let y = 0; y < taps; y++) {
      for (let x = 0; x < taps; x++) {
        const value = values[((y * taps + x) * channelsIn + c) * channelsOut + channel] / scale;
        const at = 4 * ((top + y0 + taps - 1 - y) * picture.width + left + x0 + x);
        const end = value > 0 ? [47, 127, 193] : [209, 73, 91];
        for (let i = 0; i < 3; i++) picture.data[at + i] = none[i] + Math.abs(value) * (end[i] - none[i]);
        picture.data[at + 3] = 255;
      }
    }
  }
}

/** Parts of equal size in rows, with gaps between them. `aspect`: width divided by height of the display. */
class Grid {
  readonly size: [width: number, height: number];
  readonly #across: number;

  constructor(
    readonly count: number,
    readonly width: number,
    readonly height: number,
    readonly gap: number,
    aspect: number,
  ) {
    const [w, h] = [width + gap, height + gap], rows = (across: number) => Math.ceil(count / across);
    // as large as possible, and with few empty places
    const worth = (n: number) => Math.min(aspect / (n * w), 1 / (rows(n) * h)) * Math.sqrt(count / (n * rows(n)));
    this.#across = 1;
    for (let n = 2; n <= count; n++) if (worth(n) > worth(this.#across)) this.#across = n;
    this.size = [this.#across * w - gap, rows(this.#across) * h - gap];
  }

  place(part: number): [left: number, top: number] {
    const row = Math.floor(part / this.#across);
    return [part % this.#across * (this.width + this.gap), row * (this.height + this.gap)];
  }

  partAt(pixel: readonly number[] | undefined): number | undefined {
    if (!pixel || pixel.some((at) => at < 0)) return undefined;
    const [column, row] = [
      Math.floor(pixel[0] / (this.width + this.gap)),
      Math.floor(pixel[1] / (this.height + this.gap)),
    ];
    const part = row * this.#across + column;
    return column < this.#across && part < this.count ? part : undefined;
  }
}

/**
 * The pixel of a picture under a pointer. The picture is as large as fits its element, aligned to the upper left
 * corner.
 */
function pixelAt(canvas: HTMLCanvasElement, { offsetX, offsetY }: MouseEvent): [x: number, y: number] | undefined {
  const scale = Math.min(canvas.clientWidth / canvas.width, canvas.clientHeight / canvas.height);
  const [x, y] = [Math.floor(offsetX / scale), Math.floor(offsetY / scale)];
  return x >= 0 && y >= 0 && x < canvas.width && y < canvas.height ? [x, y] : undefined;
}

function largest(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
}

/** A transparent picture: the card is visible through it. */
const blank = (width: number, height: number) => new ImageData(width, height);

/** Displays a picture, with its pixels as squares; the canvas's element determines the size. */
function put(canvas: HTMLCanvasElement, picture: ImageData): void {
  [canvas.width, canvas.height] = [picture.width, picture.height];
  canvas.getContext("2d")!.putImageData(picture, 0, 0);
}
