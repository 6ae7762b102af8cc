/**
 * Between a kernel's arguments, which are checked already, and its dispatch: finds the program, cuts what is too long for a
 * binding, takes scratch memory from the pool.
 *
 * @module
 */
import { type Precision, SLICE_ALIGNMENT } from "../device.ts";
import type { BufferPool } from "../pool.ts";
import type { GpuBuffer } from "./buffer.ts";
import type { Commands } from "./commands.ts";
import type { Faults } from "./faults.ts";
import type { Subgroups } from "./features.ts";
import type { Planner } from "./product.ts";
import type { ProductLaunch } from "./product_launch.ts";
import type { Binding, Program, Programs } from "./programs.ts";
import type { Constants } from "./template.ts";

/** A kernel's file. */
export interface Kernel {
  /** Its name, for messages. */
  name: string;
  /** Its text, with `#` directives. */
  source: string;
}

/** One dispatch. */
export interface Launch {
  /** What goes into the text. */
  constants?: Constants;
  /** By the names in the text; those that the text doesn't declare are left out. */
  buffers: Readonly<Record<string, GpuBuffer>>;
  /** By the names in the text. */
  parameters: Readonly<Record<string, number>>;
  /** How many workgroups. */
  workgroups: number;
  /** About how much work it is. */
  flops: number;
}

/** Takes scratch memory: a buffer of `length` words. */
export type Scratch = (length: number, purpose: string) => GpuBuffer;

/** Some images of a batch. */
export interface Piece {
  first: number;
  count: number;
  /** The piece of a tensor that has so many words an image. */
  of(buffer: GpuBuffer, words: number): GpuBuffer;
}

/** Lanes of a workgroup of the kernels that own one value a lane. */
export const LANES_PER_GROUP = 64;

/** Launches kernels. */
export class Launcher {
  /** How products are cut up. */
  readonly planner: Planner;
  /** Bound where a kernel takes an optional buffer and there is none. */
  readonly nothing: GpuBuffer;
  /** Subgroups, where the device has them and they work. */
  readonly subgroups?: Subgroups;
  /** What products read their operands as. */
  readonly precision: Precision;
  /** Bytes of a binding, at most. */
  readonly bindingBytes: number;
  /** While it is set nothing is dispatched: products are only noted here. */
  rehearsal?: ProductLaunch[];
  /** While it is set programs that are dispatched are noted here. */
  noted?: Set<Program>;
  #programs: Programs;
  #commands: Commands;
  #faults: Faults;
  #pool: BufferPool<GpuBuffer>;

  /** @param parts what it works with */
  constructor(parts: {
    programs: Programs;
    commands: Commands;
    faults: Faults;
    pool: BufferPool<GpuBuffer>;
    planner: Planner;
    nothing: GpuBuffer;
    subgroups?: Subgroups;
    precision: Precision;
    bindingBytes: number;
  }) {
    this.planner = parts.planner;
    this.nothing = parts.nothing;
    this.subgroups = parts.subgroups;
    this.precision = parts.precision;
    this.#programs = parts.programs;
    this.#commands = parts.commands;
    this.#faults = parts.faults;
    this.#pool = parts.pool;
    this.bindingBytes = parts.bindingBytes;
  }

