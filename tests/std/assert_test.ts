/** The stand-in for @std/assert does what the package's documentation says: held to it by Node's own assertions. */
import node from "node:assert/strict";
import { assert, assertAlmostEquals, assertEquals, AssertionError, assertMatch, assertNotEquals } from "@std/assert";
import { assertNotMatch, assertNotStrictEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { equal, fail } from "@std/assert";

/** What an assertion throws; undefined where it holds. */
function thrownBy(assertion: () => void): AssertionError | undefined {
  try {
    assertion();
  } catch (error) {
    node.ok(error instanceof AssertionError && error.name === "AssertionError", String(error));
    return error;
  }
}

const holds = (assertion: () => void) => node.equal(thrownBy(assertion), undefined);
const fails = (assertion: () => void, message: RegExp) =>
  node.match(thrownBy(assertion)?.message ?? "it held", message);

const circle = (): unknown[] => {
  const values: unknown[] = [1];
  values.push(values);
  return values;
};

/** Pairs of values, and whether `assertEquals` takes them for equal. */
const PAIRS: readonly (readonly [unknown, unknown, boolean])[] = [
  [1, 1, true],
  [1, "1", false],
  [NaN, NaN, true],
  [0, -0, true],
  [null, undefined, false],
  [[1, [2]], [1, [2]], true],
  [[1, 2], [2, 1], false],
  [[1, 2], [1, 2, 3], false],
  [{ a: 1, b: { c: 2 } }, { b: { c: 2 }, a: 1 }, true],
  [{ a: 1 }, { a: 1, b: undefined }, false],
  [{ a: undefined }, { b: undefined }, false],
  [Object.assign(Object.create(null), { a: 1 }), { a: 1 }, true],
  [[1], { 0: 1, length: 1 }, false],
  [new Float32Array([1, NaN]), new Float32Array([1, NaN]), true],
  [new Float32Array([1, 2]), new Float32Array([1, 3]), false],
  [new Float32Array([1]), new Float64Array([1]), false],
  [new Float32Array([1]), [1], false],
  [new Uint8Array([1, 2]).buffer, new Uint8Array([1, 2]).buffer, true],
  [new Uint8Array([1, 2]).buffer, new Uint8Array([1, 3]).buffer, false],
  [new Set([1, 2]), new Set([2, 1]), true],
  [new Set([{ a: 1 }, { a: 2 }]), new Set([{ a: 2 }, { a: 1 }]), true],
  [new Set([{ a: 1 }, { a: 2 }]), new Set([{ a: 2 }, { a: 3 }]), false],
  [new Map([["a", [1]]]), new Map([["a", [1]]]), true],
  [new Map([["a", 1]]), new Map([["a", 2]]), false],
  [new Date(7), new Date(7), true],
  [new Date(7), new Date(8), false],
  [/a/g, /a/g, true],
  [/a/g, /a/i, false],
  [new URL("file:///a"), new URL("file:///b"), false],
  [new RangeError("a"), new RangeError("b"), false],
  [new RangeError("a"), new TypeError("a"), false],
  [circle(), circle(), true],
];

Deno.test("assertEquals() compares structure, and assertNotEquals() is its contrary", () => {
  for (const [a, b, same] of PAIRS) {
    for (const [left, right] of [[a, b], [b, a]]) {
      node.equal(equal(left, right), same, `${Deno.inspect(left)} and ${Deno.inspect(right)}`);
      (same ? holds : (assertion: () => void) => fails(assertion, /^Values are not equal: why\n/))(() =>
        assertEquals(left, right, "why")
      );
      node.equal(thrownBy(() => assertNotEquals(left, right)) === undefined, !same);
    }
  }
});

Deno.test("assertEquals() shows the lines that differ, and not the thousands that do not", () => {
  const long = Array.from({ length: 5000 }, (_, i) => i);
  const { message } = thrownBy(() => assertEquals(long, long.with(2500, -1)))!;
  node.match(message, /^Values are not equal\.\n\n {4}\[Diff\] Actual \/ Expected\n/);
  node.match(message, /\n {6}2499,\n- {5}2500,\n\+ {5}-1,\n {6}2501,\n/);
  node.ok(message.split("\n").length < 20);
});

Deno.test("assertStrictEquals() and assertNotStrictEquals() go by Object.is", () => {
  const one = { a: 1 };
  holds(() => assertStrictEquals(one, one));
  holds(() => assertStrictEquals(NaN, NaN));
  fails(() => assertStrictEquals(0, -0), /^Values are not strictly equal\./);
  fails(() => assertStrictEquals({ a: 1 }, one), /^Values have the same structure but are not reference-equal\./);
  holds(() => assertNotStrictEquals({ a: 1 }, one));
  fails(() => assertNotStrictEquals(one, one, "why"), /^Expected "actual" to not be strictly equal to: .*: why\n/s);
});

Deno.test("assertAlmostEquals() takes a ten millionth of what is expected, or the tolerance it is given", () => {
  holds(() => assertAlmostEquals(1e6 + 0.09, 1e6));
  fails(
    () => assertAlmostEquals(1e6 + 0.11, 1e6),
    /^Expected actual: "1\.00000011e\+6" to be close to "1000000": delta/,
  );
  holds(() => assertAlmostEquals(0.1 + 0.2, 0.3));
  holds(() => assertAlmostEquals(3, 3.5, 0.5));
  fails(() => assertAlmostEquals(3, 3.5, 0.4, "why"), /"5e-1" is greater than "4e-1": why$/);
  fails(() => assertAlmostEquals(NaN, 1, 10), /close to/);
  fails(() => assertAlmostEquals(1e-9, 0), /close to/); // the tolerance at 0 is 0
  holds(() => assertAlmostEquals(Infinity, Infinity));
});

Deno.test("assert(), fail(), assertMatch() and assertNotMatch() throw an AssertionError with the caller's words", () => {
  holds(() => assert(1));
  for (const nothing of [0, "", null, undefined, NaN, false]) fails(() => assert(nothing, "why"), /^why$/);
  fails(() => assert(false), /^$/);
  fails(() => fail(), /^Failed assertion\.$/);
  fails(() => fail("why"), /^Failed assertion: why$/);
  holds(() => assertMatch("abc", /b/));
  fails(() => assertMatch("abc", /^b/, "why"), /^Expected actual: "abc" to match: "\/\^b\/": why$/);
  holds(() => assertNotMatch("abc", /^b/));
  fails(() => assertNotMatch("abc", /b/), /^Expected actual: "abc" to not match: "\/b\/"\.$/);
});

Deno.test("assertThrows() gives the error, and goes by its class and by what its message contains", () => {
  const error = new RangeError("found [7]"),
    throwing = () => {
      throw error;
    };
  node.equal(assertThrows(throwing), error);
  node.equal(assertThrows(throwing, Error), error);
  node.equal(assertThrows(throwing, RangeError, "[7]"), error);
  const wrong = thrownBy(() => assertThrows(throwing, TypeError, "7", "why"));
  node.equal(wrong?.message, 'Expected error to be instance of "TypeError", but was "RangeError": why');
  fails(
    () => assertThrows(throwing, Error, "[8]"),
    /^Expected error message to include "\[8\]", but got "found \[7\]"\.$/,
  );
  fails(() => assertThrows(() => {}, "why"), /^Expected function to throw: why$/);
  fails(() => assertThrows(() => {}, Error), /^Expected function to throw\.$/);
  const text = () => {
    throw "no error";
  };
  node.equal(assertThrows(text), "no error");
  fails(() => assertThrows(text, Error), /^A non-Error object was thrown\.$/);
});

Deno.test("assertRejects() does so with a promise, and requires a function that does not throw itself", async () => {
  const error = new RangeError("found [7]"), rejecting = () => Promise.reject(error);
  node.equal(await assertRejects(rejecting), error);
  node.equal(await assertRejects(rejecting, RangeError, "[7]"), error);
  const says = async (promise: Promise<unknown>, message: RegExp) =>
    await node.rejects(promise, (found) => found instanceof AssertionError && message.test(found.message));
  await says(assertRejects(rejecting, TypeError), /instance of "TypeError", but was "RangeError"\.$/);
  await says(assertRejects(rejecting, Error, "8", "why"), /^Expected error message to include "8".*: why$/);
  await says(assertRejects(() => Promise.resolve(1)), /^Expected function to reject\.$/);
  await says(assertRejects(() => Promise.reject("text"), Error), /^A non-Error object was rejected\.$/);
  const throwing = () => {
    throw error;
  };
  await says(assertRejects(throwing, RangeError), /^Function throws when expected to reject\.$/);
});
