/**
 * Weights as safetensors, a format that every tool of the field reads: a length (u64, little-endian), a JSON header of
 * that length ({ name: { dtype, shape, data_offsets } }, padded with spaces to 8 bytes), then all numbers, end to end.
 * https://github.com/huggingface/safetensors (format)
 */
import { sizeOf } from "./tensor.ts";

/** A named array with its shape. */
export interface StoredTensor {
  /** Sizes, outermost first. */
  shape: readonly number[];
  /** Row-major values. */
  data: Float32Array;
}

/** Encodes float32 tensors as a safetensors file. `metadata` contains strings only, as the format requires. */
export function encodeSafetensors(
  tensors: Record<string, StoredTensor>,
  metadata: Record<string, string> = {},
): Uint8Array<ArrayBuffer> {
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    if (sizeOf(shape) !== data.length) throw new RangeError(`Tensor '${name}' [${shape}] has ${data.length} numbers`);
  }
  const header = safetensorsHeader(tensors, metadata);
  let place = header.length;
  const bytes = new Uint8Array(place + Object.values(tensors).reduce((sum, { data }) => sum + data.byteLength, 0));
  bytes.set(header);
  for (const { data } of Object.values(tensors)) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), place);
    place += data.byteLength;
  }
  return bytes;
}

/** The start of such a file, before the numbers: the tensors' numbers follow it end to end, in order. */
export function safetensorsHeader(
  tensors: Record<string, { shape: readonly number[] }>,
  metadata: Record<string, string> = {},
): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = Object.keys(metadata).length ? { __metadata__: metadata } : {};
  let at = 0;
  for (const [name, { shape }] of Object.entries(tensors)) {
    header[name] = { dtype: "F32", shape, data_offsets: [at, at += 4 * sizeOf(shape)] };
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + length).fill(0x20, 8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, 8);
  return bytes;
}

/**
 * The float32 tensors and the metadata of a safetensors file.
 *
 * @param name the file's name in errors
 * @throws SyntaxError if the bytes are not such a file
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  name: string,
): { tensors: Record<string, StoredTensor>; metadata: Record<string, string> } {
  const fail = (found: string): never => {
    throw new SyntaxError(`${name}: expected a safetensors file of float32 tensors, found ${found}`);
  };
  if (bytes.length < 8) fail(`${bytes.length} bytes`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > bytes.length - 8) fail(`a header of ${length} bytes in a file of ${bytes.length}`);
  let header: Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }> = {};
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, 8 + length)));
  } catch {
    fail("a header that is not JSON");
  }
  if (header === null || typeof header !== "object" || Array.isArray(header)) fail("a header that is no object");
  const blob = bytes.subarray(8 + length);
  const tensors: [name: string, StoredTensor][] = [];
  let copied = 0;
  const { __metadata__ = {}, ...entries } = header as typeof header & { __metadata__?: unknown };
  for (const [key, entry] of Object.entries(entries)) {
    const { dtype, shape, data_offsets } = entry ?? {};
    if (dtype !== "F32") fail(`a tensor '${key}' of ${dtype}`);
    const sane = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= 0;
    if (!Array.isArray(shape) || !shape.every(sane)) fail(`a tensor '${key}' of shape ${JSON.stringify(shape)}`);
    if (!Array.isArray(data_offsets) || data_offsets.length !== 2 || !data_offsets.every(sane)) {
      fail(`a tensor '${key}' at ${JSON.stringify(data_offsets)}`);
    }
    const [begin, end] = data_offsets;
    if (end > blob.length || end - begin !== 4 * sizeOf(shape)) {
      fail(`a tensor '${key}' [${shape}] at ${begin} to ${end} of ${blob.length} bytes`);
    }
    copied += end - begin;
    if (copied > blob.length) fail(`a tensor '${key}' that overlaps another`); // copies would be larger than the file
    tensors.push([key, { shape, data: new Float32Array(blob.slice(begin, end).buffer) }]);
  }
  if (!__metadata__ || typeof __metadata__ !== "object") fail("metadata that are no object");
  return { tensors: Object.fromEntries(tensors), metadata: __metadata__ as Record<string, string> };
}
