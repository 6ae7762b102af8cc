/**
 * The kernel table: every operation that a device can run, as data. What each one *means* is said in `reference.ts` by a few loops
 * in float64; how it gets fast is said in `wgsl/` and `wat/`. All else derives from an entry: the type of the method, the
 * checks of its arguments, the forwarding of each device, the operations and bytes of a call, random calls for tests.
 *
 * An entry has the operations of a call, `flops`, and its `arguments`:
 *
 *     batch: "size"                              a whole number >= 1; { upTo: 64 } or { upTo: "rows" } where there is a largest one
 *     rate: "number"                             any number; "share": 0 <= rate < 1; "key": two words to draw by
 *     relu: "flag"                               true or false; "flag?" may be left out
 *     x: { read: "batch height/2 channels" }     a buffer that is read, with its shape
 *     y: { write: "rows columns" }               one that is overwritten, and may not overlap others;
 *     y: { write: "length", over: "x" }            unless it is exactly x
 *     v: { update: "length" }                    one that is read, and then overwritten
 *     mask: { read: "m n", optional: true }      one that may be left out
 *
 * Shapes, and `flops`, are products of numbers and sizes with one space between two: `height/2` is rounded down, `rows+` is "at least
 * rows". Shapes are in the comments too, since that is what an editor shows; a test compares the two.
 *
 * Buffers are of type `B`: a `Float64Array` for the definitions, a {@link DeviceBuffer} on a device. Layouts: activations NHWC
 * (height = mel band, width = frame), convolution weights HWIO, dense weights [in, out], all row-major and contiguous.
 *
 * A ReLU is fused into the kernel before it, so its gradient is fused too: whoever writes the gradient of a rectified
 * tensor passes that tensor as `mask`, and the kernel writes zero where `mask <= 0`.
 *
 * @module
 */
import type { Words } from "./random.ts";
import { LAYERS } from "./table/layers.ts";
import { MEMORY } from "./table/memory.ts";
import { TRAINING } from "./table/training.ts";

export { LAYERS } from "./table/layers.ts";
export { MEMORY, VIEW } from "./table/memory.ts";
export { METRICS, TRAINING } from "./table/training.ts";

/** Every kernel, by the name of its method. */
export const KERNELS: typeof LAYERS & typeof TRAINING & typeof MEMORY = { ...LAYERS, ...TRAINING, ...MEMORY };

/** What an argument may be. See the head of this file. */
export type ArgumentEntry =
  | "size"
  | { readonly upTo: number | string }
  | "number"
  | "share"
  | "key"
  | "flag"
  | "flag?"
  | BufferEntry;

/** What a buffer may be: one of `read`, `write` and `update` is its shape. */
export interface BufferEntry {
  /** Shape of what is only read. */
  readonly read?: string;
  /** Shape of what is overwritten. */
  readonly write?: string;
  /** Shape of what is read and overwritten. */
  readonly update?: string;
  /** The buffers, with a space between two, that this one may be: the kernel then works in place. */
  readonly over?: string;
  /** Whether it may be left out. */
  readonly optional?: true;
  /** What its words are, where they are no floats. */
  readonly words?: "int32";
}

/** An entry of the table. */
export interface KernelEntry {
  /** Operations of a call, by the definition: a multiply-add is two. */
  readonly flops: string;
  /** By name. */
  readonly arguments: Readonly<Record<string, ArgumentEntry>>;
}

/** A table. */
export type KernelTable = Readonly<Record<string, KernelEntry>>;

/** Names of the kernels. */
export type KernelName = keyof typeof KERNELS;

/** An argument's type, by its entry. */
export type ArgumentOf<A, B> = A extends "flag" | "flag?" ? boolean
  : A extends "key" ? Words
  : A extends string | { readonly upTo: unknown } ? number
  : B;

/** What may be left out. */
export type LeftOut = "flag?" | { readonly optional: true };

/** Arguments by their entries, those that may be left out apart. */
export type ArgumentsOf<A, B> =
  & { -readonly [K in keyof A as A[K] extends LeftOut ? never : K]: ArgumentOf<A[K], B> }
  & { -readonly [K in keyof A as A[K] extends LeftOut ? K : never]?: ArgumentOf<A[K], B> };

/** The arguments of a kernel, with buffers of type `B`: `KernelArguments<"conv2d", DeviceBuffer>` is what `device.conv2d()` takes. */
export type KernelArguments<N extends KernelName, B> = {
  // written out here once more, so that an error names this type and not what it is made of
  [K in keyof ArgumentsOf<(typeof KERNELS)[N]["arguments"], B>]: ArgumentsOf<(typeof KERNELS)[N]["arguments"], B>[K];
};

/** Every kernel, by name. On a device each call enqueues its work and returns at once. */
export type Kernels<B> = { [N in keyof typeof KERNELS]: (args: KernelArguments<N, B>) => void };

/** Sizes of a 3x3 convolution, stride 1, zero padding 1. */
export type ConvShape = Pick<
  KernelArguments<"conv2d", unknown>,
  "batch" | "height" | "width" | "channelsIn" | "channelsOut"
>;
