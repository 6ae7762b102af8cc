/**
 * `deno task bench --count`: counts the bytes and operations of each kernel of VGG-E's training step on a GPU, without
 * timing, beside the requirement of the roofline. It needs no GPU.
 *
 * Bytes are those that pass between memory and workgroups without a cache: every tile reads its own rows and columns, and
 * parts are written and read again. A cache can only reduce them. The plan is the one that a large GPU gets without tuning
 * (`kernels/webgpu/plan.ts`).
 */
import type { Device } from "../kernels/device.ts";
import type { ConvShape } from "../kernels/table.ts";
import { type Choice, WebGpuDevice } from "../kernels/webgpu/mod.ts";
import { HARDWARE, plansFor } from "../kernels/webgpu/plan.ts";
import {
  convProduct,
  matmulProduct,
  type MatmulShape,
  type Plan,
  type Product,
  productKey,
} from "../kernels/webgpu/product.ts";
import { balance, traffic } from "../kernels/webgpu/traffic.ts";
import { cutWinograd } from "../kernels/webgpu/winograd_cut.ts";
import { formatTable } from "../report/table.ts";
import { type Case, vggECases } from "./cases.ts";
import { linesTouched } from "./lines.ts";
import { fraction } from "../base/fraction.ts";
import { digits } from "./show.ts";

/** One kernel on one shape. */
export interface CountedRow {
  /** Its purpose, and the layers. */
  name: string;
  layer: string;
  shape: string;
  /** Algorithm, variant, and number of parts along k; undefined if it is not a product. */
  plan?: string;
  /** Workgroups; undefined if it is not a product. */
  workgroups?: number;
  /** Share of the GPU's units with work, over the waves of workgroups; undefined if it is not a product. */
  balance?: number;
  /** Memory lines that a warp touches when it loads for a tile, for A and for B; undefined if there is no tile. */
  lines?: { a: number; b: number };
  /** Operations of the definition. */
  flops: number;
  /** Operations of the algorithm: Winograd's needs 4/9 of the definition's. */
  wanted: number;
  /** Share of the executed operations that are useful. */
  useful: number;
  /** Bytes moved. */
  bytes: number;
  /** Operations of the algorithm per byte. */
  intensity: number;
}

/** Operations per byte above which the GPU's memory is fast enough: 60 TFLOP/s divided by 4 TB/s. */
export const NEED = HARDWARE.flops / HARDWARE.bytes;

/** Multiplications of Winograd's algorithm for one of the definition: 16 for 2x2 outputs instead of 36. */
const WINOGRAD = 16 / 36;

/** Counts every kernel of the step. */
export function countKernels(options: { width: number; batch: number; classes: number }): CountedRow[] {
  return vggECases(options).filter(({ flops }) => flops > 0).map((of): CountedRow => {
    const { name, layer, shape, flops } = of, product = productOf(of);
    if (!product) {
      return { name, layer, shape, flops, wanted: flops, useful: 1, bytes: of.bytes, intensity: flops / of.bytes };
    }
    const plan = plansFor(product, HARDWARE)[0];
    const { bytes, flopsDone, workgroups } = traffic(product, plan, "mask" in of.buffers);
    const wanted = plan.winograd ? WINOGRAD * flops : flops;
    return {
      ...{ name, layer, shape, flops, wanted, bytes, workgroups },
      balance: balance(product, plan, HARDWARE.units),
      lines: plan.winograd ? winogradLines(product, plan) : linesTouched(of, plan.variant, product.k4),
      plan: describePlan({ ...plan, variant: plan.variant.name }),
      useful: wanted / flopsDone,
      intensity: wanted / bytes,
    };
  });
}

/** Lines that a warp's load touches in the products of Winograd's algorithm. */
function winogradLines(product: Product, plan: Plan): { a: number; b: number } | undefined {
  const { product: { rows4, cols4, k4, transposed } } = cutWinograd(product, plan);
  const scalars = { m: 4 * rows4, n: 4 * cols4, k: 4 * k4, transposeA: transposed === "a" };
  return linesTouched({ kernel: "matmul", scalars }, plan.variant, k4);
}

/** A plan for people: "Winograd, tile 128x128x16, 4 parts". */
export function describePlan({ variant, splits, winograd }: Choice): string {
  return (winograd ? "Winograd, " : "") + variant + (splits > 1 ? `, ${splits} parts` : "");
}

/** The plan by which a device computes a case; undefined if it is not a product, or is computed in pieces. */
export function planNamed(device: Device, of: Case): string | undefined {
  const product = device instanceof WebGpuDevice ? productOf(of) : undefined;
  if (!product) return undefined;
  const { kernelChoices, precision } = device as WebGpuDevice;
  const choice = kernelChoices[
    productKey(precision === "f16" ? { ...product, half: true, tiles: undefined, one: undefined } : product)
  ];
  return choice && describePlan(choice);
}

/** The matrix product of a case; undefined if it is not one. */
export function productOf({ kernel, scalars }: Case): Product | undefined {
  if (kernel === "matmul") return matmulProduct(scalars as unknown as MatmulShape);
  if (kernel === "conv2d" || kernel === "conv2dInputGradient" || kernel === "conv2dWeightGradient") {
    return convProduct(kernel, scalars as unknown as ConvShape);
  }
}

/** The table of `--count`, which docs/gpu_kernels.md shows. */
export function describeCounted(options: { width: number; batch: number; classes: number }): string {
  const rows = countKernels(options);
  const table = formatTable(
    [
      "kernel",
      "layer",
      "shape",
      "plan",
      "workgroups",
      "balance",
      "lines",
      "GFLOP",
      "useful",
      "MB",
      "FLOP/byte",
      "bound by",
    ],
    rows.map(({ name, layer, shape, plan, workgroups, balance, lines, flops, useful, bytes, intensity }) => [
      name,
      layer,
      shape,
      plan ?? "",
      workgroups === undefined ? "" : String(workgroups),
      balance === undefined ? "" : `${digits(100 * balance)} %`,
      lines === undefined ? "" : `${lines.a} ${lines.b}`,
      digits(flops / 1e9),
      `${digits(100 * useful)} %`,
      digits(bytes / 1e6),
      digits(intensity),
      intensity >= NEED ? "arithmetic" : "memory",
    ]),
  );
  return `VGG-E of width ${fraction(options.width)}, batch ${options.batch}, on a GPU of ${HARDWARE.units} units, ` +
    `${HARDWARE.flops / 1e12} TFLOP/s and ${HARDWARE.bytes / 1e12} TB/s: ` +
    `from ${NEED} operations a byte on it is arithmetic that counts\n\n${table}`;
}
