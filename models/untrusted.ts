/** JSON from untrusted sources: its memory is estimated before parsing, and each value is checked before use. */

/** Thrown for an invalid model, with the model, the place of the fault, what was expected and what was found. */
export class ModelError extends Error {
  /** The class name. */
  override name = "ModelError";
}

/** Limits of JSON. */
export interface JsonLimits {
  /** Largest nesting of lists and objects. */
  depth: number;
  /** Approximate memory of its values, in bytes. */
  memory: number;
}

/** Least bytes of a list or an object, and of a value in it, in memory, even if their text is only a few characters. */
const CONTAINER = 64, VALUE = 16;

/**
 * Parses JSON, unless it is too deep or would take too much memory: `[[],[],...` grows by a factor of twenty when parsed.
 *
 * @param where its name in errors
 * @throws {ModelError} if it is not JSON within the limits
 */
export function parseWithin(bytes: Uint8Array, where: string, { depth, memory }: JsonLimits): unknown {
  let level = 0, cost = bytes.length, inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const c = bytes[i];
    if (inString) {
      if (c === 0x5c) i++; // a backslash: the next character does not end the string
      else if (c === 0x22) inString = false;
    } else if (c === 0x22) inString = true;
    else if (c === 0x5b || c === 0x7b) {
      cost += CONTAINER;
      if (++level > depth) {
        throw new ModelError(`${where}: expected lists and objects nested at most ${depth} deep, found more`);
      }
    } else if (c === 0x5d || c === 0x7d) level--;
    else if (c === 0x2c) cost += VALUE;
  }
  if (cost > memory) {
    throw new ModelError(`${where}: expected at most ${mega(memory)} in memory, found ${mega(cost)}`);
  }
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new ModelError(`${where}: expected JSON, found ${(error as Error).message}`, { cause: error });
  }
}

const mega = (bytes: number) => `${Math.ceil(bytes / 2 ** 20).toLocaleString("en")} MB`;

/** A value under inspection, and its place, for messages. */
export class UntrustedValue {
  /** The value. */
  readonly value: unknown;
  readonly #where: string;

  /** @param where for instance "model.json: frontEnd" */
  constructor(value: unknown, where: string) {
    [this.value, this.#where] = [value, where];
  }

  /** The value of a key of an object. */
  get(key: string): UntrustedValue {
    const own = this.object();
    return new UntrustedValue(Object.hasOwn(own, key) ? own[key] : undefined, `${this.#where}.${key}`);
  }

  /** Requires a list and returns its values. */
  list({ min, max }: { min: number; max: number }): UntrustedValue[] {
    const { value } = this;
    if (!Array.isArray(value) || value.length < min || value.length > max) {
      return this.fail(min === max ? `a list of ${min}` : `a list of ${min} to ${max}`);
    }
    return value.map((own, i) => new UntrustedValue(own, `${this.#where}[${i}]`));
  }

  /** Requires an object. */
  object(): Record<string, unknown> {
    const { value } = this;
    if (typeof value !== "object" || value === null || Array.isArray(value)) return this.fail("an object");
    return value as Record<string, unknown>;
  }

  /** Requires a finite number. */
  number({ min = -Infinity, max = Infinity }: { min?: number; max?: number } = {}): number {
    const { value } = this;
    if (typeof value === "number" && Number.isFinite(value) && value >= min && value <= max) return value;
    return this.fail(min === -Infinity ? "a number" : `a number from ${min} to ${max}`);
  }

  /** Requires a whole number. */
  whole(min: number, max: number): number {
    const { value } = this;
    if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
    return this.fail(`a whole number from ${min} to ${max}`);
  }

  /** Requires a text for people: one line without terminal control characters. */
  text(max = 1000): string {
    const { value } = this;
    if (typeof value === "string" && value.length > 0 && value.length <= max && !/\p{C}/u.test(value)) return value;
    return this.fail(`one line of text, at most ${max} characters`);
  }

  /** Requires a given value. */
  literal<T extends string | number>(expected: T): T {
    if (this.value === expected) return expected;
    return this.fail(JSON.stringify(expected));
  }

  /** Throws an error with what was expected. */
  fail(expected: string): never {
    const text = JSON.stringify(this.value) ?? "nothing";
    const found = text.length > 60 ? `${text.slice(0, 60)}...` : text;
    throw new ModelError(`${this.#where}: expected ${expected}, found ${found}`);
  }
}
