/**
 * The 3x3 convolution and its gradients by Winograd's algorithm (Lavin & Gray 2016, "Fast algorithms for convolutional
 * neural networks"), as phases: four times fewer multiplications for tiles of 4x4 outputs.
 *
 * Along one dimension, m outputs of a kernel of r values g over m + r - 1 inputs d are
 *
 *     y = A^T ((G g) * (B^T d))        (* value by value: m + r - 1 products instead of m r)
 *
 * since a correlation is the transpose of a product of polynomials, which its values at m + r - 1 points determine; A, B and G
 * (in `wat/winograd_lines.wat`) evaluate and interpolate. In two dimensions the transforms run along columns, then rows. Summed over
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
import { phase, type PhaseArguments, type WasmKernels } from "./layout.ts";
import type { Queue } from "./queue.ts";

/** The line functions of winograd_lines.wat, in its table's order: a pair each, for m = 4 and m = 2. */
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
/** Most input channels, and bytes of a block's V and products, for {@link convolveTiles}. */
const FUSED = 32;
const FUSED_BYTES = 2 ** 18;
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
 * time for each channel, its products for each pair. The gradient of the weights transforms both x and dy, and has no phase that
 * keeps few channels in the cache, so it needs more.
 */
const PAIRS = { convolution: 128, weightGradient: 512 } as const;

/** The convolution and the gradient of its input, or the gradient of its weights. */
export type WinogradKernel = keyof typeof PAIRS;

/**
 * Whether a kernel uses Winograd's algorithm for a shape. It is possible if channels fill whole panels of 8. It is worthwhile with
 * many channels and tiles that do save products. The batch has no say: a segment's result must not depend on how many others are
 * computed with it.
 */
export function takesWinograd(shape: ConvShape, choice: WinogradChoice, kernel: WinogradKernel): boolean {
  const { height, width, channelsIn, channelsOut } = shape;
  if (choice === "never" || channelsIn % 8 !== 0 || channelsOut % 8 !== 0) return false;
  const { points, down, across } = tiling(shape);
  return choice === "always" ||
    channelsIn * channelsOut >= PAIRS[kernel] &&
      1.5 * points * down * across <= 9 * height * width;
}

/** Most tiles of a block of {@link convolveTiles}. */
const fusedTiles = (channelsIn: number, channelsOut: number, points: number) =>
  Math.max(
    STRIP,
    STRIP * Math.floor(FUSED_BYTES / (STRIP * points * (4 * channelsIn + Math.min(GROUP, 4 * channelsOut)))),
  );

/** Prepares the address lists of a transform's second pass. */
export const listMiddle = (wasm: WasmKernels, scratch: number, columns: number, rows: number) =>
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

/** Where tiles are cut from images of `channels` channels; the arguments of a phase with these names. */
type Tiled = PhaseArguments<"height" | "width" | "channels" | "down" | "across" | "tall" | "wide">;

/** Transforms `count` tiles' channels `channel` to `channel + part` to [tile, point, `stride` bytes] at `to`. */
function transformInput(wasm: WasmKernels, { height, width, channels, down, across, tall, wide }: Tiled, at: {
  from: number;
  tile: number;
  count: number;
  channel: number;
  part: number;
  stride: number;
  scratch: number;
  zeros: number;
  to: number;
}): void {
  const columns = wide + 2;
  wasm.inputTiles(
    line(LINES.input, tall),
    line(LINES.input, wide),
    at.from,
    height,
    width,
    4 * channels,
    down,
    across,
    tall,
    wide,
    1,
    at.tile,
    at.count,
    at.zeros,
    at.scratch,
    4 * at.channel,
    at.scratch + MIDDLE,
    at.scratch + BETWEEN,
    at.to,
    (tall + 2) * columns * at.stride,
    columns * at.stride,
    at.stride,
    4 * at.part,
  );
}

/**
 * Multiplies a block's strips [point, part, strip] by a group of U's columns, transforms the products back and finishes them: y's
 * channels from byte `column` on. `channels` are y's. `m` is memory for the products, [point, tile, `row` bytes].
 */
