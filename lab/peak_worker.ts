/** A thread of the CPU's peak: runs the module of `peak.wat`, together with the others, and measures how long it took. */
import { serve } from "../workers/member.ts";

/** What a thread is sent before a run. */
export interface PeakSetup {
  /** Of `peak.wat`. */
  module: WebAssembly.Module;
  /** [1], shared: how many have arrived at it, all runs together. */
  gate: Int32Array;
  /** Rounds of a call. */
  callRounds: number;
}

/** A run of one thread. */
export interface PeakRun {
  /** How many. */
  calls: number;
  /** How many have to be at the gate before it opens. */
  open: number;
}

/** When it began and ended, in milliseconds. */
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
      // all begin together: the last to arrive opens the gate
      Atomics.add(gate, 0, 1);
      while (Atomics.load(gate, 0) < open);
      const start = performance.timeOrigin + performance.now();
      for (let call = 0; call < calls; call++) run(callRounds, 0.999);
      return { start, end: performance.timeOrigin + performance.now() };
    },
  };
});
