/**
 * Stands in for `@std/assert`, which lives on a registry that not every machine reaches: the functions of it that EPR
 * uses, with their real names, signatures and behaviour. To switch to the package, change its line in `deno.json`:
 * `"@std/assert": "jsr:@std/assert@1"`.
 */
import { difference, equal, format } from "./equal.ts";

export { equal };

/** The error that every assertion here throws. */
export class AssertionError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AssertionError";
  }
}

/** The class of an error, abstract or not. */
// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

/** The end of an assertion's message: the caller's text, if any. */
const suffix = (msg: string | undefined): string => msg ? `: ${msg}` : ".";

/** Throws if `expr` is not truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

/** Always throws. */
export function fail(msg?: string): never {
  assert(false, `Failed assertion${suffix(msg)}`);
}

/** Throws if the values are not equal in structure: see `equal`. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) return;
  const lines = difference(format(actual), format(expected));
  throw new AssertionError(`Values are not equal${suffix(msg)}\n\n${lines}`);
}

/** Throws if the values are equal in structure. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!equal(actual, expected)) return;
  throw new AssertionError(`Expected actual: ${format(actual)} not to be: ${format(expected)}${suffix(msg)}`);
}

/** Throws if the values are not the same by `Object.is`: the same object, or the same primitive. */
export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T {
  if (Object.is(actual, expected)) return;
  const [a, b] = [format(actual), format(expected)];
  throw new AssertionError(
    a === b
      ? `Values have the same structure but are not reference-equal${suffix(msg)}\n\n${a}\n`
      : `Values are not strictly equal${suffix(msg)}\n\n${difference(a, b)}`,
  );
}

/** Throws if the values are the same by `Object.is`. */
export function assertNotStrictEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!Object.is(actual, expected)) return;
  throw new AssertionError(`Expected "actual" to not be strictly equal to: ${format(actual)}${suffix(msg)}\n`);
}

/**
 * Throws if two numbers differ by more than the tolerance.
 *
 * @param tolerance the largest difference; default: 1e-7 of `expected`, or 1e-7 if that is not finite
 */
export function assertAlmostEquals(actual: number, expected: number, tolerance?: number, msg?: string): void {
  if (Object.is(actual, expected)) return;
  const delta = Math.abs(expected - actual);
  tolerance ??= Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7;
  if (delta <= tolerance) return;
  const [a, b, d, t] = [actual, expected, delta, tolerance].map((n) => Number.isInteger(n) ? n : n.toExponential());
  throw new AssertionError(
    `Expected actual: "${a}" to be close to "${b}": delta "${d}" is greater than "${t}"${suffix(msg)}`,
  );
}

/** Throws if the text does not match. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  if (expected.test(actual)) return;
  throw new AssertionError(`Expected actual: "${actual}" to match: "${expected}"${suffix(msg)}`);
}

/** Throws if the text matches. */
export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void {
  if (!expected.test(actual)) return;
  throw new AssertionError(`Expected actual: "${actual}" to not match: "${expected}"${suffix(msg)}`);
}

/** Throws if the thrown value is not the expected one. */
function requireError<E extends Error>(
  error: unknown,
  verb: string,
  Class: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): void {
  if (!(error instanceof Error)) throw new AssertionError(`A non-Error object was ${verb}${suffix(msg)}`);
  if (!(error instanceof Class)) {
    throw new AssertionError(
      `Expected error to be instance of "${Class.name}", but was "${error.constructor?.name}"${suffix(msg)}`,
      { cause: error },
    );
  }
  if (msgIncludes === undefined || error.message.includes(msgIncludes)) return;
  throw new AssertionError(
    `Expected error message to include ${JSON.stringify(msgIncludes)}, but got ${JSON.stringify(error.message)}${
      suffix(msg)
    }`,
    { cause: error },
  );
}

/** Throws if the function does not throw. Returns what it threw. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/**
 * Throws if the function throws no error of the class, or one whose message does not contain the text. Returns the error.
 *
 * @param Class the error's class, or one that it extends
 * @param msgIncludes text that its message contains
 */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  Class: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  classOrMsg?: ErrorClass<E> | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  if (typeof classOrMsg === "string") msg = classOrMsg;
  try {
    fn();
  } catch (error) {
    if (typeof classOrMsg === "function") requireError(error, "thrown", classOrMsg, msgIncludes, msg);
    return error;
  }
  throw new AssertionError(`Expected function to throw${suffix(msg)}`);
}

/**
 * Throws if the function's promise does not reject, or if the function itself throws. Returns the reason of the
 * rejection.
 */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/**
 * Throws unless the function's promise rejects with an error of the class whose message contains the text. Returns the
 * error.
 *
 * @param Class the error's class, or one that it extends
 * @param msgIncludes text that its message contains
 */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  Class: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  classOrMsg?: ErrorClass<E> | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  if (typeof classOrMsg === "string") msg = classOrMsg;
  let promise: PromiseLike<unknown> | undefined;
  try {
    promise = fn();
  } catch (cause) {
    throw new AssertionError(`Function throws when expected to reject${suffix(msg)}`, { cause });
  }
  if (typeof promise?.then !== "function") {
    throw new AssertionError(`Function throws when expected to reject${suffix(msg)}`);
  }
  try {
    await promise;
  } catch (error) {
    if (typeof classOrMsg === "function") requireError(error, "rejected", classOrMsg, msgIncludes, msg);
    return error;
  }
  throw new AssertionError(`Expected function to reject${suffix(msg)}`);
}
