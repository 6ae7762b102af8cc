/** Predictions of a fitted network: probabilities for every example of a dataset. */
import { batches, type Dataset } from "./dataset.ts";
import { forwardBatch, inOrder } from "./pass.ts";
import type { Network } from "./vgg_e.ts";

/** Number of batches whose probabilities are read together. */
const GROUP = 8;

/** Examples per prediction: rounded up to a multiple of 64, so that results are aligned. */
export const roundUpBatch = (batch: number): number => Math.ceil(batch / 64) * 64;

/**
 * The network's probabilities for every example, in order: [length, classes].
 *
 * @param options batch: examples at a time, rounded up to a multiple of 64 so that results are aligned
 */
export async function predictProbabilities(
  network: Network,
  data: Dataset,
  options: { batch?: number; signal?: AbortSignal; onProgress?: (done: number) => void } = {},
): Promise<Float32Array> {
  const { parameters: { device }, classes } = network;
  const batch = roundUpBatch(options.batch ?? 128);
  const out = new Float32Array(data.length * classes);
  const group = device.allocate(GROUP * batch * classes, "probabilities");
  try {
    let waiting = 0, done = 0;
    for (const { examples } of batches(inOrder(data.length), batch)) {
      forwardBatch(network, data, examples, batch, group.slice(waiting * batch * classes, batch * classes));
      if (++waiting < GROUP && done + waiting * batch < data.length) continue;
      const read = await device.read(group);
      const count = Math.min(waiting * batch, data.length - done);
      out.set(read.subarray(0, count * classes), done * classes);
      done += count;
      waiting = 0;
      options.onProgress?.(done);
      options.signal?.throwIfAborted();
    }
    return out;
  } finally {
    device.release(group);
  }
}
