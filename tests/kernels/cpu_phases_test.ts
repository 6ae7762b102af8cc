/**
 * The phases of the CPU device: each is registered once and called by names, and an unregistered one is an error at
 * once.
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { CONTROL, INITIAL_PAGES, type Phase, phase } from "../../kernels/cpu/layout.ts";
import { numberOf, PHASES } from "../../kernels/cpu/phases.ts";
import { RingQueue } from "../../kernels/cpu/ring.ts";

const isPhase = (value: unknown): value is Phase =>
  typeof value === "object" && value !== null && "names" in value && "run" in value;

Deno.test("every phase that a file of kernels/cpu exports is in PHASES, once", async () => {
  const folder = join(import.meta.dirname!, "../../kernels/cpu"), exported = new Map<Phase, string>();
  for await (const { name } of Deno.readDir(folder)) {
    // runs when it is imported: the threads' programs
    if (!name.endsWith(".ts") || name.startsWith("worker")) continue;
    for (const [key, value] of Object.entries(await import(`../../kernels/cpu/${name}`))) {
      if (isPhase(value)) exported.set(value, `${name}: ${key}`);
    }
  }
  assert(exported.size > 30, `only ${exported.size} phases were found`);
  assertEquals([...exported].filter(([value]) => !PHASES.includes(value)).map(([, where]) => where), []);
  assertEquals(PHASES.length, exported.size);
  PHASES.forEach((value, number) => assertEquals(numberOf(value), number));
});

Deno.test("a phase that is not in PHASES is an error when it is enqueued, and nothing is enqueued", () => {
  const lost = phase("x length", () => {});
  const words = "A phase: expected one in PHASES of kernels/cpu/phases.ts, found one with the arguments x, length";
  assertThrows(() => numberOf(lost), Error, words);
  const memory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: INITIAL_PAGES, shared: true });
  const queue = new RingQueue(memory, 1, INITIAL_PAGES * 65536);
  assertThrows(() => queue.run(lost, 1, { x: 0, length: 1 }), Error, words);
  assertEquals(new Int32Array(memory.buffer)[CONTROL.enqueued], 0);
  assert(queue.idle);
});

Deno.test("phase() refuses more arguments than a slot can hold, and duplicate names", () => {
  const names = (count: number) => Array.from({ length: count }, (_, i) => `a${i}`).join(" ");
  assertEquals(phase(names(30), () => {}).names.length, 30);
  assertThrows(() => phase(names(31), () => {}), RangeError, "at most 30 arguments");
  assertThrows(() => phase("x y x", () => {}), RangeError, "arguments with different names, found x y x");
});
