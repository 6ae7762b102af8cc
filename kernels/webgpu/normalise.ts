/**
 * Batch normalisation: its moments, the normalisation, its gradient. Sums over all rows are computed in parts, so that a tall
 * matrix keeps the whole GPU busy, and the parts are joined in order.
 *
 * @module
 */
import blendSource from "../wgsl/blend.wgsl" with { type: "text" };
import joinMomentsSource from "../wgsl/join_moments.wgsl" with { type: "text" };
import momentsSource from "../wgsl/moments.wgsl" with { type: "text" };
import normaliseSource from "../wgsl/normalise.wgsl" with { type: "text" };
import notHiddenSource from "../wgsl/not_hidden.wgsl" with { type: "text" };
import normaliseGradientSource from "../wgsl/normalise_gradient.wgsl" with { type: "text" };
import normaliseSumsSource from "../wgsl/normalise_sums.wgsl" with { type: "text" };
import type { GpuArguments, GpuBuffer } from "./buffer.ts";
import { LANES_PER_GROUP, type Launcher, type ShaderKernel } from "./launcher.ts";
import { columnSums } from "./simple.ts";

/** Columns per workgroup of the kernels that sum over all rows. */
const COLUMNS = 32;

const NORMALISE: ShaderKernel = { name: "normalise", source: `${normaliseSource}\n${notHiddenSource}` };

/** The number of parts that the rows are cut into, and the rows of each except the last. */
function cut(rows: number, columns: number): { parts: number; partRows: number; workgroups: number } {
  const columnGroups = Math.ceil(columns / COLUMNS);
  const wanted = Math.max(1, Math.min(128, Math.ceil(rows / 256), Math.ceil(512 / columnGroups)));
  const partRows = Math.ceil(rows / wanted), parts = Math.ceil(rows / partRows);
  return { parts, partRows, workgroups: columnGroups * parts };
}

/** See `moments`. */
export function moments(launcher: Launcher, { x, moments, rows, columns }: GpuArguments<"moments">): void {
  const { parts, partRows, workgroups } = cut(rows, columns);
  launcher.withScratch((scratch) => {
    const ofParts = scratch(2 * parts * columns, "parts of moments");
    launcher.run({ name: "moments", source: momentsSource }, {
      buffers: { x, parts: ofParts },
      parameters: { rows, columns, part_rows: partRows },
      workgroups,
      flops: 200 * rows * columns,
    });
    launcher.run({ name: "join_moments", source: joinMomentsSource }, {
      buffers: { parts: ofParts, moments },
      parameters: { rows, columns, part_rows: partRows, count: parts },
      workgroups: Math.ceil(columns / LANES_PER_GROUP),
      flops: 100 * parts * columns,
    });
  });
}

/** See `normalise`. */
export function normalise(launcher: Launcher, args: GpuArguments<"normalise">): void {
  const { x, moments, gamma, beta, y, rows, columns, epsilon, relu } = args;
  launcher.images(rows, [columns], ({ count, of }) => {
    const length = count * columns;
    launcher.run(NORMALISE, {
      buffers: {
        x: of(x, columns),
        moments,
        gamma,
        beta,
        y: of(y, columns),
      },
      parameters: { length, columns, epsilon, relu: Number(relu) },
      workgroups: Math.ceil(length / LANES_PER_GROUP),
      flops: 100 * length,
    });
  });
}

/** See `normaliseGradient`. */
export function normaliseGradient(launcher: Launcher, args: GpuArguments<"normaliseGradient">): void {
  const { x, dy, moments, gamma, dx, dGamma, dBeta, rows, count, columns, epsilon } = args;
  const { parts, partRows, workgroups } = cut(count, columns);
  launcher.withScratch((scratch) => {
    const sums = (d_gamma: GpuBuffer, d_beta: GpuBuffer) =>
      launcher.run({ name: "normalise_sums", source: normaliseSumsSource }, {
        buffers: {
          x,
          dy,
          moments,
          d_gamma,
          d_beta,
        },
        parameters: { rows: count, columns, part_rows: partRows, epsilon },
        workgroups,
        flops: 200 * count * columns,
      });
    if (parts === 1) return sums(dGamma, dBeta);
    const [ofGamma, ofBeta] = [1, 2].map(() => scratch(parts * columns, "parts of normaliseGradient"));
    sums(ofGamma, ofBeta);
    columnSums(launcher, { x: ofGamma, sums: dGamma, rows: parts, columns });
    columnSums(launcher, { x: ofBeta, sums: dBeta, rows: parts, columns });
  });
  launcher.images(rows, [columns], ({ first, count: some, of }) => {
    const length = some * columns, all = (buffer: GpuBuffer) => of(buffer, columns);
    launcher.run({ name: "normalise_gradient", source: normaliseGradientSource }, {
      buffers: {
        x: all(x),
        dy: all(dy),
        moments,
        gamma,
        d_gamma: dGamma,
        d_beta: dBeta,
        dx: all(dx),
      },
      parameters: {
        length,
        counted: columns * Math.max(0, Math.min(some, count - first)),
        columns,
        rows: count,
        epsilon,
      },
      workgroups: Math.ceil(length / LANES_PER_GROUP),
      flops: 100 * length,
    });
  });
}

/** See `blend`. */
export function blend(launcher: Launcher, { x, y, length, share }: GpuArguments<"blend">): void {
  launcher.elementwise({ name: "blend", source: blendSource }, { buffers: { x, y }, length, parameters: { share } });
}
