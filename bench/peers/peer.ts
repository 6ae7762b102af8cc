/**
 * What another library has to offer to be run beside EPR: the same product and the same convolution, enqueued by itself.
 * Whatever it can't do, it throws; the bench prints its own words.
 */
import type { PeerRow } from "../../lab/results.ts";
import type { Work } from "../../lab/timing.ts";

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

/** Options of the program in this folder. */
export interface PeersOptions {
  /** Threads of the cpu device. */
  threads?: number;
  /** Only peers that run beside this device; all, and the forest, if not said. */
  beside?: Peer["beside"];
  /** How EPR's kernels on a GPU are tuned. */
  tune: "off" | "quick" | "full";
  /** One small round. */
  quick: boolean;
}

/** A line that it prints: what a row gave, or, last, all rows. */
export type PeersLine = { progress: string } | { rows: PeerRow[] };

/** Sizes of the convolution: [batch, height, width, channels] to as many channels. */
export interface ConvolutionShape {
  batch: number;
  height: number;
  width: number;
  channels: number;
}

/**
 * Work that makes results, keeps them until they are waited for, and then the last one alone, so that it can be waited for again.
 *
 * @param start begins the work of a result, where a library does nothing before it is asked to
 * @param wait fulfilled when a result, and so all before it, is done
 * @param drop gives a result back
 * @param free gives back what results are made from
 */
export function keepResults<R>(
  make: () => R,
  { start = () => {}, wait, drop, free }: {
    start?: (result: R) => unknown;
    wait: (result: R) => Promise<unknown>;
    drop: (result: R) => void;
    free: () => void;
  },
): Work & Disposable {
  let results: R[] = [], started: unknown[] = [];
  return {
    enqueue() {
      const result = make();
      results.push(result);
      started.push(start(result));
    },
    async settle() {
      await Promise.all(started);
      const last = results.pop()!;
      await wait(last);
      results.forEach(drop);
      [results, started] = [[last], []];
    },
    [Symbol.dispose]() {
      results.forEach(drop);
      free();
    },
  };
}
