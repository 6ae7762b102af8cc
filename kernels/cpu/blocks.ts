/**
 * Blocks: how a batch of images is cut for the convolutions. A few whole images where they are small, a band of rows where
 * they are large, so that a block's copy stays in a core's second-level cache. The cut depends on the shapes alone.
 */

/** Pieces that work is cut into where it can be: enough that 16 cores have something to do. */
export const PIECES = 16;

/** A cut of images into blocks. */
export interface Blocks {
  /** Images of a block. */
  images: number;
  /** Rows of a block: all of them if it has several images. */
  rows: number;
  /** Number of blocks. */
  count: number;
}

/** Cuts a batch into blocks of at most `limit` bytes, padded, if that leaves one row. */
export function cutIntoBlocks(batch: number, height: number, width: number, channels: number, limit: number): Blocks {
  const row = 4 * (width + 2) * channels;
  const images = Math.min(Math.floor(limit / (row * (height + 2))), Math.ceil(batch / PIECES));
  if (images >= 1 && batch >= PIECES) return { images, rows: height, count: Math.ceil(batch / images) };
  const rows = Math.max(1, Math.min(Math.floor(limit / row) - 2, Math.ceil(height * batch / PIECES), height));
  return { images: 1, rows, count: batch * Math.ceil(height / rows) };
}

/** Block number `block` of a cut. */
export function placeOfBlock(block: number, batch: number, height: number, images: number, rows: number) {
  if (images > 1 || rows === height) {
    return { image: block * images, images: Math.min(images, batch - block * images), row: 0, rows: height };
  }
  const bands = Math.ceil(height / rows);
  const row = block % bands * rows;
  return { image: Math.floor(block / bands), images: 1, row, rows: Math.min(rows, height - row) };
}
