/** The description of a product before its launch: source, matrices, sizes, and the operations after the sum. */
import type { GpuBuffer } from "./buffer.ts";
import type { Product } from "./product.ts";
import type { Constants } from "./template.ts";

/** The operations on a product after the sum: + bias for each row, ReLU, mask. */
export interface Finish {
  bias?: GpuBuffer;
  mask?: GpuBuffer;
  relu?: boolean;
}

/** A row-major matrix. */
export interface Matrix {
  buffer: GpuBuffer;
  rows: number;
  columns: number;
  /** Whether the text reads it as it is, whatever its columns; else these are padded to a multiple of four. */
  unpadded?: true;
}

/** A product to launch, with its source's names. */
export interface ProductLaunch {
  name: string;
  source: string;
  product: Product;
  constants: Constants;
  inputs: Record<string, Matrix>;
  parameters: Record<string, number>;
  /**
   * Whether the summed dimension, and the result's rows as the source counts them, are multiples of 4: then the kernel
   * tests no bounds.
   */
  fits: boolean;
  /** The result and its name in the source. */
  result: Matrix & { name: string };
  finish?: Finish;
}
