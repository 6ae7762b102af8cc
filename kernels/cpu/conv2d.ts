/**
 * The convolution and its gradients as phases. Forward and input gradient are one: the gradient to the input is the
 * convolution of dy with the kernel turned over and its channels exchanged. See `wat/conv2d.wat` for the tiles.
 *
 * Work is cut into blocks: a few whole images where they are small, a band of rows where they are large, so that a block's
 * padded copy stays in a core's second-level cache.
 */
import type { Conv2d, Conv2dInputGradient, Conv2dWeightGradient } from "../kernels.ts";
import type { DeviceBuffer } from "../device.ts";
import { addressOf, checkSizes } from "./buffer.ts";
import type { Phase } from "./layout.ts";
import type { Queue } from "./queue.ts";

/** Bytes of scratch before the tables: room for a tile's last columns. */
const TEMP = 64;
/** Bytes that kernels may read past the end of what they use. */
const SLACK = 64;
/** Pieces that work is cut into where it can be: enough that 16 cores have something to do. */
const PIECES = 16;

/** A cut of images into blocks. */
interface Blocks {
  /** Images of a block. */
  images: number;
  /** Rows of a block: all of them if it has several images. */
  rows: number;
  /** Number of blocks. */
  count: number;
}

/** Cuts a batch into blocks of at most `limit` bytes, padded, if that leaves one row. */
function cut(batch: number, height: number, width: number, channels: number, limit: number): Blocks {
  const row = 4 * (width + 2) * channels;
  const images = Math.min(Math.floor(limit / (row * (height + 2))), Math.ceil(batch / PIECES));
  if (images >= 1 && batch >= PIECES) return { images, rows: height, count: Math.ceil(batch / images) };
  const rows = Math.max(1, Math.min(Math.floor(limit / row) - 2, Math.ceil(height * batch / PIECES), height));
  return { images: 1, rows, count: batch * Math.ceil(height / rows) };
}

/** Block number `block` of a cut. */
function place(block: number, batch: number, height: number, images: number, rows: number) {
  if (images > 1 || rows === height) {
    return { image: block * images, images: Math.min(images, batch - block * images), row: 0, rows: height };
  }
  const bands = Math.ceil(height / rows);
  const row = block % bands * rows;
  return { image: Math.floor(block / bands), images: 1, row, rows: Math.min(rows, height - row) };
}

/** Bytes of a block's table and padded copy. */
function blockBytes({ images, rows }: Blocks, width: number, channels: number) {
  const table = 4 * (images * rows * width + 6);
  return { table: Math.ceil(table / 64) * 64, padded: 4 * images * (rows + 2) * (width + 2) * channels };
}

/** Packs panel number `chunk` of 8 columns: see packPanel in conv2d.wat. */
export const packPanels: Phase = (wasm, args, chunk) => {
  const [from, to, taps, depth, columns, tapStride, depthStride, columnStride] = args;
  const valid = Math.min(8, columns - 8 * chunk);
  const panel = to + 32 * taps * depth * chunk;
  wasm.packPanel(from + 8 * chunk * columnStride, panel, taps, depth, valid, tapStride, depthStride, columnStride);
};

/** Convolves block number `chunk` with packed weights. */
export const convolveBlock: Phase = (wasm, args, chunk, thread) => {
  const [x, panels, y, bias, mask, relu, batch, height, width, channelsIn, channelsOut] = args;
  const [images, rows, scratch, scratchBytes, tableBytes] = args.subarray(11);
  const block = place(chunk, batch, height, images, rows);
  const temp = scratch + thread * scratchBytes, table = temp + TEMP, padded = table + tableBytes;
  const pixel = 4 * channelsIn, paddedRow = (width + 2) * pixel, outPixel = 4 * channelsOut;
  wasm.pad(
    x + block.image * height * width * pixel,
    padded,
    block.images,
    height,
    width,
    pixel,
    block.row,
    block.rows,
  );
  wasm.pixelTable(table, padded, block.images, block.rows, width, pixel, 2 * pixel, 2 * paddedRow);
  const count = block.images * block.rows * width;
  const first = (block.image * height + block.row) * width * outPixel;
  for (let column = 0; column < channelsOut; column += 8) {
    wasm.tiles(
      table,
      count,
      3,
      paddedRow,
      3 * channelsIn,
      panels + 36 * channelsIn * column,
      y + first + 4 * column,
      outPixel,
      Math.min(8, channelsOut - column),
      bias && bias + 4 * column,
      mask && mask + first + 4 * column,
      relu,
      0,
      temp,
    );
  }
};

