/**
 * Measures the distance of a kernel's result from its definition (`kernels/reference.ts`, float64), at the shape and
 * batch that is timed. If the definition would take minutes, it computes only a part of the result:
 *
 * - results that are independent for each image, according to the shapes in the kernel table: the first and the last image;
 * - the gradient of a convolution's weights: a few channels in and out, over the whole batch;
 * - products: the first and the last rows; elementwise kernels: the first and last thousand values.
 *
 *     error = largest |found - expected| / largest |expected|
 */
import { SIGNATURES } from "../kernels/methods.ts";
import { reference } from "../kernels/reference.ts";
import type { Signature } from "../kernels/signature.ts";
import type { Case, Scalars } from "./cases.ts";

/** Arrays by the kernel's buffer names. */
export type Arrays = Record<string, Float32Array>;

/** An error, and the part of the result that was checked. */
export interface Check {
  /** Relative to the largest expected value; Infinity if a value is NaN. */
  error: number;
  /** E.g. "2 of 128 images". */
  checked: string;
}

/** Compares `after`, the buffers' contents after the kernel ran on `before`, with the definition. */
export function checkCase(of: Case, before: Arrays, after: Arrays): Check {
  const named: Arrays = { ...before };
  for (const [alias, name] of Object.entries(of.aliases ?? {})) named[alias] = before[name];
  if (of.kernel === "conv2dWeightGradient") return checkWeightGradient(of, named, after);
  if (of.kernel === "matmul") return checkRows(of, named, after);
  const signature = SIGNATURES[of.kernel];
  // values drawn by a key depend on their position in the whole
  if (signature.options.some(({ kind }) => kind === "key")) return checkAll(of, named, after);
  if (isByImage(signature)) return checkImages(of, named, after);
  if (signature.buffers.every(({ shape }) => shape.text === "[length]")) return checkEnds(of, named, after);
  return checkAll(of, named, after);
}

/** Whether each image of a kernel's result depends on that image alone. */
const isByImage = ({ buffers }: Signature) =>
  buffers.every(({ use, shape }) => use === "read" || shape.text.startsWith("[batch,"));

function checkImages(of: Case, before: Arrays, after: Arrays): Check {
  const batch = of.scalars.batch as number;
  const images = [...new Set([0, batch - 1])];
  const worst = new Worst(), { buffers } = SIGNATURES[of.kernel];
  const shared = buffers.filter(({ shape }) => !/^\[batch[,\]]/.test(shape.text)).map(({ name }) => name);
  for (const image of images) {
    const part = (values: Float32Array) => {
      const size = values.length / batch;
      return values.subarray(image * size, (image + 1) * size);
    };
    const arrays = Object.fromEntries(
      Object.entries(before).map(([name, v]) => [name, asDefined(of, name, shared.includes(name) ? v : part(v))]),
    );
    define(of, arrays, { batch: 1 });
    for (const name of outputs(of)) worst.add(part(after[name]), arrays[name]);
  }
  return { error: worst.relative, checked: images.length < batch ? `2 of ${batch} images` : "all" };
}

/** Channels checked on each side: those at the ends, where a tile may extend beyond. */
const ends = (n: number, most: number) =>
  n <= most ? [...Array(n).keys()] : [...Array(most).keys()].map((i) => i < most / 2 ? i : n - most + i);

function checkWeightGradient(of: Case, before: Arrays, after: Arrays): Check {
  const { channelsIn, channelsOut } = of.scalars as Record<string, number>;
  const ins = ends(channelsIn, 4), outs = ends(channelsOut, 4);
  const arrays = {
    x: columns(before.x, channelsIn, ins),
    dy: columns(before.dy, channelsOut, outs),
    dWeights: new Float64Array(9 * ins.length * outs.length),
    dBias: new Float64Array(outs.length),
  };
  define(of, arrays, { channelsIn: ins.length, channelsOut: outs.length });
  const worst = new Worst(), rest = new Worst();
  const rows = [...Array(9).keys()].flatMap((tap) => ins.map((i) => tap * channelsIn + i));
  const found = rows.flatMap((row) => outs.map((o) => after.dWeights[row * channelsOut + o]));
  worst.add(found, arrays.dWeights);
  rest.add(columns(after.dBias, channelsOut, outs), arrays.dBias);
  return {
    error: Math.max(worst.relative, rest.relative),
    checked: `${ins.length} x ${outs.length} of ${channelsIn} x ${channelsOut} channels`,
  };
}

