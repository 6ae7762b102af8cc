/** TensorFlow.js on its three backends. Layouts are EPR's: NHWC and HWIO. */
import type { Tensor, Tensor2D, Tensor4D } from "@tensorflow/tfjs";
import { keepResults, type Peer } from "./peer.ts";

/** Loads the library. Rethrows its errors. */
export async function openTfjs(): Promise<Peer[]> {
  const tf = await import("@tensorflow/tfjs");
  const wasm = await import("@tensorflow/tfjs-backend-wasm");
  await import("@tensorflow/tfjs-backend-webgpu");
  tf.enableProdMode(); // disables checks and advice
  // its own files, beside its module, so that nothing is fetched
  wasm.setWasmPaths(new URL(".", import.meta.resolve("@tensorflow/tfjs-backend-wasm")).pathname);

  // reading a whole result would also time the transfer from the GPU; one number is enough
  const wait = async (results: Tensor[]) => {
    const first = tf.tidy(() => tf.slice(results[results.length - 1].flatten(), 0, 1));
    await first.data();
    first.dispose();
  };
  const drop = (results: Tensor[]) => results.forEach((result) => result.dispose());
  const noise = (shape: number[]) => tf.randomUniform(shape, -1, 1);

  return (["cpu", "wasm", "webgpu"] as const).map((backend): Peer => ({
    name: `tfjs ${backend}`,
    beside: backend === "webgpu" ? "webgpu" : "cpu",
    slow: backend === "cpu",
    async select() {
      if (!await tf.setBackend(backend)) throw new Error(`tfjs has no backend ${backend} here`);
    },
    matmul(n) {
      const a = noise([n, n]) as Tensor2D, b = noise([n, n]) as Tensor2D;
      return Promise.resolve(
        keepResults((): Tensor[] => [tf.matMul(a, b)], { wait, drop, free: () => drop([a, b]) }),
      );
    },
    convolution({ batch, height, width, channels }, gradients) {
      const x = noise([batch, height, width, channels]) as Tensor4D;
      const weights = noise([3, 3, channels, channels]) as Tensor4D;
      const dy = noise([batch, height, width, channels]);
      const forward = (x: Tensor, w: Tensor) => tf.conv2d(x as Tensor4D, w as Tensor4D, 1, "same");
      const all = tf.grads(forward);
      const make = () => gradients ? all([x, weights], dy) : [forward(x, weights)];
      return Promise.resolve(keepResults(make, { wait, drop, free: () => drop([x, weights, dy]) }));
    },
  }));
}
