/**
 * The convolution and the gradient of its input, as phases. Both are the same operation: the gradient is the convolution
 * of dy with the kernel flipped and its channels exchanged. First the weights are packed into panels of 8 output
 * channels, then each block of images is copied with a border of zeros and convolved. See `wat/conv2d.wat` for the tiles.
 */
import type { ConvShape } from "../table.ts";
import { type Blocks, cutIntoBlocks, placeOfBlock } from "./blocks.ts";
import type { Addresses } from "./buffer.ts";
import { phase } from "./layout.ts";
import type { Queue } from "./queue.ts";

/** Bytes of scratch before the tables: room for a tile's last columns. */
const TEMP = 64;
/** Bytes that kernels may read beyond the end of their data. */
const SLACK = 64;
/** Bytes of a block's table and padded copy. */
function blockBytes({ images, rows }: Blocks, width: number, channels: number) {
  const table = 4 * (images * rows * width + 6);
  return { table: Math.ceil(table / 64) * 64, padded: 4 * images * (rows + 2) * (width + 2) * channels };
}

/** Packs panel number `chunk` of 8 columns: see packPanel in conv2d.wat. */
export const packPanels = phase(
  "from to taps depth columns tapStride depthStride columnStride",
  (wasm, args, chunk) => {
    const { from, to, taps, depth, columns, tapStride, depthStride, columnStride } = args;
    const valid = Math.min(8, columns - 8 * chunk);
    const panel = to + 32 * taps * depth * chunk;
    wasm.packPanel(from + 8 * chunk * columnStride, panel, taps, depth, valid, tapStride, depthStride, columnStride);
  },
);

/** Convolves block number `chunk` with packed weights. */
export const convolveBlock = phase(
  "x panels y bias mask relu batch height width channelsIn channelsOut images rows scratch scratchBytes tableBytes",
  (wasm, args, chunk, thread) => {
    const { x, panels, y, bias, mask, relu, batch, height, width, channelsIn, channelsOut } = args;
    const { images, rows, scratch, scratchBytes, tableBytes } = args;
    const block = placeOfBlock(chunk, batch, height, images, rows);
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
  },
);

/** Enqueues `conv2d`. */
export function conv2d(queue: Queue, args: Addresses<"conv2d">): void {
  const { channelsIn, channelsOut, x, y, bias, relu } = args;
  const panels = queue.workspace(288 * channelsIn * Math.ceil(channelsOut / 8));
  queue.run(packPanels, Math.ceil(channelsOut / 8), {
    from: args.weights,
    to: panels,
    taps: 1,
    depth: 9 * channelsIn,
    columns: channelsOut,
    tapStride: 0,
    depthStride: 4 * channelsOut,
    columnStride: 4,
  });
  convolve(queue, args, { panels, x, y, bias, mask: 0, relu });
}

/** Enqueues `conv2dInputGradient`. */
export function conv2dInputGradient(queue: Queue, args: Addresses<"conv2dInputGradient">): void {
  const { channelsIn, channelsOut, dy, dx, mask = 0 } = args, tap = 4 * channelsIn * channelsOut;
  const panels = queue.workspace(288 * channelsOut * Math.ceil(channelsIn / 8));
  queue.run(packPanels, Math.ceil(channelsIn / 8), {
    from: args.weights + 8 * tap,
    to: panels,
    taps: 9,
    depth: channelsOut,
    columns: channelsIn,
    tapStride: -tap,
    depthStride: 4,
    columnStride: 4 * channelsOut,
  });
  const turned = { ...args, channelsIn: channelsOut, channelsOut: channelsIn };
  convolve(queue, turned, { panels, x: dy, y: dx, bias: 0, mask, relu: false });
}

function convolve(
  queue: Queue,
  { batch, height, width, channelsIn, channelsOut }: ConvShape,
  at: { x: number; panels: number; y: number; bias: number; mask: number; relu: boolean },
): void {
  // A large set of weights is read from distant memory for each block: larger blocks amortise this.
  const limit = 36 * channelsIn * channelsOut > 2 ** 19 ? 2 ** 19 : 2 ** 17;
  const blocks = cutIntoBlocks(batch, height, width, channelsIn, limit);
  const bytes = blockBytes(blocks, width, channelsIn);
  const scratchBytes = TEMP + bytes.table + bytes.padded + SLACK;
  queue.run(convolveBlock, blocks.count, {
    x: at.x,
    panels: at.panels,
    y: at.y,
    bias: at.bias,
    mask: at.mask,
    relu: Number(at.relu),
    batch,
    height,
    width,
    channelsIn,
    channelsOut,
    images: blocks.images,
    rows: blocks.rows,
    scratch: queue.scratch(scratchBytes),
    scratchBytes,
    tableBytes: bytes.table,
  });
}