  /** Enqueues a dispatch; throws a RangeError where a buffer is longer than a binding can be. */
  run(kernel: Kernel, { constants = NO_CONSTANTS, buffers, parameters, workgroups, flops }: Launch): void {
    this.#faults.throwIfAny();
    if (workgroups === 0 || this.rehearsal) return;
    const program = this.#programs.get(
      kernel.name,
      kernel.source,
      constants,
      (bindings) => sharing(bindings, buffers),
    );
    const inOrder = program.bindings.map(({ name }) => {
      const buffer = buffers[name];
      if (!buffer) throw new TypeError(`${kernel.name}: expected the buffer ${name}, found none`);
      if (buffer.bindingBytes > this.bindingBytes) {
        throw new RangeError(
          `${kernel.name}: ${name}: expected at most ${
            mebibytes(this.bindingBytes)
          }, the largest binding of this adapter, ` +
            `found ${mebibytes(buffer.bindingBytes)}; a smaller batch or width needs less`,
        );
      }
      return buffer;
    });
    this.noted?.add(program);
    this.#commands.dispatch(program, inOrder, parameters, workgroups, flops);
  }

  /**
   * Enqueues a kernel that owns value i of each of its buffers in lane i. A tensor too long for one binding goes in pieces;
   * the kernel's parameters are then `length`, that of the piece, and `first`, its place.
   */
  elementwise(
    kernel: Kernel,
    { constants = NO_CONSTANTS, buffers, length, parameters = {} }: {
      constants?: Constants;
      buffers: Readonly<Record<string, GpuBuffer>>;
      length: number;
      parameters?: Readonly<Record<string, number>>;
    },
  ): void {
    const most = 64 * Math.floor(this.bindingBytes / 256);
    const whole = Object.values(buffers).every((buffer) => buffer.length <= most);
    for (let first = 0; first < length; first += most) {
      const words = Math.min(most, length - first);
      const pieces = Object.entries(buffers).map(([name, buffer]) => [
        name,
        whole ? buffer : buffer.slice(first, words),
      ]);
      this.run(kernel, {
        constants,
        buffers: Object.fromEntries(pieces),
        parameters: { ...parameters, length: words, first },
        workgroups: Math.ceil(words / LANES_PER_GROUP),
        flops: 100 * words, // in time: it waits for memory
      });
    }
  }

  /**
   * Calls `run` for all images of a batch, or for as many at a time as fit a binding: the tensors of a piece are slices, that
   * begin where slices may. One image that is too long by itself is `run()`'s to refuse.
   *
   * @param words of one image, in each of the tensors
   */
  images(batch: number, words: readonly number[], run: (piece: Piece) => void): void {
    const fitting = Math.floor(this.bindingBytes / (4 * Math.max(...words)));
    if (batch <= fitting) return run({ first: 0, count: batch, of: (buffer) => buffer });
    const unit = Math.max(...words.map((n) => SLICE_ALIGNMENT / commonDivisor(n, SLICE_ALIGNMENT))); // powers of two
    const most = unit * Math.max(1, Math.floor(fitting / unit));
    for (let first = 0; first < batch; first += most) {
      const count = Math.min(most, batch - first);
      run({ first, count, of: (buffer, words) => buffer.slice(first * words, count * words) });
    }
  }

  /** Parts of a sum that fit one binding together, at most; each has so many words. */
  fittingParts(words: number): number {
    return Math.max(1, Math.floor(this.bindingBytes / (4 * words)));
  }

  /**
   * Runs `use` with scratch memory: what it takes is given back when it returns, since what it enqueued runs before whatever
   * comes later.
   */
  withScratch(use: (scratch: Scratch) => void): void {
    const taken: GpuBuffer[] = [];
    try {
      use((length, purpose) => {
        const buffer = this.take(length, purpose);
        taken.push(buffer);
        return buffer;
      });
    } finally {
      for (const buffer of taken) this.giveBack(buffer);
    }
  }

  /** Takes a buffer from the pool. */
  take(length: number, purpose: string): GpuBuffer {
    return this.#pool.allocate(length, purpose);
  }

  /** Gives it back. */
  giveBack(buffer: GpuBuffer): void {
    this.#pool.release(buffer);
  }
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

/** Bytes for people. */
export function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toLocaleString("en", { maximumSignificantDigits: 4 })} MiB`;
}

const NO_CONSTANTS: Constants = {};
const NOTHING_SHARED: readonly string[] = [];

/** Names of the bindings that are only read but lie in a buffer that is written. */
function sharing(bindings: Binding[], bound: Readonly<Record<string, GpuBuffer>>): readonly string[] {
  let shared = NOTHING_SHARED;
  for (const output of bindings) {
    if (!output.written) continue;
    for (const other of bindings) {
      if (other === output || bound[other.name]?.id !== bound[output.name]?.id) continue;
      if (!other.written && !shared.includes(other.name)) shared = [...shared, other.name];
    }
  }
  return shared;
}
