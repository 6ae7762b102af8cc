/**
 * The work of a CPU device's worker: it walks the ring of phases, claims chunks of each and runs them. It never answers
 * messages and communicates only through the control words. It ends on the stop signal, or after a failure anywhere.
 */
import { ARGUMENTS, CONTROL, fail, RING, SLOT, type WasmKernels, type WorkerStart } from "./layout.ts";
import { PHASES } from "./phases.ts";

/** Number of looks at a word before the worker sleeps: about 50 microseconds, the cost of falling asleep and waking. */
const SPINS = 1500;
/** Longest sleep, in milliseconds, before it checks whether to stop. */
const NAP = 500;

const pause = (Atomics as unknown as { pause?: () => void }).pause ?? (() => {});

/** Instantiates the kernels on a memory. */
export function instantiate(modules: readonly WebAssembly.Module[], memory: WebAssembly.Memory): WasmKernels {
  const env = { memory, exp: Math.exp, log: Math.log };
  return Object.assign({}, ...modules.map((module) => new WebAssembly.Instance(module, { env }).exports));
}

/** Works until the device is closed or has failed. A thread calls it with its start message, and then ends. */
export function runWorker(start: WorkerStart): void {
  const words = new Int32Array(start.memory.buffer);
  try {
    work(instantiate(start.modules, start.memory), start, words);
  } catch (error) {
    fail(words, `A worker of the CPU device failed: ${error instanceof Error ? error.message : error}`);
  }
}

function work(kernels: WasmKernels, { memory, thread }: WorkerStart, words: Int32Array): void {
  const slots = Array.from({ length: RING.slots }, (_, i) => ({
    word: (RING.at + i * RING.slotBytes) / 4,
    values: new Float64Array(memory.buffer, RING.at + i * RING.slotBytes + ARGUMENTS.at, ARGUMENTS.length),
  }));
  // one object per phase, filled from the slot: creating one each time costs twice as much
  const named = PHASES.map(({ names }): Record<string, number> => Object.fromEntries(names.map((name) => [name, NaN])));
  const positionWord = CONTROL.position + 16 * thread;
  for (let position = 0;; position = (position + 1) | 0) {
    if (!passes(words, CONTROL.enqueued, position)) return;
    const { word, values } = slots[position & (RING.slots - 1)];
    const number = words[word + SLOT.phase], chunks = words[word + SLOT.chunks];
    const { names, run } = PHASES[number], args = named[number];
    let mine = 0;
    for (let chunk; (chunk = Atomics.add(words, word + SLOT.claimed, 1)) < chunks; mine++) {
      if (mine === 0) { for (let i = 0; i < names.length; i++) args[names[i]] = values[i]; }
      run(kernels, args, chunk, thread);
    }
    if (mine > 0 && Atomics.add(words, word + SLOT.done, mine) + mine === chunks) {
      Atomics.store(words, CONTROL.completed, (position + 1) | 0);
      Atomics.notify(words, CONTROL.completed);
    } else if (!passes(words, CONTROL.completed, position)) return;
    Atomics.store(words, positionWord, (position + 1) | 0);
  }
}

/** Waits until the counter at `word` is beyond `position`; returns false if the worker must end instead. */
function passes(words: Int32Array, word: number, position: number): boolean {
  for (let spins = 0;;) {
    const count = Atomics.load(words, word);
    if (((count - position) | 0) > 0) return true;
    if (Atomics.load(words, CONTROL.stop) || Atomics.load(words, CONTROL.failed)) return false;
    if (spins++ < SPINS) pause();
    else Atomics.wait(words, word, count, NAP);
  }
}
