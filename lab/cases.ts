/**
 * The cases to time: one per kernel and shape, with its operations and the memory that it must move.
 *
 * Operations are those of the definition (a convolution is 2 x 9 x pixels x channels in x channels out, including the zero
 * border), so an algorithm with fewer operations may exceed the machine's peak. Bytes are the minimum to move: each input
 * read once, each output written once.
 */
import { SIGNATURES } from "../kernels/methods.ts";
import { bytesOf, type Signature } from "../kernels/signature.ts";
import type { KernelName } from "../kernels/table.ts";
import { type LayerSummary, summarise, vggEParameters } from "../nn/vgg_e.ts";

/** The initial content of a buffer. Outputs contain NaN, so that values that are not written are detected. */
export type BufferContent = "noise" | "positive" | "distributions" | "output" | "zero" | "rising" | "views";

/** One kernel on one shape. */
export interface Case {
  /** The kernel's name in the table. */
  kernel: KernelName;
  /** Its purpose, e.g. "conv to weights": rows with the same name are comparable. */
  name: string;
  /** The layers that it represents, e.g. "conv6-8". */
  layer: string;
  /** Its sizes. */
  shape: string;
  /** Operations per call. */
  flops: number;
  /** Bytes that must move per call. */
  bytes: number;
  /** Its buffers, by the kernel's names. */
  buffers: Record<string, { length: number; content: BufferContent }>;
  /** Buffers that have a second name. */
  aliases?: Record<string, string>;
  /** Its other arguments. */
  scalars: Scalars;
}

/** Arguments other than buffers. */
export type Scalars = Record<string, number | boolean | readonly number[]>;

/** A case's additions to its kernel's entry. */
export interface CaseLabels extends Partial<Pick<Case, "name" | "layer" | "shape" | "aliases">> {
  /** Optional buffers to include. */
  having?: readonly string[];
}

type Sizes = Readonly<Record<string, number>>;

/**
 * Special contents or lengths, by kernel and buffer, if noise is unsuitable or the least length is too short. Most
 * kernels have none.
 */
const SPECIAL: Readonly<
  Record<string, Record<string, { content?: BufferContent; length?: (sizes: Sizes) => number }>>
> = {
  softmaxCrossEntropy: { targets: { content: "distributions" }, metrics: { content: "zero" } },
  adam: { m: { content: "zero" }, v: { content: "zero" } },
  normalise: { moments: { content: "positive" } },
  normaliseGradient: { moments: { content: "positive" } },
  // neighbouring windows of one series, as for the segments of a recording
  gatherWindows: { series: { length: ({ batch, height, width }) => (batch + width) * height } },
  gatherViews: {
    series: { length: ({ batch, height, width }) => (batch + width) * height },
    views: { content: "views" },
  },
  gatherRows: { table: { length: ({ batch, columns }) => batch * columns } },
};

/**
 * Builds a case for any kernel: its entry in the table gives buffers, operations and bytes.
 *
 * @param signature the entry's signature
 * @param scalars its sizes and options
 */
export function kernelCase(signature: Signature, scalars: Scalars, labels: CaseLabels = {}): Case {
  const { kernel, sizes, flops } = signature, { having = [], aliases, ...own } = labels;
  const buffers = Object.fromEntries(
    signature.buffers.filter(({ name, optional }) => !optional || having.includes(name)).map((buffer) => {
      const { name, use, shape, words } = buffer, { content, length } = SPECIAL[kernel]?.[name] ?? {};
      const usual = words === "int32" ? "rising" : use === "write" ? "output" : "noise";
      return [name, { length: length?.(scalars as Sizes) ?? shape.of(scalars), content: content ?? usual }];
    }),
  );
  return {
    ...{
      kernel: kernel as KernelName,
      name: kernel,
      layer: "",
      shape: sizes.map(({ name }) => scalars[name]).join("x"),
    },
    ...{ ...own, flops: flops.of(scalars), bytes: bytesOf(signature, { ...scalars, ...buffers }) },
    ...{ buffers, ...(aliases && { aliases }), scalars },
  };
}

