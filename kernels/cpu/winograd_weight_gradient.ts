/**
 * The gradient of the 3x3 convolution's weights by Winograd's algorithm (`winograd.ts` has the mathematics). The tile of dy acts as
 * the kernel: 3 outputs of a kernel of 4 values over the same 6 inputs,
 *
 *     V[point, tile, c] = transformed input     G[point, tile, n] = transformed dy     P[point, c, n] = V^T G
 *
 * summed over all tiles and transformed back once at the end.
 *
 * Error: 0.3e-6 to 1.6e-6 of the largest gradient (direct: 0.1e-6 to 0.3e-6), since the sum over tiles is split into stretches of
 * 64.
 */
import type { Addresses } from "./buffer.ts";
import { phase } from "./layout.ts";
import type { Queue } from "./queue.ts";
import { align, BETWEEN, line, LINES, listMiddle, LISTS, MIDDLE, SKEW, SPAN, STRIP, tiling } from "./winograd.ts";

/** Sizes of the products for weights: tiles to sum over at a time, rows (of a chunk) and columns of dW. */
const STRETCH = 64;
const ROWS = 250;
const COLUMNS = 64;
/** Bytes from one tile to the next: apart where a stretch of them would fall on the same lines of a cache, else side by side. */
const rowBytes = (channels: number) => 4 * channels + (channels >= 128 ? SKEW : 0);
/** Words of a weight gradient that one chunk transforms back. */
const WEIGHTS = 2 ** 12;

/**
 * Transforms the tiles of tile row number `first + chunk` to V[point, tile, channel]. kind: LINES.input, or LINES.spread for dy,
 * whose sums over the row's pixels are then written to bias[row, channel].
 */
export const transformTiles = phase(
  "from to row point height width channels first down across tall wide kind bias scratches scratchBytes",
  (wasm, args, chunk, thread) => {
    const { from, to, row, point, height, width, channels, first, down, across } = args;
    const { tall, wide, kind, bias, scratches, scratchBytes } = args;
    const scratch = scratches + thread * scratchBytes, zeros = scratch + LISTS, pixel = 4 * channels;
    const top = (first + chunk) % down * tall, border = Number(kind === LINES.input);
    wasm.fill(zeros, channels, 0);
    listMiddle(wasm, scratch, wide + 2 * border, tall + 2);
    wasm.inputTiles(
      line(kind, tall),
      line(kind, wide),
      from,
      height,
      width,
      pixel,
      down,
      across,
      tall,
      wide,
      border,
      (first + chunk) * across,
      across,
      zeros,
      scratch,
      0,
      scratch + MIDDLE,
      scratch + BETWEEN,
      to + row * chunk * across,
      row,
      (wide + 2) * point,
      point,
      pixel,
    );
    if (bias) {
      const pixels = Math.min(tall, height - top) * width, sums = bias + pixel * (first + chunk);
      const image = from + Math.floor((first + chunk) / down) * height * width * pixel;
      wasm.biasSums(image + top * width * pixel, pixels, pixel, channels / 8, sums, 1);
    }
  },
);

/**
 * Chunk (point, block of rows) of P += V^T G: strips of V's channels by panels of G's. The sum is split into stretches: with
 * thousands of tiles, one long sum would have five times the rounding error.
 */
export const multiplyForWeights = phase(
  "v vRow vPoint g gRow gPoint p tiles channelsIn channelsOut rowsPerChunk add scratches scratchBytes",
  (wasm, args, chunk, thread) => {
    const { v, vRow, vPoint, g, gRow, gPoint, p, tiles, channelsIn, channelsOut } = args;
    const { rowsPerChunk, add, scratches, scratchBytes } = args;
    const blocks = Math.ceil(channelsIn / rowsPerChunk);
    const point = Math.floor(chunk / blocks), begin = chunk % blocks * rowsPerChunk;
    const rows = Math.min(rowsPerChunk, channelsIn - begin), to = p + 4 * channelsOut * (point * channelsIn + begin);
    const strips = scratches + thread * scratchBytes, packed = strips + 4 * rowsPerChunk * STRETCH;
    for (let t = 0; t < tiles; t += STRETCH) {
      const count = Math.min(STRETCH, tiles - t), adds = t > 0 ? 1 : add;
      wasm.packStripsOfSteps(v + point * vPoint + t * vRow + 4 * begin, vRow, rows, count, strips);
      for (let n = 0; n < channelsOut; n += COLUMNS) {
        const columns = Math.min(COLUMNS, channelsOut - n);
        wasm.packColumns(g + point * gPoint + t * gRow + 4 * n, packed, count, columns, gRow);
        wasm.products(strips, 0, rows, packed, 32 * count, columns / 8, count, to + 4 * n, 4 * channelsOut, adds);
      }
    }
  },
);

