/**
 * A thread of the CPU's peak: runs the module of `peak.wat` simultaneously with the others, and measures the duration.
 */
import { serve } from "../workers/member.ts";

/** The setup sent to a thread before a run. */
export interface PeakSetup {
  /** The module of `peak.wat`. */
  module: WebAssembly.Module;
  /** [1], shared: number of threads that have arrived at the gate, over all runs. */
  gate: Int32Array;
  /** Rounds per call. */
  callRounds: number;
}

/** A run of one thread. */
export interface PeakRun {
  /** Number of calls. */
  calls: number;
  /** Number of arrivals at which the gate opens. */
  open: number;
}

/** Start and end of a run, in milliseconds. */
export interface PeakTimes {
  /** Since 1970. */
  start: number;
  /** Since 1970. */
  end: number;
}

serve<PeakSetup, PeakRun, PeakTimes>(({ module, gate, callRounds }) => {
  const run = new WebAssembly.Instance(module).exports.run as (rounds: number, factor: number) => number;
  return {
    run({ calls, open }) {
      // all threads start together: the last to arrive opens the gate
      Atomics.add(gate, 0, 1);
      while (Atomics.load(gate, 0) < open);
      const start = performance.timeOrigin + performance.now();
      for (let call = 0; call < calls; call++) run(callRounds, 0.999);
      return { start, end: performance.timeOrigin + performance.now() };
    },
  };
});
