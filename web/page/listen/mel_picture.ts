/** Log-mel frames as a growing picture: each frame is painted once, as a column, and later only copied. */
import { frontEnd } from "../../../dsp/settings.ts";
import { dark } from "../dom.ts";

/** Seconds from one frame to the next. */
export const FRAME: number = frontEnd.hopLength / frontEnd.sampleRate;
/** Frames per piece: canvases can only be a few thousand pixels wide. */
const PIECE = 2048;

/** The picture, in pieces. */
export class MelPicture {
  #pieces: OffscreenCanvas[] = [];
  #painted = 0;
  #dark = dark();

  /**
   * Draws a stretch of time.
   *
   * @param frames [n, nMels], all frames
   * @param x the position on the canvas of a time, in seconds
   */
  draw(pen: CanvasRenderingContext2D, { frames, x, from, to, top, bottom }: {
    frames: Float32Array;
    x: (seconds: number) => number;
    from: number;
    to: number;
    top: number;
    bottom: number;
  }): void {
    const { nMels } = frontEnd, count = frames.length / nMels;
    this.#paint(frames, count);
    const first = Math.max(0, Math.floor(from / FRAME) - 1), last = Math.min(count, Math.ceil(to / FRAME) + 1);
    pen.imageSmoothingEnabled = true;
    for (let at = first; at < last;) {
      const piece = Math.floor(at / PIECE), end = Math.min(last, (piece + 1) * PIECE), left = x(at * FRAME);
      const width = x(end * FRAME) - left;
      pen.drawImage(this.#pieces[piece], at % PIECE, 0, end - at, nMels, left, top, width, bottom - top);
      at = end;
    }
  }

  /** Paints the frames that are not painted yet, or all of them if the theme has changed. */
  #paint(frames: Float32Array, count: number): void {
    const { nMels } = frontEnd;
    if (this.#dark !== dark()) [this.#dark, this.#painted] = [dark(), 0];
    while (this.#painted < count) {
      const first = this.#painted, piece = Math.floor(first / PIECE), end = Math.min(count, (piece + 1) * PIECE);
      const columns = end - first, data = new ImageData(columns, nMels);
      for (let t = 0; t < columns; t++) {
        for (let b = 0; b < nMels; b++) {
          const value = frames[(first + t) * nMels + b];
          paint(data.data, 4 * ((nMels - 1 - b) * columns + t), melBrightness(value), this.#dark);
        }
      }
      this.#pieces[piece] ??= new OffscreenCanvas(PIECE, nMels);
      this.#pieces[piece].getContext("2d")!.putImageData(data, first % PIECE, 0);
      this.#painted = end;
    }
  }
}

/** The position of a log-mel value between silence (0) and loud speech (1). */
export const melBrightness = (value: number): number => (value + 4.6) / 8.2;

/** A colour of the pictures: from the page's background to a deep blue (pale if dark). @param value 0 to 1 */
export function paint(data: Uint8ClampedArray, at: number, value: number, onDark: boolean): void {
  const v = Math.min(1, Math.max(0, value)), ramp = onDark ? DARK_RAMP : LIGHT_RAMP;
  const place = v * (ramp.length - 1), i = Math.min(ramp.length - 2, Math.floor(place)), f = place - i;
  for (let c = 0; c < 3; c++) data[at + c] = ramp[i][c] + f * (ramp[i + 1][c] - ramp[i][c]);
  data[at + 3] = 255;
}
const LIGHT_RAMP = [[246, 248, 250], [196, 214, 228], [110, 155, 190], [45, 92, 140], [20, 38, 74]];
const DARK_RAMP = [[27, 33, 39], [33, 56, 82], [48, 105, 150], [120, 178, 214], [232, 244, 252]];
