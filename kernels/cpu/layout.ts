/**
 * Where things lie in the memory that the device and its workers share: a control block, a ring of commands, then the heap.
 *
 * A **phase** is a piece of work that is cut into chunks, a number fixed by the shapes; workers claim chunks with an atomic
 * addition, and the next phase begins when all are done. A phase is written to a slot of the ring.
 */

/** The functions that the modules of `wat/` export, by name; all take and give plain numbers, addresses in bytes. */
export type Kernel = Record<string, (...args: number[]) => void>;

/** The words of a text, as a type: "x y" gives "x" | "y". */
type Words<S extends string> = S extends `${infer W} ${infer Rest}` ? W | Words<Rest> : S;

/** Arguments of a phase by their names: numbers of any kind, addresses in bytes. */
export type PhaseArguments<N extends string> = Readonly<Record<N, number>>;

/** Work that is cut into chunks. */
export interface Phase<N extends string = string> {
  /** Of its arguments, in the order in which a slot of the ring holds them. */
  readonly names: readonly N[];
  /** Does chunk number `chunk`; `thread` says which of the threads' own scratch is its. */
  readonly run: (wasm: Kernel, args: PhaseArguments<N>, chunk: number, thread: number) => void;
}

/** A phase. `names` are its arguments' names, one space between two. Throws a RangeError where a slot cannot hold so many. */
export function phase<const S extends string>(names: S, run: Phase<Words<S>>["run"]): Phase<Words<S>> {
  const list = names.split(" ") as Words<S>[];
  if (list.length > ARGUMENTS.length || new Set(list).size < list.length) {
    throw new RangeError(
      `A phase: expected at most ${ARGUMENTS.length} arguments with different names, found ${names}`,
    );
  }
  return { names: list, run };
}

/** What a worker is sent at its start. */
export interface WorkerStart {
  memory: WebAssembly.Memory;
  /** All modules, this thread's own among them. */
  modules: WebAssembly.Module[];
  thread: number;
}

/** Most worker threads. */
export const MAX_THREADS = 64;

/** Places of the control words, in 32-bit words; far apart, since a cache line is written by one and polled by others. */
export const CONTROL = {
  /** Phases ever enqueued (modulo 2^32). Written by the device. */
  enqueued: 16,
  /** Phases ever completed. */
  completed: 32,
  /** Fences ever passed; reads wait for it. */
  fence: 48,
  /** 1 after a failure. */
  failed: 64,
  /** Bytes of its message. */
  messageLength: 65,
  /** 1 when the workers must end. */
  stop: 80,
  /** Where worker t stands: phases it has left behind, 16 words each. */
  position: 96,
} as const;

/** Place of a failure's message, in bytes, and its room. */
export const MESSAGE = { at: 6144, length: 2048 } as const;

/** The ring: slots of 256 bytes. Words 0 to 3 of a slot are below; then float64 arguments. */
export const RING = { at: 8192, slots: 1024, slotBytes: 256 } as const;

/** Words of a slot. */
export const SLOT = { claimed: 0, done: 1, phase: 2, chunks: 3 } as const;

/** Arguments in a slot: numbers of any kind, float64, which holds addresses and sizes exactly. */
export const ARGUMENTS = { at: 16, length: 30 } as const;

/**
 * Each thread's panel, see `wat/gemm.wat`: 64 steps of 8 columns, and 32 bytes for rows that nobody wants. They lie within the
 * memory that every device begins with, at addresses that are known when the kernels are assembled.
 */
export const PANELS = { at: RING.at + RING.slots * RING.slotBytes, steps: 2048, bytes: 2048 + 64 } as const;

/** Where the heap begins, in bytes. */
export const HEAP_START = PANELS.at + MAX_THREADS * PANELS.bytes;

/** Pages of 64 KiB that the memory has from the start. */
export const INITIAL_PAGES = Math.ceil(HEAP_START / 65536);

/** Leaves the message of a failure, unless there is one already, and wakes everyone. */
export function fail(words: Int32Array, message: string): void {
  const bytes = new TextEncoder().encode(message).subarray(0, MESSAGE.length);
  if (Atomics.compareExchange(words, CONTROL.messageLength, 0, bytes.length) === 0) {
    new Uint8Array(words.buffer, MESSAGE.at, MESSAGE.length).set(bytes);
    Atomics.store(words, CONTROL.failed, 1);
  }
  wakeAll(words);
}

/** Wakes whoever sleeps on a control word. */
export function wakeAll(words: Int32Array): void {
  for (const word of [CONTROL.enqueued, CONTROL.completed, CONTROL.fence]) Atomics.notify(words, word);
}