function checkRows(of: Case, before: Arrays, after: Arrays): Check {
  const { m, n, k, transposeA } = of.scalars as { m: number; n: number; k: number; transposeA?: boolean };
  const chosen = ends(m, Math.max(2, Math.min(m, 2 * Math.floor(1e7 / (n * k)))));
  const row = (values: Float32Array, length: number, i: number) => values.subarray(i * length, (i + 1) * length);
  const rows = (values: Float32Array, length: number) =>
    Float64Array.from(chosen.flatMap((i) => [...row(values, length, i)]));
  const a = transposeA // [k, m]: its chosen columns become rows
    ? Float64Array.from(chosen.flatMap((i) => Array.from({ length: k }, (_, l) => before.a[l * m + i])))
    : rows(before.a, k);
  const arrays: Record<string, Float64Array> = {
    a,
    b: new Float64Array(before.b),
    c: new Float64Array(chosen.length * n),
  };
  if (before.bias) arrays.bias = new Float64Array(before.bias);
  if (before.mask) arrays.mask = rows(before.mask, n);
  define(of, arrays, { m: chosen.length, transposeA: false });
  const worst = new Worst();
  worst.add(rows(after.c, n), arrays.c);
  return { error: worst.relative, checked: chosen.length < m ? `${chosen.length} of ${m} rows` : "all" };
}

function checkEnds(of: Case, before: Arrays, after: Arrays): Check {
  const length = of.scalars.length as number, most = 1000;
  const part = (values: Float32Array) =>
    length <= 2 * most
      ? new Float64Array(values)
      : Float64Array.from([...values.subarray(0, most), ...values.subarray(length - most, length)]);
  const arrays = Object.fromEntries(Object.entries(before).map(([name, values]) => [name, part(values)]));
  define(of, arrays, { length: Math.min(length, 2 * most) });
  let error = 0;
  for (const name of outputs(of)) {
    const worst = new Worst();
    worst.add(part(after[name]), arrays[name]);
    error = Math.max(error, worst.relative);
  }
  return { error, checked: length <= 2 * most ? "all" : `${2 * most} of ${length}` };
}

function checkAll(of: Case, before: Arrays, after: Arrays): Check {
  const arrays = Object.fromEntries(
    Object.entries(before).map(([name, values]) => [name, asDefined(of, name, values)]),
  );
  define(of, arrays, {});
  let error = 0;
  for (const name of outputs(of)) {
    const worst = new Worst();
    worst.add(after[name], arrays[name]);
    error = Math.max(error, worst.relative);
  }
  return { error, checked: "all" };
}

/** The names of the buffers that the kernel writes. */
export function outputs({ kernel, buffers }: Case): string[] {
  return SIGNATURES[kernel].buffers.filter(({ name, use }) => use !== "read" && name in buffers).map(({ name }) =>
    name
  );
}

/** A copy of a buffer for the definition: whole numbers if its words are such. */
function asDefined({ kernel }: Case, buffer: string, values: Float32Array): Float64Array | Int32Array {
  const { words } = SIGNATURES[kernel].buffers.find(({ name }) => name === buffer)!;
  return words === "int32" ? new Int32Array(values.slice().buffer) : new Float64Array(values);
}

function define(of: Case, arrays: Record<string, Float64Array | Int32Array>, sizes: Scalars): void {
  (reference[of.kernel] as (args: unknown) => void)({ ...of.scalars, ...sizes, ...arrays });
}

/** The chosen columns of a table whose rows have `width` values. */
function columns(values: Float32Array, width: number, chosen: readonly number[]): Float64Array {
  const rows = values.length / width;
  const out = new Float64Array(rows * chosen.length);
  for (let r = 0, at = 0; r < rows; r++) for (const c of chosen) out[at++] = values[r * width + c];
  return out;
}

/** Tracks the largest difference and the largest magnitude. */
class Worst {
  #difference = 0;
  #size = 1e-30;

  add(found: ArrayLike<number>, expected: ArrayLike<number>): void {
    for (let i = 0; i < expected.length; i++) {
      const difference = Math.abs(found[i] - expected[i]);
      if (!(difference <= this.#difference)) this.#difference = Number.isNaN(difference) ? Infinity : difference;
      this.#size = Math.max(this.#size, Math.abs(expected[i]));
    }
  }

  get relative(): number {
    return this.#difference / this.#size;
  }
}
