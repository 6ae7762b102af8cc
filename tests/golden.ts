/**
 * Stored reference values, in tests/golden: each a safetensors file, that is a length (u64), a JSON header and one blob
 * of bytes. The tests have their own reader, so that it can check the product's.
 */

/** One stored tensor: its shape, and its values in row-major order. */
export interface GoldenTensor {
  shape: number[];
  data: Float32Array | Int32Array;
}

const files = new Map<string, Promise<Record<string, GoldenTensor>>>();

/**
 * The tensors of `tests/golden/<name>`, by name. A file is read once, however many tests need it; do not change the
 * values.
 */
export function readGolden(name: string): Promise<Record<string, GoldenTensor>> {
  let file = files.get(name);
  if (!file) files.set(name, file = read(name));
  return file;
}

async function read(name: string): Promise<Record<string, GoldenTensor>> {
  return parseGolden(await Deno.readFile(new URL(`golden/${name}`, import.meta.url)), name);
}

/** The tensors of a stored file's bytes, by name. */
export function parseGolden(bytes: Uint8Array<ArrayBuffer>, name: string): Record<string, GoldenTensor> {
  const headerLength = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerLength)));
  const tensors: Record<string, GoldenTensor> = {};
  for (
    const [key, entry] of Object.entries<{ dtype: string; shape: number[]; data_offsets: [number, number] }>(header)
  ) {
    if (key === "__metadata__") continue;
    const [begin, end] = entry.data_offsets;
    // Copied, since a typed array must start at a multiple of 4.
    const blob = bytes.slice(8 + headerLength + begin, 8 + headerLength + end).buffer;
    if (entry.dtype !== "F32" && entry.dtype !== "I32") throw new TypeError(`${name}: ${key} is ${entry.dtype}`);
    tensors[key] = { shape: entry.shape, data: entry.dtype === "I32" ? new Int32Array(blob) : new Float32Array(blob) };
  }
  return tensors;
}
