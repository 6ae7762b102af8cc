/**
 * jax-js on its wasm and webgpu backends. Layouts are jax's own: NCHW and OIHW. A function consumes its arrays, so `.ref`
 * keeps an array that is used again.
 */
import type * as Jax from "@jax-js/jax";
import { keepResults, type Peer } from "./peer.ts";

type Array_ = Jax.Array;

/** Loads the library. Rethrows its errors. */
export async function openJax(): Promise<Peer[]> {
  const jax = await import("@jax-js/jax");
  const { numpy: np, lax } = jax;
  const present = await jax.init();
  // jax is lazy, and on WebGPU "ready" does not wait for the result, so one number that depends on it is read
  const start = (results: Array_[]) => jax.blockUntilReady(results);
  const wait = (results: Array_[]) => np.sum(results[results.length - 1].ref).data();
  const drop = (results: Array_[]) => results.forEach((result) => result.dispose());
  let seed = 0;
  const noise = (shape: number[]) => jax.random.uniform(jax.random.key(++seed), shape, { minval: -1, maxval: 1 });

  return (["wasm", "webgpu"] as const).map((backend): Peer => ({
    name: `jax-js ${backend}`,
    beside: backend === "webgpu" ? "webgpu" : "cpu",
    slow: false,
    select() {
      if (!present.includes(backend)) return Promise.reject(new Error(`jax-js has no backend ${backend} here`));
      jax.defaultDevice(backend);
      return Promise.resolve();
    },
    matmul(n) {
      const a = noise([n, n]), b = noise([n, n]);
      const product = jax.jit((a: Array_, b: Array_) => np.matmul(a, b));
      const make = () => [product(a.ref, b.ref) as Array_];
      return Promise.resolve(keepResults(make, { start, wait, drop, free: () => drop([a, b]) }));
    },
    convolution({ batch, height, width, channels }, gradients) {
      const x = noise([batch, channels, height, width]), dy = noise([batch, channels, height, width]);
      const weights = noise([channels, channels, 3, 3]);
      const conv = (x: Array_, w: Array_) => lax.conv(x, w, [1, 1], "SAME");
      const forward = jax.jit(conv);
      const all = jax.jit((x: Array_, w: Array_, dy: Array_) => {
        const [y, back] = jax.vjp(conv, [x, w]);
        const [dx, dWeights] = back(dy);
        back.dispose();
        return [y, dx, dWeights];
      });
      const make = () =>
        gradients ? all(x.ref, weights.ref, dy.ref) as unknown as Array_[] : [forward(x.ref, weights.ref) as Array_];
      return Promise.resolve(keepResults(make, { start, wait, drop, free: () => drop([x, weights, dy]) }));
    },
  }));
}
