/**
 * The matrix product as phases: tiles of 6 rows of a by 8 columns of b, those of `wat/conv2d.wat`, over at most 256 steps of
 * the sum at a time, so that what is used again lies near: a panel of b (8 KB) in the first-level cache, a block of a
 * (252 rows, 256 KB) in the second. c is added to once for each stretch of the sum.
 *
 * Rows of a are read in place where the sum is one stretch. Else, or if a is stored as its transpose, they are first laid
 * out stretch by stretch, rows a line of the cache more than their length apart: rows that are apart by a large power of
 * two fall on the same few lines of a cache and drive each other out. Columns of b are packed by the chunk that uses them.
 */
import type { Matmul } from "../kernels.ts";
import type { DeviceBuffer } from "../device.ts";
import { addressOf, checkSizes } from "./buffer.ts";
import type { Phase } from "./layout.ts";
import { PIECES } from "./blocks.ts";
import type { Queue } from "./queue.ts";

const TEMP = 64;
/** Rows of a that one chunk lays out. */
const LAY_ROWS = 16;
/** Most steps of a sum at a time, most rows and panels of a chunk. */
const DEPTH = 256;
const ROWS = 252;
const PANELS = 8;

/** Lays out some rows of a: stretches of `depth` steps, each [m, rowBytes]. */
export const layRows: Phase = (wasm, [a, to, m, k, transposed, depth, rowBytes], chunk) => {
  const row = chunk * LAY_ROWS, rows = Math.min(LAY_ROWS, m - row);
  for (let step = 0, stretch = to; step < k; step += depth, stretch += m * rowBytes) {
    const out = stretch + row * rowBytes, steps = Math.min(depth, k - step);
    if (transposed) wasm.transpose(a + 4 * (step * m + row), out, steps, rows, 4 * m, rowBytes);
    else for (let i = 0; i < rows; i++) wasm.copy(a + 4 * ((row + i) * k + step), out + i * rowBytes, steps);
  }
};

/** Chunk (row block, panel group) of the product. */
export const multiplyBlock: Phase = (wasm, args, chunk, thread) => {
  const [a, b, c, bias, mask, relu, m, n, k, transposed, depth, rowBytes] = args;
  const [rowsPerChunk, panelsPerChunk, scratch, scratchBytes, tableBytes] = args.subarray(12);
  const temp = scratch + thread * scratchBytes, table = temp + TEMP, packed = table + tableBytes;
  const groups = Math.ceil(n / (8 * panelsPerChunk));
  const row = Math.floor(chunk / groups) * rowsPerChunk, rows = Math.min(rowsPerChunk, m - row);
  const begin = chunk % groups * 8 * panelsPerChunk, columns = Math.min(n - begin, 8 * panelsPerChunk);
  for (let step = 0; step < k; step += depth) {
    const steps = Math.min(depth, k - step), last = step + depth >= k, panelBytes = 32 * steps;
    if (transposed) wasm.packRows(b + 4 * (begin * k + step), packed, steps, columns, 4 * k);
    else wasm.packColumns(b + 4 * (step * n + begin), packed, steps, columns, 4 * n);
    wasm.rowTable(table, a + (step / depth * m + row) * rowBytes, rowBytes, rows);
    for (let column = 0, panel = packed; column < columns; column += 8, panel += panelBytes) {
      const first = 4 * (row * n + begin + column);
      wasm.tiles(
        table,
        rows,
        1,
        4 * steps,
        steps,
        panel,
        c + first,
        4 * n,
        Math.min(8, columns - column),
        step === 0 && bias ? bias + 4 * (begin + column) : 0,
        last && mask ? mask + first : 0,
        last ? relu : 0,
        Number(step > 0),
        temp,
      );
    }
  }
};

/** Enqueues {@link Matmul}. */
export function matmul(queue: Queue, args: Matmul<DeviceBuffer>): void {
  const { m, n, k } = args;
  checkSizes({ m, n, k });
  let a = addressOf(args.a, m * k, "matmul's a");
  const b = addressOf(args.b, k * n, "matmul's b");
  const c = addressOf(args.c, m * n, "matmul's c");
  const bias = args.bias ? addressOf(args.bias, n, "matmul's bias") : 0;
  const mask = args.mask ? addressOf(args.mask, m * n, "matmul's mask") : 0;
  const stretches = Math.ceil(k / DEPTH), depth = Math.min(k, 4 * Math.ceil(k / (4 * stretches)));
  let rowBytes = 4 * k;
  if (args.transposeA || stretches > 1) {
    rowBytes = 4 * depth + 64;
    const rows = queue.workspace(stretches * m * rowBytes);
    queue.run(layRows, Math.ceil(m / LAY_ROWS), a, rows, m, k, Number(args.transposeA ?? false), depth, rowBytes);
    a = rows;
  }
  // No fewer chunks than would keep 16 cores busy, and blocks of about the same size.
  const panels = Math.ceil(n / 8), panelsPerChunk = Math.min(PANELS, Math.ceil(panels / PIECES));
  const groups = Math.ceil(panels / panelsPerChunk);
  const blocks = Math.max(Math.ceil(m / ROWS), Math.ceil(PIECES / groups));
  const rowsPerChunk = 6 * Math.ceil(m / (6 * blocks));
  const tableBytes = Math.ceil(4 * (rowsPerChunk + 6) / 64) * 64;
  const scratchBytes = TEMP + tableBytes + Math.ceil(panelsPerChunk * 32 * depth / 64) * 64 + TEMP;
  queue.run(
    multiplyBlock,
    groups * Math.ceil(m / rowsPerChunk),
    a,
    b,
    c,
    bias,
    mask,
    Number(args.relu ?? false),
    m,
    n,
    k,
    Number(args.transposeB ?? false),
    depth,
    rowBytes,
    rowsPerChunk,
    panelsPerChunk,
    queue.scratch(scratchBytes),
    scratchBytes,
    tableBytes,
  );
}