/** Transforms a stretch of P back to dW; the last chunk sums dBias. */
export const finishWeights = phase(
  "p dWeights bias dBias tileRows channelsIn channelsOut tall wide chunks scratches scratchBytes",
  (wasm, args, chunk, thread) => {
    const { p, dWeights, bias, dBias, tileRows, channelsIn, channelsOut } = args;
    const { tall, wide, chunks, scratches, scratchBytes } = args;
    if (chunk === chunks - 1) {
      wasm.reducePartials(bias, 4 * channelsOut, tileRows, dBias, channelsOut);
      return;
    }
    const scratch = scratches + thread * scratchBytes, tap = 4 * channelsIn * channelsOut;
    const begin = 4 * WEIGHTS * chunk;
    wasm.lattice(scratch, p, wide + 2, tap, (wide + 2) * tap);
    listMiddle(wasm, scratch, wide + 2, 3);
    wasm.transform(
      line(LINES.weights, tall),
      line(LINES.weights, wide),
      scratch,
      begin,
      wide + 2,
      3,
      scratch + MIDDLE,
      scratch + BETWEEN,
      dWeights + begin,
      3 * tap,
      tap,
      Math.min(4 * WEIGHTS, tap - begin),
    );
  },
);

/** Enqueues `conv2dWeightGradient`. */
export function winogradWeightGradient(queue: Queue, args: Addresses<"conv2dWeightGradient">): void {
  const { height, width, channelsIn, channelsOut, x, dy, dWeights, dBias } = args;
  const { tall, wide, down, across, points, tileRows } = tiling(args);
  const weights = channelsIn * channelsOut;
  const [vRow, gRow] = [channelsIn, channelsOut].map(rowBytes);
  const span = Math.min(tileRows, Math.ceil(Math.max(256, SPAN / (points * Math.max(vRow, gRow))) / across));
  const vPoint = span * across * vRow + SKEW, gPoint = span * across * gRow + SKEW;
  const p = queue.workspace(
    align(4 * points * weights) + align(4 * tileRows * channelsOut) + align(points * vPoint) + points * gPoint,
  );
  const bias = p + align(4 * points * weights);
  const v = bias + align(4 * tileRows * channelsOut), g = v + align(points * vPoint);
  const rowsPerChunk = STRIP * Math.ceil(channelsIn / (STRIP * Math.ceil(channelsIn / ROWS)));
  const scratchBytes = align(
    SKEW + Math.max(LISTS + 4 * Math.max(channelsIn, channelsOut), 4 * STRETCH * (rowsPerChunk + COLUMNS)),
  );
  const scratch = queue.scratch(scratchBytes);
  for (let first = 0; first < tileRows; first += span) {
    const rows = Math.min(span, tileRows - first);
    queue.run(transformTiles, rows, {
      from: x,
      to: v,
      row: vRow,
      point: vPoint,
      height,
      width,
      channels: channelsIn,
      first,
      down,
      across,
      tall,
      wide,
      kind: LINES.input,
      bias: 0,
      scratches: scratch,
      scratchBytes,
    });
    queue.run(transformTiles, rows, {
      from: dy,
      to: g,
      row: gRow,
      point: gPoint,
      height,
      width,
      channels: channelsOut,
      first,
      down,
      across,
      tall,
      wide,
      kind: LINES.spread,
      bias,
      scratches: scratch,
      scratchBytes,
    });
    queue.run(multiplyForWeights, points * Math.ceil(channelsIn / rowsPerChunk), {
      v,
      vRow,
      vPoint,
      g,
      gRow,
      gPoint,
      p,
      tiles: rows * across,
      channelsIn,
      channelsOut,
      rowsPerChunk,
      add: Number(first > 0),
      scratches: scratch,
      scratchBytes,
    });
  }
  const chunks = Math.ceil(weights / WEIGHTS) + 1;
  queue.run(finishWeights, chunks, {
    p,
    dWeights,
    bias,
    dBias,
    tileRows,
    channelsIn,
    channelsOut,
    tall,
    wide,
    chunks,
    scratches: scratch,
    scratchBytes,
  });
}
