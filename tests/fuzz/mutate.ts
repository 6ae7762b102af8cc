/**
 * Mutations of bytes and of JSON, from a seed: the same seed gives the same mutations, so that findings are
 * reproducible.
 */
import { Random } from "../../kernels/random.ts";
import type { Json } from "../models/hostile.ts";

/** Misleading numbers for headers. */
const LIES = [
  0,
  1,
  2,
  3,
  7,
  8,
  16,
  255,
  256,
  32767,
  32768,
  65535,
  65536,
  0x7fffffff,
  0x80000000,
  0x7ffff000,
  0xffffffff,
];

/** One of a list. */
export const pick = <T>(random: Random, from: readonly T[]): T => from[random.below(from.length)];

/**
 * Bytes changed in one place or a few.
 *
 * @param head number of bytes from the start in which most changes happen
 */
export function mutateBytes(bytes: Uint8Array, random: Random, head = 120): Uint8Array {
  let out = bytes.slice();
  for (let left = 1 + random.below(3); left > 0; left--) {
    if (out.length === 0) return out;
    const at = random.below(random.below(4) > 0 ? Math.min(head, out.length) : out.length);
    const view = new DataView(out.buffer, out.byteOffset, out.length);
    switch (random.below(9)) {
      case 0:
        out[at] ^= 1 << random.below(8);
        break;
      case 1:
        out[at] = random.below(256);
        break;
      case 2:
        if (at + 4 <= out.length) view.setUint32(at, pick(random, LIES), true);
        break;
      case 3:
        if (at + 2 <= out.length) view.setUint16(at, pick(random, LIES) & 65535, true);
        break;
      case 4: // slightly more or less than before
        if (at + 4 <= out.length) view.setUint32(at, view.getUint32(at, true) + random.below(17) - 8, true);
        break;
      case 5:
        out = out.slice(0, at);
        break;
      case 6: // a piece repeated or removed
        out = splice(out, at, at + random.below(64), random.below(2) ? out.slice(at, at + random.below(128)) : []);
        break;
      case 7:
        out = splice(out, at, at, Array.from({ length: 1 + random.below(40) }, () => random.below(256)));
        break;
      default:
        out.copyWithin(at, random.below(out.length), random.below(out.length));
    }
  }
  return out;
}

function splice(bytes: Uint8Array, from: number, to: number, insert: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  const end = Math.min(to, bytes.length), out = new Uint8Array(from + insert.length + bytes.length - end);
  out.set(bytes.subarray(0, from));
  out.set(insert, from);
  out.set(bytes.subarray(end), from + insert.length);
  return out;
}

/** Misleading values for JSON. */
const VALUES: readonly Json[] = [
  null,
  true,
  "",
  "x",
  "../../etc/passwd",
  "\u001b[2J",
  "a".repeat(5000),
  0,
  -1,
  1,
  0.5,
  7,
  64,
  1000,
  65536,
  2 ** 31,
  2 ** 53,
  1e300,
  -1e300,
  5e-324,
  [],
  {},
  [[]],
  [0, 1],
  { length: 1e9 },
];

/** A value with one part, somewhere, replaced, removed, duplicated, or moved. It is changed in place. */
export function mutateJson(value: Json, random: Random): Json {
  const places: { parent: Json; key: string }[] = [];
  // lists of thousands of numbers would dominate everything else, so only some of each are used
  const walk = (parent: Json) => {
    const keys = Object.keys(parent);
    for (const key of keys.length > 40 ? Array.from({ length: 8 }, () => pick(random, keys)) : keys) {
      places.push({ parent, key });
      if (typeof parent[key] === "object" && parent[key] !== null) walk(parent[key]);
    }
  };
  walk(value);
  for (let left = 1 + random.below(2); left > 0; left--) {
    const { parent, key } = pick(random, places), list = Array.isArray(parent), own = parent[key];
    switch (random.below(list ? 6 : 4)) {
      case 0:
        parent[key] = structuredClone(pick(random, VALUES));
        break;
      case 1:
        if (typeof own === "number") parent[key] = own + pick(random, [-1, 1, 0.5, 1e6]);
        else parent[key] = structuredClone(pick(random, VALUES));
        break;
      case 2:
        if (list) parent.splice(Number(key), 1);
        else delete parent[key];
        break;
      case 3: // another part's value
        parent[key] = structuredClone(((place) => place.parent[place.key])(pick(random, places)));
        break;
      case 4:
        parent.splice(Number(key), 0, structuredClone(own));
        break;
      default:
        parent.reverse();
    }
  }
  return value;
}
