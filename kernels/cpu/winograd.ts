/**
 * The 3x3 convolution and its gradients by Winograd's algorithm (Lavin & Gray 2016, "Fast algorithms for convolutional
 * neural networks"), as phases: four times fewer multiplications for tiles of 4x4 outputs.
 *
 * Along one dimension, m outputs of a kernel of r values g over m + r - 1 inputs d are
 *
 *     y = A^T ((G g) * (B^T d))        (* value by value: m + r - 1 products instead of m r)
 *
 * since a correlation is the transpose of a product of polynomials, which its values at m + r - 1 points determine; A, B and G
 * (in `wat/winograd.wat`) evaluate and interpolate. In two dimensions the transforms run along columns, then rows. Summed over
 * channels, each point is a separate matrix product:
 *
 *     V[point, tile, c] = transformed input     U[point, c, n] = transformed kernel     M[point, tile, n] = V U
 *
 * and the inverse transform of M is the output. The gradient of the input is the same with the kernel flipped and its channels
 * exchanged; that of the weights is in `winograd_weight_gradient.ts`.
 *
 * m is 4 or, if 4 would waste products on an edge, 2. It is chosen separately for height and width: an image of 4x2 is one tile
 * of 24 points.
 *
 * Error: rounding grows with the transforms' constants. The usual points 0, 1, -1, 2, -2 give errors of 4.5e-6 of the largest
 * output with 64 channels and 1.4e-5 with 512 (normal inputs, float32); the points 0, +-sqrt(1/2), +-sqrt(2) used here give
 * 1.3e-6 and 3.4e-6, and the direct sum 0.9e-6 and 2.2e-6.
 *
 * Memory: V is computed for a limited number of tiles at a time, so that it stays in the last-level cache. A block of tiles is
 * then multiplied by 32 columns at a time, and its M is transformed back before it leaves the second-level cache.
 */
import type { ConvShape } from "../table.ts";
import type { Addresses } from "./buffer.ts";
import { type Kernel, phase } from "./layout.ts";
import type { Queue } from "./queue.ts";

/** The line functions of winograd.wat, in its table's order: a pair each, for m = 4 and m = 2. */
export const LINES = { input: 0, filter: 2, output: 4, spread: 6, weights: 8 } as const;
/** The line function of a kind for tiles of m. */
export const line = (kind: number, m: number) => kind + Number(m === 2);

/** Scratch of a transform: lists of addresses, then the values between its two passes (6 x 6 values of 512 bytes). */
export const MIDDLE = 192;
export const BETWEEN = 512;
export const LISTS = BETWEEN + 36 * 512;
/** Most tiles multiplied together, and bytes of the columns by which they are multiplied. */
const TILES = 90;
const GROUP = 128;
/** Tiles per strip, channels transformed before they are packed into it, strips per chunk. */
export const STRIP = 5;
const PART = 64;
const CHUNK_STRIPS = 3;
/** Bytes of V (and of its counterpart for dy) at a time, if that is at least 256 tiles. */
export const SPAN = 2 ** 23;
/** Bytes between rows and between points that keep them from sharing cache lines. */
export const SKEW = 64;

/** Rounds bytes up to a multiple of 256. */
export const align = (bytes: number) => Math.ceil(bytes / 256) * 256;

/** m for an extent: 4 if that takes no more products than 2. */
const tileSize = (extent: number) => 6 * Math.ceil(extent / 4) <= 4 * Math.ceil(extent / 2) ? 4 : 2;

/** How images are cut into tiles. */
export function tiling({ batch, height, width }: ConvShape) {
  const tall = tileSize(height), wide = tileSize(width);
  const down = Math.ceil(height / tall), across = Math.ceil(width / wide);
  return { tall, wide, down, across, points: (tall + 2) * (wide + 2), tileRows: batch * down };
}

/** When to use Winograd's algorithm: if worthwhile, whenever possible, or never. */
export type WinogradChoice = "auto" | "always" | "never";

/**
 * Least product of channels (in times out, at least 8 each) for which Winograd's algorithm is worthwhile: transforming a tile takes
 * time for each channel, its products for each pair.
 */
const PAIRS = 128;

/**
 * Whether a shape uses Winograd's algorithm. It is possible if channels fill whole panels of 8. It is worthwhile with many
 * channels and tiles that do save products. The batch has no say: a segment's result must not depend on how many others are
 * computed with it.
 */
export function takesWinograd(shape: ConvShape, choice: WinogradChoice): boolean {
  const { height, width, channelsIn, channelsOut } = shape;
  if (choice === "never" || channelsIn % 8 !== 0 || channelsOut % 8 !== 0) return false;
  const { points, down, across } = tiling(shape);
  return choice === "always" ||
    channelsIn * channelsOut >= PAIRS &&
      1.5 * points * down * across <= 9 * height * width;
}

