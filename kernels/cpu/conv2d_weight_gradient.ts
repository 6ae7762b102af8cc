/**
 * The gradients of the convolution's weights and bias, as phases. The pixels to sum over are split into a fixed number of
 * parts. Each part's sum goes to separate memory, block by block, and the parts are added up in order. See
 * `wat/conv2d_weight_gradient.wat`.
 */
import { cutIntoBlocks, PIECES, placeOfBlock } from "./blocks.ts";
import type { Addresses } from "./buffer.ts";
import { phase } from "./layout.ts";
import type { Queue } from "./queue.ts";

/** Bytes of scratch before and between the tables: room for stores beyond an edge. */
const TEMP = 64;
/** Bytes that kernels may read beyond the end of their data. */
const SLACK = 64;

/** Partial sum of the weight gradient: split `chunk / parts` of the blocks, part `chunk % parts` of the columns. */
export const weightPartial = phase(
  "x dy partials batch height width channelsIn channelsOut images rows blocks splits parts scratch scratchBytes tableBytes panelBytes",
  (wasm, args, chunk, thread) => {
    const { x, dy, partials, batch, height, width, channelsIn, channelsOut, images, rows } = args;
    const { blocks, splits, parts, scratch, scratchBytes, tableBytes, panelBytes } = args;
    const split = Math.floor(chunk / parts), part = chunk % parts;
    const temp = scratch + thread * scratchBytes, table = temp + TEMP;
    const packed = table + tableBytes, planes = packed + panelBytes + TEMP; // a shifted store starts one value early
    const panels = Math.ceil(channelsOut / 8), partialStride = 32 * panels;
    const partial = partials + split * (9 * channelsIn + 1) * partialStride;
    const begin = Math.floor(split * blocks / splits), end = Math.floor((split + 1) * blocks / splits);
    const firstPanel = Math.floor(part * panels / parts), endPanel = Math.floor((part + 1) * panels / parts);
    for (let b = begin; b < end; b++) {
      const block = placeOfBlock(b, batch, height, images, rows);
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
        // With 8 channels, dy already has a panel's layout.
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
  },
);

/** Bytes from one plane of shiftedPlanes to the next. */
const planeBytes = (images: number, rows: number, width: number) => 4 * images * (rows + 2) * width + 16;

/** Rows of the weight gradient, [9C, columns], that one chunk sums. */
const REDUCE_ROWS = 64;

/** Adds up partial sums in the order of the splits: rows of weights, and in the last chunk the bias. */
export const reduceWeights = phase(
  "partials splits dWeights dBias channelsIn channelsOut chunks",
  (wasm, args, chunk) => {
    const { partials, splits, dWeights, dBias, channelsIn, channelsOut, chunks } = args;
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
  },
);

/** Enqueues `conv2dWeightGradient`. */
export function conv2dWeightGradient(queue: Queue, args: Addresses<"conv2dWeightGradient">): void {
  const { batch, height, width, channelsIn, channelsOut, x, dy, dWeights, dBias } = args;
  const panels = Math.ceil(channelsOut / 8);
  const splitBytes = 32 * panels * (9 * channelsIn + 1);
  // Blocks of 64 to 256 pixels: a packed panel of dy fits in the first-level cache, the planes of x in the second.
  const pixelsPerBlock = Math.max(64, Math.min(256, Math.floor(2 ** 14 / channelsIn)));
  const blocks = cutIntoBlocks(
    batch,
    height,
    width,
    1,
    4 * pixelsPerBlock * (1 + 2 / width) * (1 + 2 / height) + 4 * width,
  );
  const splits = Math.min(blocks.count, PIECES, Math.max(2, Math.floor(2 ** 22 / splitBytes)));
  const parts = Math.min(panels, Math.ceil(PIECES / splits));
  const tableBytes = 64 * Math.ceil(4 * (9 * channelsIn + 6) / 64);
  const panelBytes = 32 * blocks.images * blocks.rows * width;
  const planes = 3 * channelsIn * planeBytes(blocks.images, blocks.rows, width);
  const scratchBytes = 64 * Math.ceil((TEMP + tableBytes + panelBytes + TEMP + planes + SLACK) / 64);
  const partials = queue.workspace(splits * splitBytes);
  queue.run(weightPartial, splits * parts, {
    x,
    dy,
    partials,
    batch,
    height,
    width,
    channelsIn,
    channelsOut,
    images: blocks.images,
    rows: blocks.rows,
    blocks: blocks.count,
    splits,
    parts,
    scratch: queue.scratch(scratchBytes),
    scratchBytes,
    tableBytes,
    panelBytes,
  });
  const chunks = Math.ceil(9 * channelsIn / REDUCE_ROWS) + 1;
  queue.run(reduceWeights, chunks, { partials, splits, dWeights, dBias, channelsIn, channelsOut, chunks });
}
