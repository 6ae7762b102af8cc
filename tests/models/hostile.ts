/** Malicious models: a model with correct check sums, whatever was changed. */
import { crc32 } from "../../models/crc32.ts";
import type { ModelBytes } from "../../models/description.ts";

// deno-lint-ignore no-explicit-any
export type Json = any;

/** `model.json` as a value that can be changed. */
export function describeAgain(bytes: ModelBytes): Json {
  const { seal: _, ...description } = JSON.parse(new TextDecoder().decode(bytes["model.json"]));
  return description;
}

/** The model with another `model.json`, sealed again. */
export function reseal(bytes: ModelBytes, description: Json): ModelBytes {
  const isRecord = typeof description === "object" && description !== null && !Array.isArray(description);
  const seal = crc32(new TextEncoder().encode(JSON.stringify(description)));
  const text = JSON.stringify(isRecord ? { ...description, seal } : description);
  return { ...bytes, "model.json": new TextEncoder().encode(text) };
}

/** The model with another file, whose size and check sum are correct in `model.json`. */
export function replaceFile(
  bytes: ModelBytes,
  file: "weights.safetensors" | "forest.json",
  content: Uint8Array,
): ModelBytes {
  const description = describeAgain(bytes);
  description.files[file] = { bytes: content.length, crc32: crc32(content) };
  return reseal({ ...bytes, [file]: content }, description);
}

/** A safetensors file with any text as its header. @param length declared length of the header */
export function safetensors(header: string, numbers: Uint8Array, length?: bigint): Uint8Array {
  const text = new TextEncoder().encode(header), bytes = new Uint8Array(8 + text.length + numbers.length);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(numbers, 8 + text.length);
  return bytes;
}
