/** The global average pool and its gradient as phases, a chunk some images. See `wat/average_pool.wat`. */
import type { AveragePool, AveragePoolGradient } from "../kernels.ts";
import type { DeviceBuffer } from "../device.ts";
import { addressOf, checkSizes } from "./buffer.ts";
import type { Phase } from "./layout.ts";
import type { Queue } from "./queue.ts";

/** Images of a chunk: about 64 KiB of input. */
const imagesPerChunk = (image: number) => Math.max(1, Math.floor(2 ** 14 / image));

/** Averages a few images. */
export const averageImages: Phase = (wasm, [x, y, batch, pixels, channels], chunk) => {
  const each = imagesPerChunk(pixels * channels), end = Math.min(batch, (chunk + 1) * each);
  for (let image = chunk * each; image < end; image++) {
    wasm.averagePoolImage(x + 4 * image * pixels * channels, y + 4 * image * channels, pixels, channels);
  }
};

/** Enqueues {@link AveragePool}. */
export function averagePool(queue: Queue, args: AveragePool<DeviceBuffer>): void {
  const { batch, height, width, channels } = args, pixels = height * width;
  checkSizes({ batch, height, width, channels });
  const x = addressOf(args.x, batch * pixels * channels, "averagePool's x");
  const y = addressOf(args.y, batch * channels, "averagePool's y");
  queue.run(averageImages, Math.ceil(batch / imagesPerChunk(pixels * channels)), x, y, batch, pixels, channels);
}

/** Hands the gradient back through a few images. */
export const averageGradientImages: Phase = (wasm, [dy, dx, mask, batch, pixels, channels], chunk) => {
  const each = imagesPerChunk(pixels * channels), end = Math.min(batch, (chunk + 1) * each);
  for (let image = chunk * each; image < end; image++) {
    const at = 4 * image * pixels * channels;
    wasm.averagePoolGradientImage(dy + 4 * image * channels, dx + at, mask && mask + at, pixels, channels);
  }
};

/** Enqueues {@link AveragePoolGradient}. */
export function averagePoolGradient(queue: Queue, args: AveragePoolGradient<DeviceBuffer>): void {
  const { batch, height, width, channels } = args, pixels = height * width, length = batch * pixels * channels;
  checkSizes({ batch, height, width, channels });
  const dy = addressOf(args.dy, batch * channels, "averagePoolGradient's dy");
  const dx = addressOf(args.dx, length, "averagePoolGradient's dx");
  const mask = args.mask ? addressOf(args.mask, length, "averagePoolGradient's mask") : 0;
  const chunks = Math.ceil(batch / imagesPerChunk(pixels * channels));
  queue.run(averageGradientImages, chunks, dy, dx, mask, batch, pixels, channels);
}
