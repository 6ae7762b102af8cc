/**
 * The layer between a kernel's checked arguments and its dispatch: finds the program, cuts tensors that are too long for a
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

/** A kernel's source file. */
export interface ShaderKernel {
  /** Its name, for messages. */
  name: string;
  /** Its source, with `#` directives. */
  source: string;
}

/** One dispatch. */
export interface Launch {
  /** Constants for the source. */
  constants?: Constants;
  /** By the names in the source; those that the source does not declare are ignored. */
  buffers: Readonly<Record<string, GpuBuffer>>;
  /** By the names in the source. */
  parameters: Readonly<Record<string, number>>;
  /** Number of workgroups. */
  workgroups: number;
  /** Approximate number of operations. */
  flops: number;
}

/** Takes scratch memory: a buffer of `length` words. */
export type Scratch = (length: number, purpose: string) => GpuBuffer;

/** Some images of a batch. */
export interface Piece {
  first: number;
  count: number;
  /** The piece of a tensor with `words` words per image. */
  of(buffer: GpuBuffer, words: number): GpuBuffer;
}

/** Lanes per workgroup of kernels in which each lane computes one value. */
export const LANES_PER_GROUP = 64;
/** Values per workgroup of the elementwise kernels: 256 lanes with four values each, since few large reads keep memory busier. */
const ELEMENTS_PER_GROUP = 4 * 256;

/** Launches kernels. */
export class Launcher {
  /** Chooses the plans of products. */
  readonly planner: Planner;
  /** Bound in place of a missing optional buffer. */
  readonly nothing: GpuBuffer;
  /** Subgroups, if the device supports them and they work. */
  readonly subgroups?: Subgroups;
  /** Precision of products' operands. */
  readonly precision: Precision;
  /** Largest binding in bytes. */
  readonly bindingBytes: number;
  /** While set, nothing is dispatched: products are only recorded here. */
  rehearsal?: ProductLaunch[];
  /** While set, dispatched programs are recorded here. */
  noted?: Set<Program>;
  #programs: Programs;
  #commands: Commands;
  #faults: Faults;
  #pool: BufferPool<GpuBuffer>;

  /** @param parts the launcher's environment */
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

  /** Enqueues a dispatch; throws a RangeError if a buffer is longer than the largest binding. */
  run(kernel: ShaderKernel, { constants = NO_CONSTANTS, buffers, parameters, workgroups, flops }: Launch): void {
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
   * Enqueues a kernel in which lane i computes values 4 i to 4 i + 3. A tensor too long for one binding is processed in pieces; the
   * kernel's parameters are then `length`, that of the piece, and `first`, its position.
   */
  elementwise(
    kernel: ShaderKernel,
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
        workgroups: Math.ceil(words / ELEMENTS_PER_GROUP),
        flops: 100 * words, // in time, since the kernel is bound by memory
      });
    }
  }

  /**
   * Calls `run` for all images of a batch, or for as many at a time as fit a binding. The tensors of a piece are slices, with
   * the alignment of slices. If a single image is too long, `run()` rejects it.
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

  /** Largest number of parts of a sum, each of `words` words, that fit one binding together. */
  fittingParts(words: number): number {
    return Math.max(1, Math.floor(this.bindingBytes / (4 * words)));
  }

  /**
   * Runs `use` with scratch memory, which is released when it returns: the enqueued work runs before anything enqueued
   * later.
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

  /** Returns a buffer to the pool. */
  giveBack(buffer: GpuBuffer): void {
    this.#pool.release(buffer);
  }
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

/** Formats bytes for people. */
export function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toLocaleString("en", { maximumSignificantDigits: 4 })} MiB`;
}

const NO_CONSTANTS: Constants = {};
const NOTHING_SHARED: readonly string[] = [];

/** Names of the bindings that are only read but share a buffer with a written one. */
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