function multiplyGroup(
  wasm: WasmKernels,
  shape: Tiled & PhaseArguments<"u" | "y" | "bias" | "mask" | "relu" | "depth">,
  at: {
    strips: number;
    point: number;
    part: number;
    tile: number;
    count: number;
    column: number;
    m: number;
    row: number;
    mPoint: number;
    scratch: number;
  },
): void {
  const { u, y, bias, mask, relu, height, width, depth, channels, down, across, tall, wide } = shape;
  const { strips, point, column, m, row, mPoint, scratch } = at, points = (tall + 2) * (wide + 2), panel = 32 * depth;
  const bytes = Math.min(row, 4 * channels - column), uFirst = u + column / 32 * points * panel;
  for (let p = 0; p < points; p++) {
    wasm.products(
      strips + p * point,
      at.part,
      at.count,
      uFirst + p * panel,
      points * panel,
      bytes / 32,
      depth,
      m + p * mPoint,
      row,
      0,
    );
  }
  wasm.lattice(scratch, m, wide + 2, mPoint, (wide + 2) * mPoint);
  listMiddle(wasm, scratch, wide + 2, tall);
  wasm.outputTiles(
    line(LINES.output, tall),
    line(LINES.output, wide),
    scratch,
    row,
    at.tile,
    at.count,
    down,
    across,
    tall,
    wide,
    scratch + MIDDLE,
    scratch + BETWEEN,
    scratch + LISTS,
    y + column,
    height,
    width,
    4 * channels,
    bytes,
    bias && bias + column,
    mask && mask + column,
    relu,
  );
}

/**
 * Transforms CHUNK_STRIPS strips of tiles and packs them for the products: V[block, point, 64 channels, strip]. A block is the input
 * of one chunk of {@link multiplyTiles}, and a strip (`wat/strips.wat`) has five tiles. `first` is the first row of tiles.
 */
export const transformStrips = phase(
  "from to point height width channels first down across tall wide tiles tilesPerBlock scratches scratchBytes",
  (wasm, args, chunk, thread) => {
    const { from, to, point, channels, first, across, tall, wide, tiles } = args;
    const { tilesPerBlock, scratches, scratchBytes } = args;
    const scratch = scratches + thread * scratchBytes, zeros = scratch + LISTS, transformed = zeros + 4 * channels;
    const points = (tall + 2) * (wide + 2), stride = 4 * PART;
    wasm.fill(zeros, channels, 0);
    listMiddle(wasm, scratch, wide + 2, tall + 2);
    const begin = CHUNK_STRIPS * STRIP * chunk, end = Math.min(tiles, begin + CHUNK_STRIPS * STRIP);
    for (let tile = begin; tile < end; tile += STRIP) {
      const count = Math.min(STRIP, end - tile), block = Math.floor(tile / tilesPerBlock);
      const strip = (tile - block * tilesPerBlock) / STRIP;
      for (let channel = 0; channel < channels; channel += PART) {
        const part = Math.min(PART, channels - channel),
          place = { from, tile: first * across + tile, count, channel, part };
        transformInput(wasm, args, { ...place, stride, scratch, zeros, to: transformed });
        const out = to + block * points * point + tilesPerBlock * 4 * channel + strip * STRIP * 4 * part;
        wasm.packStrips(transformed, points * stride, count, part, out, points, stride, point);
      }
    }
  },
);

/** Chunk (block of tiles, group of columns) of the products, transformed back and finished. */
export const multiplyTiles = phase(
  "v point u y bias mask relu height width depth channels first down across tall wide tiles tilesPerChunk scratches scratchBytes",
  (wasm, args, chunk, thread) => {
    const { v, point, channels, first, across, tall, wide, tiles, tilesPerChunk, scratches, scratchBytes } = args;
    const scratch = scratches + thread * scratchBytes, points = (tall + 2) * (wide + 2);
    const groups = Math.ceil(4 * channels / GROUP), begin = Math.floor(chunk / groups) * tilesPerChunk;
    multiplyGroup(wasm, args, {
      strips: v + begin / tilesPerChunk * points * point,
      point,
      part: tilesPerChunk * 4 * PART,
      tile: first * across + begin,
      count: Math.min(tilesPerChunk, tiles - begin),
      column: chunk % groups * GROUP,
      m: scratch + LISTS + 16 * GROUP,
      row: GROUP,
      mPoint: tilesPerChunk * GROUP + SKEW,
      scratch,
    });
  },
);

