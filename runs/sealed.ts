/**
 * Safetensors files that detect damage: their metadata contain the CRC-32 of everything else in them. Reading a file reveals
 * damage by a crash, a bad disk or a careless edit.
 *
 * The check sum is over the metadata (as JSON, sorted) and then the numbers of each tensor, in the file's order. CRC-32 detects
 * any change within 32 consecutive bits, and misses one in four billion others; it reads 8 GB/s, where SHA-256 reads 1.
 */
import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import { FileError } from "../base/file_error.ts";
import { writeAtomically } from "../files/atomic.ts";
import type { DeviceArray } from "../nn/device_array.ts";
import { decodeSafetensors, safetensorsHeader, type StoredTensor } from "../nn/safetensors.ts";

/** The contents of a sealed file. */
export interface SealedFile {
  /** Tensors by name. */
  tensors: Record<string, StoredTensor>;
  /** Strings only. */
  metadata: Record<string, string>;
}

/** The contents to write; arrays may still be on a device. */
export interface SealSource {
  /** Tensors by name. */
  tensors: Record<string, { shape: readonly number[]; data: Float32Array | DeviceArray }>;
  /** Strings only. */
  metadata: Record<string, string>;
}

/** Writes a sealed file atomically. The check sum is known only at the end, and is then inserted in the header. */
export async function writeSealed(file: string, { tensors, metadata }: SealSource): Promise<void> {
  const header = (sum: CheckSum) => safetensorsHeader(tensors, { ...metadata, crc32: sum.toString() });
  await writeAtomically(file, async (out) => {
    const sum = new CheckSum(metadata);
    await out.write(header(sum));
    for (const [name, { shape, data }] of Object.entries(tensors)) {
      sum.begin(name, shape);
      for await (const piece of data instanceof Float32Array ? [data] : data.pieces()) {
        sum.add(piece);
        await out.write(new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength));
      }
    }
    await out.rewrite(header(sum));
  });
}

/**
 * Reads a sealed file.
 *
 * @throws {Error} with the file, if it is missing or damaged
 */
export async function readSealed(file: string): Promise<SealedFile> {
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(file);
  } catch (error) {
    throw new Error(`${file}: can't be read: ${(error as Error).message}`, { cause: error });
  }
  const { tensors, metadata: { crc32: kept, ...metadata } } = decodeSafetensors(bytes, file);
  const sum = new CheckSum(metadata);
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    sum.begin(name, shape);
    sum.add(data);
  }
  if (kept !== sum.toString()) {
    throw new FileError({ file, damaged: true, expected: `the check sum ${kept}`, found: sum.toString() });
  }
  return { tensors, metadata };
}

/** The check sum of metadata and of tensors, one after the other. */
class CheckSum {
  #sum: number;

  constructor(metadata: Record<string, string>) {
    this.#sum = crc32(JSON.stringify(Object.entries(metadata).sort(([a], [b]) => a < b ? -1 : 1)));
  }

  /** Starts a tensor. */
  begin(name: string, shape: readonly number[]): void {
    this.#sum = crc32(`${name} [${shape}]`, this.#sum);
  }

  /** Adds numbers of the tensor. */
  add({ buffer, byteOffset, byteLength }: Float32Array): void {
    this.#sum = crc32(Buffer.from(buffer, byteOffset, byteLength), this.#sum);
  }

  /** Eight hexadecimal digits, with leading zeros. */
  toString(): string {
    return this.#sum.toString(16).padStart(8, "0");
  }
}
