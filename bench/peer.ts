/**
 * What another library has to offer to be run beside EPR: the same product and the same convolution, enqueued by itself.
 * Whatever it can't do, it throws; the bench prints its own words.
 */
import type { Work } from "./timing.ts";

/** A library on one of its backends. */
export interface Peer {
  /** E.g. "tfjs wasm 4.22.0". */
  name: string;
  /** EPR's device to run it beside. */
  beside: "cpu" | "webgpu";
  /** How much slower than others it is known to be: it gets a smaller convolution. */
  slow: boolean;
  /** Makes the backend the one that runs. */
  select(): Promise<void>;
  /** The product of two n x n matrices. */
  matmul(n: number): Promise<Work & Disposable>;
  /** A 3x3 convolution, SAME, without bias; with both gradients, or not. */
  convolution(shape: ConvolutionShape, gradients: boolean): Promise<Work & Disposable>;
}

/** Sizes of the convolution: [batch, height, width, channels] to as many channels. */
export interface ConvolutionShape {
  batch: number;
  height: number;
  width: number;
  channels: number;
}

/** Work that keeps its last result, to wait for, and gives it back when the next one comes. */
export function keepLast<R>(
  make: () => R,
  { wait, drop, free }: { wait: (result: R) => Promise<unknown>; drop: (result: R) => void; free: () => void },
): Work & Disposable {
  let last: R | undefined;
  const forget = () => {
    if (last !== undefined) drop(last);
    last = undefined;
  };
  return {
    enqueue() {
      const next = make();
      forget();
      last = next;
    },
    settle: async () => {
      if (last !== undefined) await wait(last);
    },
    [Symbol.dispose]() {
      forget();
      free();
    },
  };
}
