/** A thread of the CPU's peak: runs the module of `peak.wat` when told, together with the others, and says how long it took. */
import { parentPort } from "node:worker_threads";

/** What the thread is told: once the module, then runs. */
export type PeakMessage =
  | { module: WebAssembly.Module; gate: Int32Array; threads: number }
  | { rounds: number; turn: number };

/** Rounds of a call: a millisecond or so, so that the engine can change to faster code between calls. */
export const CALL_ROUNDS = 2 ** 15;

type Run = (rounds: number, factor: number) => number;
let run: Run, gate: Int32Array, threads = 1;

parentPort?.on("message", (message: PeakMessage) => {
  if ("module" in message) {
    run = new WebAssembly.Instance(message.module).exports.run as Run;
    ({ gate, threads } = message);
    return;
  }
  // all begin together: the last to arrive opens the gate
  Atomics.add(gate, 0, 1);
  while (Atomics.load(gate, 0) < threads * message.turn);
  const start = performance.timeOrigin + performance.now();
  for (let left = message.rounds; left > 0; left -= CALL_ROUNDS) run(CALL_ROUNDS, 0.999);
  parentPort!.postMessage({ start, end: performance.timeOrigin + performance.now() });
});
