/** What a fitted network says: probabilities for every example of a dataset. */
import { batches, type Dataset } from "./dataset.ts";
import { inOrder } from "./pass.ts";
import { Tape } from "./tape.ts";
import type { Network } from "./vgg_e.ts";

/** Batches whose probabilities are read together. */
const GROUP = 8;

/**
 * The network's probabilities for every example, in order: [length, classes].
 *
 * @param options batch: examples at a time, rounded up to a multiple of 64 so that results lie aligned
 */
export async function predictProbabilities(
  network: Network,
  data: Dataset,
  options: { batch?: number; signal?: AbortSignal; onProgress?: (done: number) => void } = {},
): Promise<Float32Array> {
  const { parameters: { device }, classes, inputShape } = network;
  const batch = Math.ceil((options.batch ?? 128) / 64) * 64;
  const out = new Float32Array(data.length * classes);
  const group = device.allocate(GROUP * batch * classes, "probabilities");
  try {
    let waiting = 0, done = 0;
    for (const { examples } of batches(inOrder(data.length), batch)) {
      const tape = new Tape(device, { recording: false });
      const x = tape.input([batch, ...inputShape]);
      data.load(examples, x.buffer);
      const logits = network.forward(tape, x);
      const probabilities = group.slice(waiting * batch * classes, batch * classes);
      device.softmax({ logits: logits.buffer, probabilities, rows: batch, classes });
      tape.release();
      device.flush();
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