/** Enqueues {@link Conv2d}. */
export function conv2d(queue: Queue, args: Conv2d<DeviceBuffer>): void {
  const { batch, height, width, channelsIn, channelsOut } = args;
  checkSizes({ batch, height, width, channelsIn, channelsOut });
  const pixels = batch * height * width, weights = 9 * channelsIn * channelsOut;
  const from = addressOf(args.weights, weights, "conv2d's weights");
  const panels = queue.workspace(288 * channelsIn * Math.ceil(channelsOut / 8));
  queue.run(
    packPanels,
    Math.ceil(channelsOut / 8),
    from,
    panels,
    1,
    9 * channelsIn,
    channelsOut,
    0,
    4 * channelsOut,
    4,
  );
  convolve(queue, batch, height, width, channelsIn, channelsOut, {
    panels,
    x: addressOf(args.x, pixels * channelsIn, "conv2d's x"),
    y: addressOf(args.y, pixels * channelsOut, "conv2d's y"),
    bias: addressOf(args.bias, channelsOut, "conv2d's bias"),
    mask: 0,
    relu: args.relu,
  });
}

/** Enqueues {@link Conv2dInputGradient}. */
export function conv2dInputGradient(queue: Queue, args: Conv2dInputGradient<DeviceBuffer>): void {
  const { batch, height, width, channelsIn, channelsOut } = args;
  checkSizes({ batch, height, width, channelsIn, channelsOut });
  const pixels = batch * height * width, tap = 4 * channelsIn * channelsOut;
  const from = addressOf(args.weights, 9 * channelsIn * channelsOut, "conv2dInputGradient's weights");
  const panels = queue.workspace(288 * channelsOut * Math.ceil(channelsIn / 8));
  queue.run(
    packPanels,
    Math.ceil(channelsIn / 8),
    from + 8 * tap,
    panels,
    9,
    channelsOut,
    channelsIn,
    -tap,
    4,
    4 * channelsOut,
  );
  convolve(queue, batch, height, width, channelsOut, channelsIn, {
    panels,
    x: addressOf(args.dy, pixels * channelsOut, "conv2dInputGradient's dy"),
    y: addressOf(args.dx, pixels * channelsIn, "conv2dInputGradient's dx"),
    bias: 0,
    mask: args.mask ? addressOf(args.mask, pixels * channelsIn, "conv2dInputGradient's mask") : 0,
    relu: false,
  });
}

function convolve(
  queue: Queue,
  batch: number,
  height: number,
  width: number,
  channelsIn: number,
  channelsOut: number,
  at: { x: number; panels: number; y: number; bias: number; mask: number; relu: boolean },
): void {
  // Where the weights are many, they are read from afar for each block: larger blocks make that worth it.
  const limit = 36 * channelsIn * channelsOut > 2 ** 19 ? 2 ** 19 : 2 ** 17;
  const blocks = cut(batch, height, width, channelsIn, limit);
  const bytes = blockBytes(blocks, width, channelsIn);
  const scratchBytes = TEMP + bytes.table + bytes.padded + SLACK;
  queue.run(
    convolveBlock,
    blocks.count,
    at.x,
    at.panels,
    at.y,
    at.bias,
    at.mask,
    Number(at.relu),
    batch,
    height,
    width,
    channelsIn,
    channelsOut,
    blocks.images,
    blocks.rows,
    queue.scratch(scratchBytes),
    scratchBytes,
    bytes.table,
  );
}

/** Partial sum of the weight gradient: split `chunk / parts` of the blocks, part `chunk % parts` of the columns. */
export const weightPartial: Phase = (wasm, args, chunk, thread) => {
  const [x, dy, partials, batch, height, width, channelsIn, channelsOut, images, rows] = args;
  const [blocks, splits, parts, scratch, scratchBytes, tableBytes, panelBytes] = args.subarray(10);
  const split = Math.floor(chunk / parts), part = chunk % parts;
  const temp = scratch + thread * scratchBytes, table = temp + TEMP;
  const packed = table + tableBytes, planes = packed + panelBytes + TEMP; // a shifted store reaches back by one value
  const panels = Math.ceil(channelsOut / 8), partialStride = 32 * panels;
  const partial = partials + split * (9 * channelsIn + 1) * partialStride;
  const begin = Math.floor(split * blocks / splits), end = Math.floor((split + 1) * blocks / splits);
  const firstPanel = Math.floor(part * panels / parts), endPanel = Math.floor((part + 1) * panels / parts);
  for (let b = begin; b < end; b++) {
    const block = place(b, batch, height, images, rows);
    const imageBytes = 4 * (block.rows + 2) * width, plane = planeBytes(block.images, block.rows, width);
    wasm.shiftedPlanes(
      x + 4 * block.image * height * width * channelsIn,
      planes,
      block.images,
      height,
      width,
      channelsIn,
      block.row,
      block.rows,
      plane,
    );
    wasm.weightTable(table, planes, channelsIn, plane, 4 * width);
    const pixels = block.rows * width, count = block.images * pixels, add = Number(b > begin);
    const first = dy + 4 * (block.image * height + block.row) * width * channelsOut;
    for (let p = firstPanel; p < endPanel; p++) {
      const valid = Math.min(8, channelsOut - 8 * p), out = partial + 32 * p;
      // With 8 channels dy is a panel as it lies.
      const panel = channelsOut === 8 ? first : packed;
      if (panel === packed) wasm.packPanel(first + 32 * p, packed, 1, count, valid, 0, 4 * channelsOut, 4);
      wasm.biasSums(panel, count, 32, 1, out + 9 * channelsIn * partialStride, 1 - add);
      wasm.tiles(
        table,
        9 * channelsIn,
        block.images,
        imageBytes,
        pixels,
        panel,
        out,
        partialStride,
        8,
        0,
        0,
        0,
        add,
        temp,
      );
    }
  }
};

