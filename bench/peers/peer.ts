/**
 * The interface of another library that runs beside EPR: the same product and the same convolution, each enqueued alone.
 * An unsupported operation throws, and the bench prints the library's message.
 */
import type { PeerRow } from "../../lab/results.ts";
import type { TimedWork } from "../../lab/timing.ts";

/** A library on one of its backends. */
export interface Peer {
  /** E.g. "tfjs wasm 4.22.0". */
  name: string;
  /** EPR's device to compare it with. */
  beside: "cpu" | "webgpu";
  /** Whether it is known to be much slower than the others: it then gets a smaller convolution. */
  slow: boolean;
  /** Activates the backend. */
  select(): Promise<void>;
  /** The product of two n x n matrices. */
  matmul(n: number): Promise<TimedWork & Disposable>;
  /** A 3x3 convolution, SAME, without bias; with both gradients, or none. */
  convolution(shape: ConvolutionShape, gradients: boolean): Promise<TimedWork & Disposable>;
}

/** Options of this folder's program. */
export interface PeersOptions {
  /** Number of threads of the cpu device. */
  threads?: number;
  /** Only peers comparable with this device; default: all, and the forest. */
  beside?: Peer["beside"];
  /** Tuning of EPR's kernels on a GPU. */
  tune: "off" | "quick" | "full";
  /** Runs only one small round. */
  quick: boolean;
}

/** A line that it prints: a row's result, or finally all rows. */
export type PeersLine = { progress: string } | { rows: PeerRow[] };

/** Sizes of the convolution: [batch, height, width, channels], with the same number of output channels. */
export interface ConvolutionShape {
  batch: number;
  height: number;
  width: number;
  channels: number;
}

/**
 * Work that produces results and keeps them until the wait. Afterwards it keeps only the last one, so that it can be awaited
 * again.
 *
 * @param start starts the computation of results, for a lazy library
 * @param wait resolves when a result, and so all results before it, is done
 * @param drop releases a result
 * @param free releases the inputs
 */
export function keepResults<R>(
  make: () => R,
  { start = () => {}, wait, drop, free }: {
    start?: (result: R) => unknown;
    wait: (result: R) => Promise<unknown>;
    drop: (result: R) => void;
    free: () => void;
  },
): TimedWork & Disposable {
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
