/**
 * Structural equality of two values, and how their difference is printed, as the documentation of `assertEquals` in
 * `@std/assert` defines it.
 */

/**
 * Whether two values are equal in structure. `0` equals `-0`, and `NaN` equals `NaN`. Objects are equal when they have the
 * same prototype and equal values under the same own keys: a key whose value is `undefined` differs from a missing key.
 * Sets and maps are equal in any order.
 */
export function equal(a: unknown, b: unknown): boolean {
  return compare(a, b, new Map());
}

/** @param begun pairs under comparison: a cycle is equal if everything else is */
function compare(a: unknown, b: unknown, begun: Map<unknown, unknown>): boolean {
  if (a === b || Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (!samePrototype(a, b)) return false;
  if (ArrayBuffer.isView(a) && !(a instanceof DataView)) {
    const [x, y] = [a, b] as unknown as ArrayLike<unknown>[];
    return x.length === y.length &&
      Array.prototype.every.call(x, (value, i) => value === y[i] || Object.is(value, y[i]));
  }
  if (a instanceof ArrayBuffer || (globalThis.SharedArrayBuffer && a instanceof SharedArrayBuffer)) {
    return compare(new Uint8Array(a), new Uint8Array(b as ArrayBuffer), begun);
  }
  if (a instanceof Date) return Object.is(a.getTime(), (b as Date).getTime());
  if (a instanceof RegExp || a instanceof URL) return String(a) === String(b);
  if (begun.get(a) === b) return true;
  begun.set(a, b);
  if (a instanceof Set || a instanceof Map) return sameMembers([...a], [...b as Iterable<unknown>], begun);
  const keys = ownKeys(a);
  return keys.length === ownKeys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && compare(Reflect.get(a, key), Reflect.get(b, key), begun));
}

/** Objects without a prototype are like plain ones. */
function samePrototype(a: object, b: object): boolean {
  const [p, q] = [a, b].map((value) => Object.getPrototypeOf(value) ?? Object.prototype);
  return p === q;
}

/**
 * The keys to compare. An error's message and stack are not enumerable, so an instance of a class compares all its own
 * keys.
 */
function ownKeys(value: object): (string | symbol)[] {
  if (!Array.isArray(value) && !samePrototype(value, {})) return Reflect.ownKeys(value);
  const symbols = Object.getOwnPropertySymbols(value).filter((key) =>
    Object.prototype.propertyIsEnumerable.call(value, key)
  );
  return [...Object.keys(value), ...symbols];
}

/** Whether each member of one set, a value or an entry, has its own partner in the other. */
function sameMembers(a: unknown[], b: unknown[], begun: Map<unknown, unknown>): boolean {
  if (a.length !== b.length) return false;
  const free = [...b];
  return a.every((member) => {
    const at = free.findIndex((other) => compare(member, other, new Map(begun)));
    if (at >= 0) free.splice(at, 1);
    return at >= 0;
  });
}

/** A value in full, one member per line, keys sorted, so that equal values give equal text. */
export function format(value: unknown): string {
  // a page has no Deno
  if (typeof globalThis.Deno?.inspect !== "function") {
    return typeof value === "string" ? JSON.stringify(value) : `${value}`;
  }
  return Deno.inspect(value, {
    ...{ depth: Infinity, sorted: true, trailingComma: true, compact: false, iterableLimit: Infinity },
    ...{ getters: true, strAbbreviateSize: Infinity },
  });
}

/** Lines of context around a difference, and the most lines printed of each side. */
const CONTEXT = 3, MOST = 40;

/** The lines in which two formatted values differ, and the lines around them that they share. */
export function difference(actual: string, expected: string): string {
  const [a, b] = [actual.split("\n"), expected.split("\n")], least = Math.min(a.length, b.length);
  let head = 0, tail = 0;
  while (head < least && a[head] === b[head]) head++;
  while (tail < least - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const side = (sign: string, lines: string[]) => {
    const own = lines.slice(head, lines.length - tail);
    const shown = own.slice(0, MOST).map((line) => `${sign}   ${line}`);
    return own.length > MOST ? [...shown, `${sign}   ... ${own.length - MOST} more lines`] : shown;
  };
  return [
    "    [Diff] Actual / Expected\n",
    ...a.slice(Math.max(0, head - CONTEXT), head).map((line) => `    ${line}`),
    ...side("-", a),
    ...side("+", b),
    ...a.slice(a.length - tail, a.length - tail + CONTEXT).map((line) => `    ${line}`),
  ].join("\n");
}
