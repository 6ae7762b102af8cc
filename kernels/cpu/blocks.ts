/**
 * Cuts a batch of images into blocks for the convolutions: a few whole images if they are small, a band of rows if they
 * are large, so that a block's copy fits in a core's second-level cache. The cut depends on the shapes alone.
 */

/** Number of pieces to cut work into, if possible: enough to keep 16 cores busy. */
export const PIECES = 16;

/** A cut of images into blocks. */
export interface Blocks {
  /** Images per block. */
  images: number;
  /** Rows per block: all rows if it has several images. */
  rows: number;
  /** Number of blocks. */
  count: number;
}

/** Cuts a batch into blocks of at most `limit` bytes, padded, if that allows at least one row. */
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