/**
 * Both for few channels: a block of tiles is transformed, multiplied and transformed back by one thread, in scratch memory that stays
 * in its second-level cache. V never goes to memory, and no thread waits for another between the two.
 */
export const convolveTiles = phase(
  "from u y bias mask relu height width depth channels down across tall wide tiles tilesPerChunk scratches scratchBytes",
  (wasm, args, chunk, thread) => {
    const { from, depth, channels, tall, wide, tiles, tilesPerChunk, scratches, scratchBytes } = args;
    const scratch = scratches + thread * scratchBytes, points = (tall + 2) * (wide + 2), stride = 4 * depth;
    const row = Math.min(GROUP, 4 * channels),
      mPoint = tilesPerChunk * row + SKEW,
      point = tilesPerChunk * stride + SKEW;
    const m = scratch + LISTS + 16 * GROUP, v = m + points * mPoint, zeros = v + points * point;
    const transformed = zeros + stride, begin = chunk * tilesPerChunk, count = Math.min(tilesPerChunk, tiles - begin);
    wasm.fill(zeros, depth, 0);
    listMiddle(wasm, scratch, wide + 2, tall + 2);
    for (let tile = 0; tile < count; tile += STRIP) {
      const place = { from, tile: begin + tile, count: Math.min(STRIP, count - tile), channel: 0, part: depth };
      transformInput(wasm, { ...args, channels: depth }, { ...place, stride, scratch, zeros, to: transformed });
      wasm.packStrips(transformed, points * stride, place.count, depth, v + tile * stride, points, stride, point);
    }
    const block = { strips: v, point, part: 0, tile: begin, count, m, row, mPoint, scratch };
    for (let column = 0; column < 4 * channels; column += GROUP) multiplyGroup(wasm, args, { ...block, column });
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
  const { weights, tapStride, depthStride, columnStride } = at,
    kernelBytes = align(4 * points * channelsIn * channelsOut);
  const fused = channelsIn <= FUSED;
  // a stretch of tiles whose V is in memory, and its blocks
  const span = Math.min(tileRows, Math.ceil(Math.max(256, SPAN / (points * 4 * channelsIn)) / across));
  const most = fused ? fusedTiles(channelsIn, channelsOut, points) : TILES, some = (fused ? tileRows : span) * across;
  const tilesPerChunk = STRIP * Math.ceil(some / (STRIP * Math.ceil(some / most)));
  const point = tilesPerChunk * 4 * channelsIn + SKEW;
  const u = queue.workspace(kernelBytes + (fused ? 0 : Math.ceil(some / tilesPerChunk) * points * point));
  const v = u + kernelBytes, row = fused ? Math.min(GROUP, 4 * channelsOut) : GROUP;
  const products = 16 * GROUP + points * (tilesPerChunk * row + SKEW);
  const transformed = 4 * channelsIn + STRIP * points * 4 * Math.min(PART, fused ? channelsIn : PART);
  const scratchBytes = align(
    LISTS + SKEW + Math.max(
      288 * channelsIn, // transformKernel
      fused ? products + points * point + transformed : Math.max(products, transformed),
    ),
  );
  const scratch = queue.scratch(scratchBytes);
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
  const common = { height, width, down, across, tall, wide, scratches: scratch, scratchBytes };
  const out = {
    u,
    y: at.y,
    bias: at.bias,
    mask: at.mask,
    relu: Number(at.relu),
    depth: channelsIn,
    channels: channelsOut,
  };
  if (fused) {
    const tiles = tileRows * across;
    queue.run(convolveTiles, Math.ceil(tiles / tilesPerChunk), { ...common, ...out, from: at.x, tiles, tilesPerChunk });
    return;
  }
  for (let first = 0; first < tileRows; first += span) {
    const tiles = Math.min(span, tileRows - first) * across, input = { from: at.x, to: v, point, channels: channelsIn };
    const strips = { ...common, ...input, first, tiles, tilesPerBlock: tilesPerChunk };
    queue.run(transformStrips, Math.ceil(tiles / (STRIP * CHUNK_STRIPS)), strips);
    const blocks = Math.ceil(tiles / tilesPerChunk), groups = Math.ceil(4 * channelsOut / GROUP);
    queue.run(multiplyTiles, blocks * groups, { ...common, ...out, v, point, first, tiles, tilesPerChunk });
  }
}
