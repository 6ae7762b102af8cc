/** The max pool and its gradient as phases. A chunk is a few images. */
import type { Addresses } from "./buffer.ts";
import { phase } from "./layout.ts";
import type { Queue } from "./queue.ts";

/** Images per chunk: about 64 KiB of input. */
const imagesPerChunk = (height: number, width: number, channels: number) =>
  Math.max(1, Math.floor(2 ** 14 / (height * width * channels)));

/** Pools a few images. */
export const poolImages = phase(
  "x y batch height width channels",
  (wasm, { x, y, batch, height, width, channels }, chunk) => {
    const pixel = 4 * channels, rows = height >> 1, columns = width >> 1;
    const each = imagesPerChunk(height, width, channels);
    for (let image = chunk * each; image < Math.min(batch, (chunk + 1) * each); image++) {
      for (let row = 0; row < rows; row++) {
        const from = x + (image * height + 2 * row) * width * pixel;
        wasm.maxPoolRow(from, y + (image * rows + row) * columns * pixel, columns, pixel, width * pixel);
      }
    }
  },
);

/** Enqueues `maxPool`. */
export function maxPool(queue: Queue, args: Addresses<"maxPool">): void {
  const { batch, height, width, channels } = args;
  if (height < 2 || width < 2) return; // an image with one row or column has no window
  queue.run(poolImages, Math.ceil(batch / imagesPerChunk(height, width, channels)), args);
}

/** Passes the gradient back through a few images; clears the odd last row and column, which no window covers. */
export const poolGradientImages = phase(
  "x dy dx mask batch height width channels",
  (wasm, { x, dy, dx, mask, batch, height, width, channels }, chunk) => {
    const pixel = 4 * channels, rows = height >> 1, columns = width >> 1, rowBytes = width * pixel;
    const each = imagesPerChunk(height, width, channels);
    for (let image = chunk * each; image < Math.min(batch, (chunk + 1) * each); image++) {
      const from = image * height * rowBytes;
      for (let row = 0; columns > 0 && row < rows; row++) {
        const at = from + 2 * row * rowBytes;
        const outer = dy + (image * rows + row) * columns * pixel;
        wasm.maxPoolGradientRow(x + at, outer, dx + at, mask && mask + at, columns, pixel, rowBytes);
      }
      if (width % 2) {
        for (let row = 0; row < height; row++) wasm.fill(dx + from + (row + 1) * rowBytes - pixel, channels, 0);
      }
      if (height % 2) wasm.fill(dx + from + (height - 1) * rowBytes, width * channels, 0);
    }
  },
);

/** Enqueues `maxPoolGradient`. */
export function maxPoolGradient(queue: Queue, { mask = 0, ...args }: Addresses<"maxPoolGradient">): void {
  const { batch, height, width, channels } = args;
  queue.run(poolGradientImages, Math.ceil(batch / imagesPerChunk(height, width, channels)), { ...args, mask });
}
