/**
 * A forest in half the bytes, for a model that is sent over a network. Each list of a tree ({@link TreeJSON}) is a base64 text:
 *
 *     feature     for each node 0 for a leaf, else its feature + 1
 *     threshold   for each node that splits a float32, little-endian
 *     leaves      for each leaf the number of its classes, then class, count, class, count, ...
 *
 * Whole numbers are LEB128: seven bits a byte, lowest first, the top bit says that more bytes follow.
 *
 * A threshold becomes the largest float32 that is not above it. If the values of x are float32, `x <= t` has the same answer for
 * both, so the forest decides as before.
 */
import type { ForestJSON, TreeJSON } from "./json.ts";

/** A tree whose lists are base64 texts. */
export type PackedTree = Record<keyof TreeJSON, string>;

/** A forest of them, version 2 of the format. */
export type PackedForest = Omit<ForestJSON, "version" | "trees"> & { version: 2; trees: PackedTree[] };

/** Packs a forest. */
export function packForest({ trees, ...forest }: ForestJSON): PackedForest {
  return { ...forest, version: 2, trees: trees.map(packTree) };
}

function packTree({ feature, threshold, leaves }: TreeJSON): PackedTree {
  const thresholds = new DataView(new ArrayBuffer(4 * threshold.length));
  threshold.forEach((value, i) => thresholds.setFloat32(4 * i, notAbove(value), true));
  return {
    feature: toBase64(toLeb128(feature.map((value) => value + 1))),
    threshold: toBase64(new Uint8Array(thresholds.buffer)),
    leaves: toBase64(toLeb128(leaves.flatMap((pairs) => [pairs.length / 2, ...pairs]))),
  };
}

/**
 * Unpacks a forest. Of its numbers only the size of a leaf is checked: `forestFromJSON` checks the result.
 *
 * @throws {TypeError} if a text is not base64
 * @throws {RangeError} if a number is incomplete, or a leaf has more pairs than there are classes
 */
export function unpackForest({ trees, ...forest }: PackedForest): ForestJSON {
  const unpacked = trees.map((tree, t) => unpackTree(`trees[${t}]`, tree, forest.classes));
  return { ...forest, version: 1, trees: unpacked };
}

/** @param where its name in errors */
function unpackTree(where: string, tree: Partial<PackedTree> | null, classes: number): TreeJSON {
  const { feature, threshold, leaves } = tree ?? {};
  const bytes = fromBase64(`${where}.threshold`, threshold), view = new DataView(bytes.buffer);
  if (bytes.length % 4 !== 0) {
    throw new RangeError(`${where}.threshold: expected four bytes a number, found ${bytes.length} bytes`);
  }
  const numbers = fromLeb128(`${where}.leaves`, leaves), lists: number[][] = [];
  for (let i = 0; i < numbers.length;) {
    const pairs = numbers[i++];
    const place = `${where}.leaves[${lists.length}]`;
    if (pairs > classes) throw new RangeError(`${place}: expected at most ${classes} classes, found ${pairs}`);
    if (i + 2 * pairs > numbers.length) {
      throw new RangeError(`${place}: expected two numbers for each class, found the end`);
    }
    lists.push(numbers.slice(i, i + 2 * pairs));
    i += 2 * pairs;
  }
  return {
    feature: fromLeb128(`${where}.feature`, feature).map((value) => value - 1),
    threshold: Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true)),
    leaves: lists,
  };
}

/** The largest float32 that is not above a number. */
export function notAbove(value: number): number {
  const nearest = Math.fround(value);
  if (nearest <= value) return nearest;
  // the next lower float: decrement the bits of a positive float, increment those of a negative one; below 0 is the
  // smallest
  const bits = new Int32Array(Float32Array.of(nearest).buffer);
  if (nearest === 0) return -(2 ** -149);
  bits[0] += nearest > 0 ? -1 : 1;
  return new Float32Array(bits.buffer)[0];
}

/** @param numbers whole, at least 0 */
function toLeb128(numbers: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  for (let rest of numbers) {
    for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push(128 + rest % 128);
    bytes.push(rest);
  }
  return Uint8Array.from(bytes);
}

function fromLeb128(where: string, text: unknown): number[] {
  const numbers: number[] = [];
  let value = 0, scale = 1;
  for (const byte of fromBase64(where, text)) {
    value += byte % 128 * scale;
    scale *= 128;
    if (byte < 128) {
      numbers.push(value);
      [value, scale] = [0, 1];
    } else if (scale >= 2 ** 35) throw new RangeError(`${where}[${numbers.length}]: expected five bytes, found more`);
  }
  if (scale > 1) throw new RangeError(`${where}: expected whole numbers, found one that is cut off`);
  return numbers;
}

function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

function fromBase64(where: string, text: unknown): Uint8Array {
  try {
    if (typeof text === "string") {
      const characters = atob(text), bytes = new Uint8Array(characters.length);
      for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
      return bytes;
    }
  } catch {
    // not base64: reported below
  }
  const found = JSON.stringify(text) ?? "nothing";
  throw new TypeError(`${where}: expected base64, found ${found.length > 40 ? found.slice(0, 40) + "…" : found}`);
}