/** Prepares the address lists of a transform's second pass. */
export const listMiddle = (wasm: Kernel, scratch: number, columns: number, rows: number) =>
  wasm.lattice(scratch + MIDDLE, scratch + BETWEEN, rows, 512 * columns, 512);

/** Transforms panel number `chunk` of the kernel, 8 columns, to U[chunk, point, depth, 8]. */
export const transformKernel = phase(
  "from to depth tapStride depthStride columnStride tall wide scratches scratchBytes",
  (wasm, args, chunk, thread) => {
    const { from, to, depth, tapStride, depthStride, columnStride, tall, wide, scratches, scratchBytes } = args;
    const scratch = scratches + thread * scratchBytes, taps = scratch + LISTS, panel = 32 * depth;
    const rows = tall + 2, columns = wide + 2;
    wasm.packPanel(from + 8 * chunk * columnStride, taps, 9, depth, 8, tapStride, depthStride, columnStride);
    wasm.lattice(scratch, taps, 3, panel, 3 * panel);
    listMiddle(wasm, scratch, 3, rows);
    wasm.transform(
      line(LINES.filter, tall),
      line(LINES.filter, wide),
      scratch,
      0,
      3,
      rows,
      scratch + MIDDLE,
      scratch + BETWEEN,
      to + rows * columns * panel * chunk,
      columns * panel,
      panel,
      panel,
    );
  },
);

/**
 * Transforms CHUNK_STRIPS strips of tiles and packs them for the products: V[block, point, 64 channels, strip]. A block is the input
 * of one chunk of {@link multiplyTiles}, and a strip (`wat/strips.wat`) has five tiles. `first` is the first row of tiles.
 */
export const transformStrips = phase(
  "from to point height width channels first down across tall wide tiles tilesPerBlock scratches scratchBytes",
  (wasm, args, chunk, thread) => {
    const { from, to, point, height, width, channels, first, down, across, tall, wide, tiles } = args;
    const { tilesPerBlock, scratches, scratchBytes } = args;
    const scratch = scratches + thread * scratchBytes, zeros = scratch + LISTS, transformed = zeros + 4 * channels;
    const points = (tall + 2) * (wide + 2), tileBytes = points * 4 * PART, columns = wide + 2;
    wasm.fill(zeros, channels, 0);
    listMiddle(wasm, scratch, columns, tall + 2);
    const begin = CHUNK_STRIPS * STRIP * chunk, end = Math.min(tiles, begin + CHUNK_STRIPS * STRIP);
    for (let tile = begin; tile < end; tile += STRIP) {
      const count = Math.min(STRIP, end - tile), block = Math.floor(tile / tilesPerBlock);
      const strip = (tile - block * tilesPerBlock) / STRIP;
      for (let channel = 0; channel < channels; channel += PART) {
        const part = Math.min(PART, channels - channel);
        wasm.inputTiles(
          line(LINES.input, tall),
          line(LINES.input, wide),
          from,
          height,
          width,
          4 * channels,
          down,
          across,
          tall,
          wide,
          1,
          first * across + tile,
          count,
          zeros,
          scratch,
          4 * channel,
          scratch + MIDDLE,
          scratch + BETWEEN,
          transformed,
          tileBytes,
          columns * 4 * PART,
          4 * PART,
          4 * part,
        );
        const out = to + block * points * point + tilesPerBlock * 4 * channel + strip * STRIP * 4 * part;
        wasm.packStrips(transformed, tileBytes, count, part, out, points, 4 * PART, point);
      }
    }
  },
);

/** Chunk (block of tiles, group of columns) of the products, transformed back and finished. */
export const multiplyTiles = phase(
  "v point u y bias mask relu height width depth channels first down across tall wide tiles tilesPerChunk scratches scratchBytes",
  (wasm, args, chunk, thread) => {
    const { v, point, u, y, bias, mask, relu, height, width, depth, channels } = args;
    const { first, down, across, tall, wide, tiles, tilesPerChunk, scratches, scratchBytes } = args;
    const scratch = scratches + thread * scratchBytes, done = scratch + LISTS, m = done + 16 * GROUP;
    const groups = Math.ceil(4 * channels / GROUP), points = (tall + 2) * (wide + 2);
    const begin = Math.floor(chunk / groups) * tilesPerChunk, count = Math.min(tilesPerChunk, tiles - begin);
    const column = chunk % groups * GROUP, bytes = Math.min(GROUP, 4 * channels - column);
    const panel = 32 * depth, mPoint = tilesPerChunk * GROUP + SKEW;
    const uFirst = u + column / 32 * points * panel, strips = v + begin / tilesPerChunk * points * point;
    for (let p = 0; p < points; p++) {
      wasm.products(
        strips + p * point,
        tilesPerChunk * 4 * PART,
        count,
        uFirst + p * panel,
        points * panel,
        bytes / 32,
        depth,
        m + p * mPoint,
        GROUP,
        0,
      );
    }
    wasm.lattice(scratch, m, wide + 2, mPoint, (wide + 2) * mPoint);
    listMiddle(wasm, scratch, wide + 2, tall);
    wasm.outputTiles(
      line(LINES.output, tall),
      line(LINES.output, wide),
      scratch,
      GROUP,
      first * across + begin,
      count,
      down,
      across,
      tall,
      wide,
      scratch + MIDDLE,
      scratch + BETWEEN,
      done,
      y + column,
      height,
      width,
      4 * channels,
      bytes,
      bias && bias + column,
      mask && mask + column,
      relu,
    );
  },
);