/** Default values of an entry's options in a bench: flags off, numbers and shares one half. */
export function usualOptions({ options }: Signature): Scalars {
  const usual = { flag: false, "flag?": false, number: 0.5, share: 0.5, key: [1, 2] } as const;
  return Object.fromEntries(options.map(({ name, kind }) => [name, usual[kind]]));
}

/** A convolution and its gradients; a network's first one needs no gradient of its input. */
export function convCases(
  [batch, height, width, channelsIn]: readonly number[],
  channelsOut: number,
  inputGradient = true,
): Case[] {
  const shape = `${[batch, height, width, channelsIn].join("x")} to ${channelsOut}`;
  const sizes = { batch, height, width, channelsIn, channelsOut };
  const { conv2d, conv2dInputGradient, conv2dWeightGradient } = SIGNATURES;
  const cases = [
    kernelCase(conv2d, { ...sizes, relu: true }, { name: "conv forward", shape }),
    kernelCase(conv2dInputGradient, sizes, { name: "conv to input", shape, having: ["mask"] }),
    kernelCase(conv2dWeightGradient, sizes, { name: "conv to weights", shape }),
  ];
  return inputGradient ? cases : [cases[0], cases[2]];
}

/** A pool and its gradient, masked by the pool's input, as in a network. */
export function poolCases([batch, height, width, channels]: readonly number[]): Case[] {
  const sizes = { batch, height, width, channels };
  return [
    kernelCase(SIGNATURES.maxPool, sizes, { name: "pool forward" }),
    kernelCase(SIGNATURES.maxPoolGradient, sizes, { name: "pool to input", aliases: { mask: "x" } }),
  ];
}

/** A plain product [m, k] [k, n]. */
export function matmulCase(m: number, k: number, n: number): Case {
  return kernelCase(SIGNATURES.matmul, { m, n, k }, { shape: `${m}x${k} by ${k}x${n}` });
}

/** A dense layer and its gradients: of weights, bias and input. */
export function denseCases(batch: number, units: number, out: number, relu: boolean): Case[] {
  const { matmul, columnSums } = SIGNATURES, shape = `${batch}x${units} to ${out}`;
  const forward = { m: batch, n: out, k: units, relu };
  const toInput = { m: batch, n: units, k: out, transposeB: true };
  const toWeights = { m: units, n: out, k: batch, transposeA: true };
  return [
    kernelCase(matmul, forward, { name: "dense forward", shape, having: ["bias"] }),
    kernelCase(matmul, toInput, { name: "dense to input", shape, having: ["mask"] }),
    kernelCase(matmul, toWeights, { name: "dense to weights", shape }),
    kernelCase(columnSums, { rows: batch, columns: out }, { name: "dense to bias", shape }),
  ];
}

/** The loss with its gradient. */
export function lossCase(rows: number, classes: number): Case {
  const labels = { name: "softmax cross-entropy", layer: "loss", shape: `${rows}x${classes}` };
  return kernelCase(SIGNATURES.softmaxCrossEntropy, { rows, classes, count: rows, step: 1 }, labels);
}

