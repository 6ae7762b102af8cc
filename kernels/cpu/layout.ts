/**
 * The layout of the memory that the device and its workers share: a control block, a ring of commands, then the heap.
 *
 * A **phase** is a piece of work, cut into chunks whose number depends on the shapes alone. Workers claim chunks with an
 * atomic addition, and the next phase begins when all chunks are done. A phase is written to a slot of the ring.
 */

/**
 * The functions that the modules of `wat/` export, by name. Their arguments and results are plain numbers, addresses in
 * bytes.
 */
export type WasmKernels = Record<string, (...args: number[]) => void>;

/** The words of a text as a type: "x y" gives "x" | "y". */
type Words<S extends string> = S extends `${infer W} ${infer Rest}` ? W | Words<Rest> : S;

/** Arguments of a phase by name: numbers of any kind, addresses in bytes. */
export type PhaseArguments<N extends string> = Readonly<Record<N, number>>;

/** Work cut into chunks. */
export interface Phase<N extends string = string> {
  /** Names of its arguments, in their order in a slot of the ring. */
  readonly names: readonly N[];
  /** Processes chunk number `chunk`; `thread` selects the thread's own scratch memory. */
  readonly run: (wasm: WasmKernels, args: PhaseArguments<N>, chunk: number, thread: number) => void;
}

/**
 * Defines a phase. `names` are its arguments' names, separated by single spaces. Throws a RangeError if a slot can't
 * hold as many.
 */
export function phase<const S extends string>(names: S, run: Phase<Words<S>>["run"]): Phase<Words<S>> {
  const list = names.split(" ") as Words<S>[];
  if (list.length > ARGUMENTS.length || new Set(list).size < list.length) {
    throw new RangeError(
      `A phase: expected at most ${ARGUMENTS.length} arguments with different names, found ${names}`,
    );
  }
  return { names: list, run };
}

/** The message that starts a worker. */
export interface WorkerStart {
  memory: WebAssembly.Memory;
  /** All modules, including this thread's own one. */
  modules: WebAssembly.Module[];
  thread: number;
}

/** Largest number of worker threads. */
export const MAX_THREADS = 64;

/**
 * Positions of the control words, in 32-bit words; far apart, since one thread writes a cache line that others poll.
 */
export const CONTROL = {
  /** Number of phases enqueued so far (modulo 2^32). Written by the device. */
  enqueued: 16,
  /** Number of phases completed so far. */
  completed: 32,
  /** Number of fences passed so far; reads wait for it. */
  fence: 48,
  /** 1 after a failure. */
  failed: 64,
  /** Length of its message in bytes. */
  messageLength: 65,
  /** 1 when the workers must end. */
  stop: 80,
  /** Progress of worker t: number of phases it has passed, 16 words each. */
  position: 96,
} as const;

/** Position and size of a failure's message, in bytes. */
export const MESSAGE = { at: 6144, length: 2048 } as const;

/** The ring: slots of 256 bytes. Words 0 to 3 of a slot are below; then float64 arguments. */
export const RING = { at: 8192, slots: 1024, slotBytes: 256 } as const;

/** Words of a slot. */
export const SLOT = { claimed: 0, done: 1, phase: 2, chunks: 3 } as const;

/** Arguments in a slot: numbers of any kind as float64, which represents addresses and sizes exactly. */
export const ARGUMENTS = { at: 16, length: 30 } as const;

/**
 * Each thread's panel, see `wat/gemm.wat`: 64 steps of 8 columns, and 32 bytes for rows whose results are discarded. The
 * panels lie in the memory's initial size, at addresses that are known when the kernels are assembled.
 */
export const PANELS = { at: RING.at + RING.slots * RING.slotBytes, steps: 2048, bytes: 2048 + 64 } as const;

/** Start of the heap, in bytes. */
export const HEAP_START = PANELS.at + MAX_THREADS * PANELS.bytes;

/** Initial size of the memory in pages of 64 KiB. */
export const INITIAL_PAGES = Math.ceil(HEAP_START / 65536);

/** Records the message of a failure, unless there is one already, and wakes all threads. */
export function fail(words: Int32Array, message: string): void {
  const bytes = new TextEncoder().encode(message).subarray(0, MESSAGE.length);
  if (Atomics.compareExchange(words, CONTROL.messageLength, 0, bytes.length) === 0) {
    new Uint8Array(words.buffer, MESSAGE.at, MESSAGE.length).set(bytes);
    Atomics.store(words, CONTROL.failed, 1);
  }
  wakeAll(words);
}

/** Wakes all threads that sleep on a control word. */
export function wakeAll(words: Int32Array): void {
  for (const word of [CONTROL.enqueued, CONTROL.completed, CONTROL.fence]) Atomics.notify(words, word);
}