/** Bytes from one of the planes of shiftedPlanes to the next. */
const planeBytes = (images: number, rows: number, width: number) => 4 * images * (rows + 2) * width + 16;

/** Rows of the weight gradient, [9C, columns], that one chunk sums up. */
const REDUCE_ROWS = 64;

/** Adds up partial sums, in the order of the splits: rows of weights, and in the last chunk the bias. */
export const reduceWeights: Phase = (wasm, args, chunk) => {
  const [partials, splits, dWeights, dBias, channelsIn, channelsOut, chunks] = args;
  const partialStride = 32 * Math.ceil(channelsOut / 8), splitBytes = (9 * channelsIn + 1) * partialStride;
  if (chunk === chunks - 1) {
    wasm.reducePartials(partials + 9 * channelsIn * partialStride, splitBytes, splits, dBias, channelsOut);
    return;
  }
  const end = Math.min((chunk + 1) * REDUCE_ROWS, 9 * channelsIn);
  for (let row = chunk * REDUCE_ROWS; row < end; row++) {
    const from = partials + row * partialStride;
    wasm.reducePartials(from, splitBytes, splits, dWeights + 4 * row * channelsOut, channelsOut);
  }
};

/** Enqueues {@link Conv2dWeightGradient}. */
export function conv2dWeightGradient(queue: Queue, args: Conv2dWeightGradient<DeviceBuffer>): void {
  const { batch, height, width, channelsIn, channelsOut } = args;
  checkSizes({ batch, height, width, channelsIn, channelsOut });
  const pixels = batch * height * width;
  const x = addressOf(args.x, pixels * channelsIn, "conv2dWeightGradient's x");
  const dy = addressOf(args.dy, pixels * channelsOut, "conv2dWeightGradient's dy");
  const dWeights = addressOf(args.dWeights, 9 * channelsIn * channelsOut, "conv2dWeightGradient's dWeights");
  const dBias = addressOf(args.dBias, channelsOut, "conv2dWeightGradient's dBias");
  const panels = Math.ceil(channelsOut / 8);
  const splitBytes = 32 * panels * (9 * channelsIn + 1);
  // Blocks of 64 to 256 pixels: a packed panel of dy in the nearest cache, the planes of x in the second.
  const pixelsPerBlock = Math.max(64, Math.min(256, Math.floor(2 ** 14 / channelsIn)));
  const blocks = cut(batch, height, width, 1, 4 * pixelsPerBlock * (1 + 2 / width) * (1 + 2 / height) + 4 * width);
  const splits = Math.min(blocks.count, PIECES, Math.max(2, Math.floor(2 ** 22 / splitBytes)));
  const parts = Math.min(panels, Math.ceil(PIECES / splits));
  const tableBytes = 64 * Math.ceil(4 * (9 * channelsIn + 6) / 64);
  const panelBytes = 32 * blocks.images * blocks.rows * width;
  const planes = 3 * channelsIn * planeBytes(blocks.images, blocks.rows, width);
  const scratchBytes = 64 * Math.ceil((TEMP + tableBytes + panelBytes + TEMP + planes + SLACK) / 64);
  const partials = queue.workspace(splits * splitBytes);
  queue.run(
    weightPartial,
    splits * parts,
    x,
    dy,
    partials,
    batch,
    height,
    width,
    channelsIn,
    channelsOut,
    blocks.images,
    blocks.rows,
    blocks.count,
    splits,
    parts,
    queue.scratch(scratchBytes),
    scratchBytes,
    tableBytes,
    panelBytes,
  );
  const chunks = Math.ceil(9 * channelsIn / REDUCE_ROWS) + 1;
  queue.run(reduceWeights, chunks, partials, splits, dWeights, dBias, channelsIn, channelsOut, chunks);
}