/** Enqueues `conv2d`. */
export function winogradConv2d(queue: Queue, args: Addresses<"conv2d">): void {
  const { channelsIn, channelsOut, weights, x, y, bias, relu } = args;
  convolve(queue, args, {
    weights,
    tapStride: 4 * channelsIn * channelsOut,
    depthStride: 4 * channelsOut,
    columnStride: 4,
    ...{ x, y, bias, mask: 0, relu },
  });
}

/** Enqueues `conv2dInputGradient`. */
export function winogradInputGradient(queue: Queue, args: Addresses<"conv2dInputGradient">): void {
  const { channelsIn, channelsOut, dy, dx, mask = 0 } = args, tap = 4 * channelsIn * channelsOut;
  convolve(queue, { ...args, channelsIn: channelsOut, channelsOut: channelsIn }, {
    weights: args.weights + 8 * tap,
    tapStride: -tap,
    depthStride: 4,
    columnStride: 4 * channelsOut,
    ...{ x: dy, y: dx, bias: 0, mask, relu: false },
  });
}

function convolve(queue: Queue, shape: ConvShape, at: {
  weights: number;
  tapStride: number;
  depthStride: number;
  columnStride: number;
  x: number;
  y: number;
  bias: number;
  mask: number;
  relu: boolean;
}): void {
  const { height, width, channelsIn, channelsOut } = shape;
  const { tall, wide, down, across, points, tileRows } = tiling(shape);
  const span = Math.min(tileRows, Math.ceil(Math.max(256, SPAN / (points * 4 * channelsIn)) / across));
  const wanted = Math.ceil(span * across / TILES), tilesPerChunk = STRIP * Math.ceil(span * across / (STRIP * wanted));
  const blocks = Math.ceil(span * across / tilesPerChunk), point = tilesPerChunk * 4 * channelsIn + SKEW;
  const u = queue.workspace(align(4 * points * channelsIn * channelsOut) + blocks * points * point);
  const v = u + align(4 * points * channelsIn * channelsOut);
  const scratchBytes = align(
    LISTS + SKEW + Math.max(
      288 * channelsIn, // transformKernel
      4 * channelsIn + STRIP * points * 4 * PART, // transformStrips
      16 * GROUP + points * (tilesPerChunk * GROUP + SKEW), // multiplyTiles
    ),
  );
  const scratch = queue.scratch(scratchBytes);
  const { weights, tapStride, depthStride, columnStride } = at;
  queue.run(transformKernel, channelsOut / 8, {
    from: weights,
    to: u,
    depth: channelsIn,
    tapStride,
    depthStride,
    columnStride,
    tall,
    wide,
    scratches: scratch,
    scratchBytes,
  });
  for (let first = 0; first < tileRows; first += span) {
    const rows = Math.min(span, tileRows - first), tiles = rows * across;
    queue.run(transformStrips, Math.ceil(tiles / (STRIP * CHUNK_STRIPS)), {
      from: at.x,
      to: v,
      point,
      height,
      width,
      channels: channelsIn,
      first,
      down,
      across,
      tall,
      wide,
      tiles,
      tilesPerBlock: tilesPerChunk,
      scratches: scratch,
      scratchBytes,
    });
    queue.run(multiplyTiles, Math.ceil(tiles / tilesPerChunk) * Math.ceil(4 * channelsOut / GROUP), {
      v,
      point,
      u,
      y: at.y,
      bias: at.bias,
      mask: at.mask,
      relu: Number(at.relu),
      height,
      width,
      depth: channelsIn,
      channels: channelsOut,
      first,
      down,
      across,
      tall,
      wide,
      tiles,
      tilesPerChunk,
      scratches: scratch,
      scratchBytes,
    });
  }
}
