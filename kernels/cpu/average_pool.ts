/** The global average pool and its gradient as phases. A chunk is a few images. See `wat/average_pool.wat`. */
import type { Addresses } from "./buffer.ts";
import { phase } from "./layout.ts";
import type { Queue } from "./queue.ts";

/** Images per chunk: about 64 KiB of input. */
const imagesPerChunk = (image: number) => Math.max(1, Math.floor(2 ** 14 / image));

/** Averages a few images. */
export const averageImages = phase("x y batch pixels channels", (wasm, { x, y, batch, pixels, channels }, chunk) => {
  const each = imagesPerChunk(pixels * channels), end = Math.min(batch, (chunk + 1) * each);
  for (let image = chunk * each; image < end; image++) {
    wasm.averagePoolImage(x + 4 * image * pixels * channels, y + 4 * image * channels, pixels, channels);
  }
});

/** Enqueues `averagePool`. */
export function averagePool(queue: Queue, { height, width, ...args }: Addresses<"averagePool">): void {
  const { batch, channels } = args, pixels = height * width;
  queue.run(averageImages, Math.ceil(batch / imagesPerChunk(pixels * channels)), { ...args, pixels });
}

/** Passes the gradient back through a few images. */
export const averageGradientImages = phase("dy dx mask batch pixels channels", (wasm, args, chunk) => {
  const { dy, dx, mask, batch, pixels, channels } = args;
  const each = imagesPerChunk(pixels * channels), end = Math.min(batch, (chunk + 1) * each);
  for (let image = chunk * each; image < end; image++) {
    const at = 4 * image * pixels * channels;
    wasm.averagePoolGradientImage(dy + 4 * image * channels, dx + at, mask && mask + at, pixels, channels);
  }
});

/** Enqueues `averagePoolGradient`. */
export function averagePoolGradient(queue: Queue, args: Addresses<"averagePoolGradient">): void {
  const { batch, height, width, channels, mask = 0 } = args, pixels = height * width;
  const chunks = Math.ceil(batch / imagesPerChunk(pixels * channels));
  queue.run(averageGradientImages, chunks, { ...args, mask, pixels });
}
