/**
 * JSON that strangers wrote: what it would cost is counted before it is parsed, and each value is looked at before it is used.
 */

/** Thrown where a model is not one: names the model, the place of the fault, what was expected and what was found. */
export class ModelError extends Error {
  /** Of the class. */
  override name = "ModelError";
}

/** What JSON may be. */
export interface JsonLimits {
  /** Lists and objects within each other. */
  depth: number;
  /** Bytes that its values would take in memory, about. */
  memory: number;
}

/** Bytes that a list or an object takes, and a value in it, at least: a few characters of text become so many. */
const CONTAINER = 64, VALUE = 16;

/**
 * Parses JSON, unless it is too deep or would take too much memory: `[[],[],...` is twenty times as large when it is parsed.
 *
 * @param where what errors call it
 * @throws {ModelError} if it is no such JSON
 */
export function parseWithin(bytes: Uint8Array, where: string, { depth, memory }: JsonLimits): unknown {
  let level = 0, cost = bytes.length, inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const c = bytes[i];
    if (inString) {
      if (c === 0x5c) i++; // a backslash: the next is no end
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

/** A value that is looked into, and where it stands: for messages. */
export class Checked {
  /** What it is. */
  readonly value: unknown;
  readonly #where: string;

  /** @param where for instance "model.json: frontEnd" */
  constructor(value: unknown, where: string) {
    [this.value, this.#where] = [value, where];
  }

  /** A value of an object. */
  get(key: string): Checked {
    const own = this.object();
    return new Checked(Object.hasOwn(own, key) ? own[key] : undefined, `${this.#where}.${key}`);
  }

  /** The values of a list. */
  list({ min, max }: { min: number; max: number }): Checked[] {
    const { value } = this;
    if (!Array.isArray(value) || value.length < min || value.length > max) {
      return this.fail(min === max ? `a list of ${min}` : `a list of ${min} to ${max}`);
    }
    return value.map((own, i) => new Checked(own, `${this.#where}[${i}]`));
  }

  /** An object. */
  object(): Record<string, unknown> {
    const { value } = this;
    if (typeof value !== "object" || value === null || Array.isArray(value)) return this.fail("an object");
    return value as Record<string, unknown>;
  }

  /** A finite number. */
  number({ min = -Infinity, max = Infinity }: { min?: number; max?: number } = {}): number {
    const { value } = this;
    if (typeof value === "number" && Number.isFinite(value) && value >= min && value <= max) return value;
    return this.fail(min === -Infinity ? "a number" : `a number from ${min} to ${max}`);
  }

  /** A whole number. */
  whole(min: number, max: number): number {
    const { value } = this;
    if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
    return this.fail(`a whole number from ${min} to ${max}`);
  }

  /** A text for people: of one line, without what would steer a terminal. */
  text(max = 1000): string {
    const { value } = this;
    if (typeof value === "string" && value.length > 0 && value.length <= max && !/\p{C}/u.test(value)) return value;
    return this.fail(`one line of text, at most ${max} characters`);
  }

  /** One given value. */
  literal<T extends string | number>(expected: T): T {
    if (this.value === expected) return expected;
    return this.fail(JSON.stringify(expected));
  }

  /** Throws that it is not what was expected. */
  fail(expected: string): never {
    const text = JSON.stringify(this.value) ?? "nothing";
    const found = text.length > 60 ? `${text.slice(0, 60)}...` : text;
    throw new ModelError(`${this.#where}: expected ${expected}, found ${found}`);
  }
}
