/**
 * The matrix product as phases: tiles of 6 rows of a by 8 columns of b, those of `wat/conv2d.wat`. Rows of a are read in place
 * (a transposed a is laid out first); columns of b are packed into panels by the chunk that uses them, into its thread's
 * scratch, where they stay in the second-level cache.
 */
import type { Matmul } from "../kernels.ts";
import type { DeviceBuffer } from "../device.ts";
import { addressOf, checkSizes } from "./buffer.ts";
import type { Phase } from "./layout.ts";
import type { Queue } from "./queue.ts";

const TEMP = 64;
const TRANSPOSE_ROWS = 16;

/** Lays out rows of a that is stored as its transpose. */
export const transposeRows: Phase = (wasm, args, chunk) => {
  const [a, rows, m, k] = args;
  const row = chunk * TRANSPOSE_ROWS;
  wasm.transpose(a + 4 * row, rows + 4 * row * k, Math.min(TRANSPOSE_ROWS, m - row), k, 4 * m, 4 * k);
};

/** Chunk (row block, panel group) of the product. */
export const multiplyBlock: Phase = (wasm, args, chunk, thread) => {
  const [a, b, c, bias, mask, relu, m, n, k, depthStride, columnStride] = args;
  const [rowsPerChunk, panelsPerChunk, scratch, scratchBytes, tableBytes] = args.subarray(11);
  const temp = scratch + thread * scratchBytes, table = temp + TEMP, packed = table + tableBytes;
  const groups = Math.ceil(n / (8 * panelsPerChunk));
  const row = Math.floor(chunk / groups) * rowsPerChunk, rows = Math.min(rowsPerChunk, m - row);
  const begin = chunk % groups * 8 * panelsPerChunk, end = Math.min(n, begin + 8 * panelsPerChunk);
  wasm.rowTable(table, a + 4 * row * k, 4 * k, rows);
  for (let column = begin, panel = packed; column < end; column += 8, panel += 32 * k) {
    wasm.packPanel(b + column * columnStride, panel, 1, k, Math.min(8, end - column), 0, depthStride, columnStride);
  }
  for (let column = begin, panel = packed; column < end; column += 8, panel += 32 * k) {
    const first = 4 * (row * n + column);
    wasm.tiles(
      table,
      rows,
      1,
      4 * k,
      k,
      panel,
      c + first,
      4 * n,
      Math.min(8, end - column),
      bias && bias + 4 * column,
      mask && mask + first,
      relu,
      0,
      temp,
    );
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
  if (args.transposeA) {
    const rows = queue.workspace(4 * m * k + TEMP);
    queue.run(transposeRows, Math.ceil(m / TRANSPOSE_ROWS), a, rows, m, k);
    a = rows;
  }
  // Panels and rows of a chunk: a quarter of a megabyte each, but enough rows that packing b is a small part of the work,
  // and no fewer chunks than would keep 16 cores busy.
  const panels = Math.ceil(n / 8);
  const panelsPerChunk = Math.max(1, Math.min(panels, 16, Math.floor(2 ** 13 / k), Math.ceil(panels / 16)));
  const groups = Math.ceil(panels / panelsPerChunk);
  let rowsPerChunk = Math.min(m, Math.max(252, 6 * Math.floor(2 ** 16 / (6 * k))));
  if (groups * Math.ceil(m / rowsPerChunk) < 16) {
    rowsPerChunk = Math.min(rowsPerChunk, 6 * Math.ceil(m / (6 * Math.ceil(16 / groups))));
  }
  const tableBytes = Math.ceil(4 * (rowsPerChunk + 6) / 64) * 64;
  const scratchBytes = TEMP + tableBytes + Math.ceil(panelsPerChunk * 32 * k / 64) * 64 + TEMP;
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
    args.transposeB ? 4 : 4 * n,
    args.transposeB ? 4 * k : 4,
    rowsPerChunk,
    panelsPerChunk,
    queue.scratch(scratchBytes),
    scratchBytes,
    tableBytes,
  );
}