/** Adam on `length` weights. */
export function adamCase(length: number): Case {
  const rates = { rate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
  return kernelCase(SIGNATURES.adam, { length, ...rates }, { name: "Adam", layer: "all" });
}

/** The smallest possible operation: its time is the cost of dispatching. */
export function noopCase(): Case {
  return kernelCase(SIGNATURES.fill, { length: 1, value: 1 }, { name: "no-op", shape: "fill of 1" });
}

/** Every kernel of a VGG-E's training step. Equal shapes occur once, and their case lists all the layers. */
export function vggECases({ width, batch, classes }: { width: number; batch: number; classes: number }): Case[] {
  const layers = summarise({ width, classes });
  const cases = [noopCase()];
  let input: number[] = [64, 32, 1];
  const seen = new Map<string, { first: Case; cases: Case[] }>();
  layers.forEach(({ name, output }: LayerSummary, i) => {
    const out = output[output.length - 1];
    const size = input.reduce((a, b) => a * b, 1);
    const of = name.startsWith("conv")
      ? convCases([batch, ...input], out, i > 0)
      : name.startsWith("pool")
      ? poolCases([batch, ...input])
      : denseCases(batch, size, out, i < layers.length - 1);
    input = output;
    const known = seen.get(of[0].name + of[0].shape);
    const last = name.replace(/^\D+/, "");
    if (known) { for (const same of known.cases) same.layer = `${same.layer.split("-")[0]}-${last}`; }
    else {
      for (const one of of) one.layer = name;
      seen.set(of[0].name + of[0].shape, { first: of[0], cases: of });
      cases.push(...of);
    }
  });
  const weights = vggEParameters({ width, classes }).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b), 0);
  return [...cases, lossCase(batch, classes), adamCase(weights)];
}

/** The syntax of `--shape`. */
export const SHAPES = "conv:BATCHxHEIGHTxWIDTHxIN:OUT, pool:BATCHxHEIGHTxWIDTHxCHANNELS, dense:BATCHxIN:OUT, " +
  "matmul:MxKxN, softmax:ROWSxCLASSES, adam:WEIGHTS; or any kernel of the table with its sizes, moments:rows=4096,columns=64";

/**
 * The cases of `--shape`, e.g. conv:128x64x32x64:64 or moments:rows=4096,columns=64.
 *
 * @throws RangeError that shows the syntax of a shape
 */
export function parseShape(text: string): Case[] {
  const [kind, from = "", to] = text.split(":");
  if (Object.hasOwn(SIGNATURES, kind) && from.includes("=")) return [tableCase(SIGNATURES[kind as KernelName], from)];
  const sizes = from.split("x").map(Number), out = Number(to);
  const fits = (count: number, withOut: boolean) =>
    sizes.length === count && withOut === (to !== undefined) &&
    [...sizes, ...(withOut ? [out] : [])].every((n) => Number.isInteger(n) && n > 0);
  if (kind === "conv" && fits(4, true)) return convCases(sizes, out);
  if (kind === "pool" && fits(4, false)) return poolCases(sizes);
  if (kind === "dense" && fits(2, true)) return denseCases(sizes[0], sizes[1], out, true);
  if (kind === "matmul" && fits(3, false)) return [matmulCase(sizes[0], sizes[1], sizes[2])];
  if (kind === "softmax" && fits(2, false)) return [lossCase(sizes[0], sizes[1])];
  if (kind === "adam" && fits(1, false)) return [adamCase(sizes[0])];
  throw new RangeError(`Expected a shape ${SHAPES}; found "${text}"`);
}

/**
 * A case of any kernel from "rows=4096,columns=64". A size whose upper bound is another size may be omitted and takes
 * that value.
 */
function tableCase(signature: Signature, text: string): Case {
  const { kernel, sizes } = signature;
  const found = new Map(text.split(",").map((part) => part.split("=")).map(([name, value]) => [name, Number(value)]));
  const given = sizes.map(({ name, upTo }) => [name, found.get(name) ?? (typeof upTo === "string" && found.get(upTo))]);
  const known = [...found.keys()].every((name) => sizes.some((size) => size.name === name));
  if (!known || !given.every(([, value]) => Number.isInteger(value) && value as number > 0)) {
    const names = sizes.map(({ name }) => `${name}=N`).join(",");
    throw new RangeError(`Found the shape "${kernel}:${text}", wanted ${kernel}:${names}, each a whole number from 1`);
  }
  return kernelCase(signature, { ...Object.fromEntries(given), ...usualOptions(signature) });
}
