/** What there is to know of a product before it is launched: which text, which matrices, which sizes, and what follows the sum. */
import type { GpuBuffer } from "./buffer.ts";
import type { Product } from "./product.ts";
import type { Constants } from "./template.ts";

/** What happens to a product after it is summed: + bias for each row, ReLU, mask. */
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

/** A product to launch: its text's names for things. */
export interface ProductLaunch {
  name: string;
  source: string;
  product: Product;
  constants: Constants;
  inputs: Record<string, Matrix>;
  parameters: Record<string, number>;
  /** Whether 4 divides what is summed over, and the rows of the result as the text counts them: then it tests no bounds. */
  fits: boolean;
  /** The result and what the text calls it. */
  result: Matrix & { name: string };
  finish?: Finish;
}
