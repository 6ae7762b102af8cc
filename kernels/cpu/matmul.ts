/**
 * The matrix product as phases. Rows of a are laid out as strips (`wat/strips.wat`), 64 steps of the sum at a time. A chunk
 * packs the panels of b that it needs and multiplies them (`wat/gemm.wat`), so that reused data stay in near caches: at most 520
 * rows of strips and their sums of 64 columns, 130 KB each, in the second-level cache; a panel of b, 2 KB, in the first.
 * Complete sums become c: with bias, ReLU and mask.
 */
import type { Addresses } from "./buffer.ts";
import { phase } from "./layout.ts";
import { PIECES } from "./blocks.ts";
import type { Queue } from "./queue.ts";

/** Steps of a sum at a time: as many as `wat/gemm.wat` unrolls. */
const STEPS = 64;
/** Bytes of a strip with this many steps, and rows of a strip. */
const STRIP = 20 * STEPS;
const STRIP_ROWS = 5;
/** Most rows and panels of a chunk. */
const ROWS = 520;
const PANELS = 8;

/** Lays out chunk (row block, stretch of steps) of a: strips[block, stretch, strip]. */
export const layStrips = phase(
  "a to m k transposed rowsPerBlock",
  (wasm, { a, to, m, k, transposed, rowsPerBlock }, chunk) => {
    const stretches = Math.ceil(k / STEPS), row = Math.floor(chunk / stretches) * rowsPerBlock;
    const step = chunk % stretches * STEPS, steps = Math.min(STEPS, k - step), rows = Math.min(rowsPerBlock, m - row);
    const out = to + chunk * rowsPerBlock / STRIP_ROWS * STRIP;
    if (transposed) wasm.packStripsOfSteps(a + 4 * (step * m + row), 4 * m, rows, steps, out);
    else wasm.packStrips(a + 4 * (row * k + step), 4 * k, rows, steps, out, 1, 0, 0);
  },
);

/** Chunk (row block, group of panels) of the product. */
export const multiplyBlock = phase(
  "strips b c bias mask relu m n k transposed rowsPerBlock panelsPerChunk scratch scratchBytes",
  (wasm, args, chunk, thread) => {
    const { strips, b, c, bias, mask, relu, m, n, k, transposed } = args;
    const { rowsPerBlock, panelsPerChunk, scratch, scratchBytes } = args;
    const groups = Math.ceil(n / (8 * panelsPerChunk)), stretch = rowsPerBlock / STRIP_ROWS * STRIP;
    const block = Math.floor(chunk / groups), row = block * rowsPerBlock, rows = Math.min(rowsPerBlock, m - row);
    const begin = chunk % groups * 8 * panelsPerChunk, columns = Math.min(n - begin, 8 * panelsPerChunk);
    const packed = scratch + thread * scratchBytes, panelBytes = 32 * STEPS, panels = Math.ceil(columns / 8);
    const sums = packed + panelsPerChunk * panelBytes, sumRow = 32 * panels;
    let a = strips + block * Math.ceil(k / STEPS) * stretch;
    for (let step = 0; step < k; step += STEPS, a += stretch) {
      const steps = Math.min(STEPS, k - step);
      if (transposed) wasm.packRows(b + 4 * (begin * k + step), packed, steps, columns, 4 * k);
      else wasm.packColumns(b + 4 * (step * n + begin), packed, steps, columns, 4 * n);
      wasm.products(a, 0, rows, packed, 32 * steps, panels, steps, sums, sumRow, Number(step > 0));
    }
    const first = 4 * (row * n + begin);
    wasm.finishTile(
      ...[sums, 0, sumRow, c + first, 0, 4 * n, 1, rows, 4 * columns] as const,
      ...[bias && bias + 4 * begin, mask && mask + first, relu] as const,
    );
  },
);

/** Enqueues `matmul`. */
export function matmul(queue: Queue, args: Addresses<"matmul">): void {
  const { a, b, c, m, n, k, bias = 0, mask = 0 } = args;
  // Enough chunks to keep 16 cores busy, with blocks of similar size.
  const panels = Math.ceil(n / 8), panelsPerChunk = Math.min(PANELS, Math.ceil(panels / PIECES));
  const groups = Math.ceil(panels / panelsPerChunk);
  const wanted = Math.max(Math.ceil(m / ROWS), Math.ceil(PIECES / groups));
  const rowsPerBlock = STRIP_ROWS * Math.ceil(m / (STRIP_ROWS * wanted)), blocks = Math.ceil(m / rowsPerBlock);
  const stretches = Math.ceil(k / STEPS);
  const strips = queue.workspace(blocks * stretches * rowsPerBlock / STRIP_ROWS * STRIP);
  queue.run(layStrips, blocks * stretches, {
    a,
    to: strips,
    m,
    k,
    transposed: Number(args.transposeA ?? false),
    rowsPerBlock,
  });
  const scratchBytes = 32 * panelsPerChunk * (STEPS + rowsPerBlock) + 64;
  queue.run(multiplyBlock, blocks * groups, {
    strips,
    b,
    c,
    bias,
    mask,
    relu: Number(args.relu ?? false),
    m,
    n,
    k,
    transposed: Number(args.transposeB ?? false),
    rowsPerBlock,
    panelsPerChunk,
    scratch: queue.scratch(scratchBytes),
    scratchBytes,
  });
}
