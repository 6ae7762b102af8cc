/**
 * The kernel table: every operation that a device can run, as data. `reference.ts` *defines* each of them in a few loops in float64;
 * `wgsl/` and `wat/` make it fast. Everything else derives from an entry: the type of the method, the checks of its arguments, the
 * forwarding of each device, the operations and bytes of a call, random calls for tests.
 *
 * An entry has the operations of a call, `flops`, and its `arguments`:
 *
 *     batch: "size"                              a whole number >= 1; { upTo: 64 } or { upTo: "rows" } sets an upper bound
 *     rate: "number"                             any number; "share": 0 <= rate < 1; "key": two words that key random draws
 *     relu: "flag"                               true or false; "flag?" is optional
 *     x: { read: "batch height/2 channels" }     a buffer that is read, with its shape
 *     y: { write: "rows columns" }               one that is overwritten, and may not overlap others;
 *     y: { write: "length", over: "x" }            unless it is exactly x
 *     v: { update: "length" }                    one that is read and then overwritten
 *     mask: { read: "m n", optional: true }      an optional one
 *
 * Shapes, and `flops`, are products of numbers and sizes, separated by single spaces: `height/2` is rounded down, `rows+` means "at
 * least rows". Shapes are repeated in the comments, since editors show these; a test compares the two.
 *
 * Buffers are of type `B`: a `Float64Array` for the definitions, a {@link DeviceBuffer} on a device. Layouts: activations NHWC
 * (height = mel band, width = frame), convolution weights HWIO, dense weights [in, out], all row-major and contiguous.
 *
 * A ReLU is fused into the kernel before it, so its gradient is fused too: a caller that computes the gradient of a rectified tensor
 * passes that tensor as `mask`, and the kernel writes zero where `mask <= 0`.
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

/** The kinds of arguments. See the head of this file. */
export type ArgumentEntry =
  | "size"
  | { readonly upTo: number | string }
  | "number"
  | "share"
  | "key"
  | "flag"
  | "flag?"
  | BufferEntry;

/** A buffer's entry: one of `read`, `write` and `update` is its shape. */
export interface BufferEntry {
  /** Shape of a buffer that is only read. */
  readonly read?: string;
  /** Shape of a buffer that is overwritten. */
  readonly write?: string;
  /** Shape of a buffer that is read and overwritten. */
  readonly update?: string;
  /** The buffers, separated by spaces, that this one may coincide with: the kernel then works in place. */
  readonly over?: string;
  /** Whether it is optional. */
  readonly optional?: true;
  /** The type of its words, if not floats. */
  readonly words?: "int32";
}

/** An entry of the table. */
export interface KernelEntry {
  /** Operations per call, by the definition: a multiply-add counts as two. */
  readonly flops: string;
  /** Arguments by name. */
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

/** Entries of optional arguments. */
export type LeftOut = "flag?" | { readonly optional: true };

/** Arguments by their entries, with the optional ones separate. */
export type ArgumentsOf<A, B> =
  & { -readonly [K in keyof A as A[K] extends LeftOut ? never : K]: ArgumentOf<A[K], B> }
  & { -readonly [K in keyof A as A[K] extends LeftOut ? K : never]?: ArgumentOf<A[K], B> };

/**
 * The arguments of a kernel, with buffers of type `B`: `device.conv2d()` takes `KernelArguments<"conv2d",
 * DeviceBuffer>`.
 */
export type KernelArguments<N extends KernelName, B> = {
  // repeated here, so that an error shows this type and not its expansion
  [K in keyof ArgumentsOf<(typeof KERNELS)[N]["arguments"], B>]: ArgumentsOf<(typeof KERNELS)[N]["arguments"], B>[K];
};

/** Every kernel by name. On a device each call enqueues its work and returns at once. */
export type Kernels<B> = { [N in keyof typeof KERNELS]: (args: KernelArguments<N, B>) => void };

/** Sizes of a 3x3 convolution, stride 1, zero padding 1. */
export type ConvShape = Pick<
  KernelArguments<"conv2d", unknown>,
  "batch" | "height" | "width" | "channelsIn" | "channelsOut"
>;
