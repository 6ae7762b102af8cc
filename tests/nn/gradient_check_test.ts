/** `gradientCheck()` passes what is right, on every device, and fails what is wrong. */
import { assert, assertEquals, assertMatch, assertRejects, assertStrictEquals } from "@std/assert";
import type { Device } from "../../kernels/device.ts";
import { gradientCheck } from "../../nn/gradient_check.ts";
import type { Tape } from "../../nn/tape.ts";
import type { Tensor } from "../../nn/tensor.ts";
import { cpu, definitions, onEach, webgpu } from "../devices.ts";

/** c = a b^T, its gradients by two more products; `fault` makes one of them wrong. */
function product(device: Device, tape: Tape, a: Tensor, b: Tensor, fault?: "twice" | "swapped" | "unwritten" | "sign") {
  const [[m, k], [n]] = [a.shape, b.shape];
  return tape.operation([a, b], [m, n], {
    forward: (c) => device.matmul({ a: a.buffer, b: b.buffer, transposeB: true, c, m, n, k }),
    gradients: [
      (dy, c) => {
        if (fault === "unwritten") return device.fill({ x: c, length: c.length, value: NaN });
        device.matmul({ a: dy, b: b.buffer, c, m, n: k, k: n });
        if (fault === "twice") device.add({ a: c, b: c, y: c, length: c.length });
      },
      (dy, c) => {
        const from = fault === "swapped" ? b : a;
        device.matmul({ a: dy, transposeA: true, b: from.buffer, c, m: n, n: k, k: m });
        if (fault === "sign") device.relu({ x: c, y: c, length: c.length });
      },
    ],
  });
}

onEach(
  [definitions, cpu, webgpu],
  "gradientCheck() passes a network of the tape's operations and one's own",
  async (device) => {
    const live = device.memory.liveBuffers;
    const shapes = { x: [2, 4, 4, 3], w: [3, 3, 3, 8], b: [8], v: [32, 5], c: [5], q: [4, 5] };
    const reports = await gradientCheck(device, shapes, (tape, { x, w, b, v, c, q }) => {
      const h = tape.maxPool(tape.conv2d(x, w, b, { relu: true }));
      const logits = tape.dense(h, v, c, { relu: true }); // rectified: its gradient is masked
      return tape.add(product(device, tape, logits, q), product(device, tape, logits, q));
    }, { places: 12 });
    assertEquals(reports.map(({ name }) => name), Object.keys(shapes));
    for (const { name, error, places, kinks } of reports) {
      assert(error < 0.001 && places >= 3 && kinks <= 6, `${name}: ${error}, ${places}, ${kinks}`);
    }
    assertStrictEquals(device.memory.liveBuffers, live);
  },
);

onEach(
  [definitions, cpu, webgpu],
  "gradientCheck() fails each kind of wrong gradient, and names where",
  async (device) => {
    const check = (fault: Parameters<typeof product>[4]) =>
      gradientCheck(device, { a: [4, 6], b: [4, 6] }, (tape, { a, b }) => product(device, tape, a, b, fault), {
        places: 8,
      });
    await check(undefined);
    assertMatch(
      (await assertRejects(() => check("twice"), Error)).message,
      /The gradient to a \[4,6\] is wrong at number \d+: the tape has .*, finite differences/,
    );
    assertMatch(
      (await assertRejects(() => check("unwritten"), Error)).message,
      /The gradient to a .* the tape has NaN/,
    );
    await assertRejects(() => check("swapped"), Error, "The gradient to b ");
    await assertRejects(() => check("sign"), Error, "The gradient to b ");
  },
);

Deno.test("gradientCheck() looks at the values it is given, sees an input that is not used, and refuses a step over kinks", async () => {
  const device = await definitions.open();
  const reports = await gradientCheck(device, { x: [3], idle: [2] }, (tape, { x }) => tape.relu(x), {
    values: { x: new Float32Array([-1, 2, 0.01]) },
  });
  assertEquals(reports.map(({ places, kinks }) => [places, kinks]), [[2, 1], [2, 0]]);
  const near = { x: new Float32Array([0.01, 0.012, -0.011]) };
  assertMatch(
    (await assertRejects(
      () => gradientCheck(device, { x: [3] }, (tape, { x }) => tape.relu(x), { values: near }),
      Error,
    )).message,
    /3 of 3 places of x have a kink within 0.03125/,
  );
  await gradientCheck(device, { x: [3] }, (tape, { x }) => tape.relu(x), { values: near, step: 2 ** -10 });
});

Deno.test("operation() requires one gradient for each input", async () => {
  const device = await definitions.open();
  await assertRejects(
    () =>
      gradientCheck(
        device,
        { x: [3] },
        (tape, { x }) =>
          tape.operation([x], [3], { forward: (y) => device.fill({ x: y, length: 3, value: 1 }), gradients: [] }),
      ),
    Error,
    "expected 1 gradients, one for each input, found 0",
  );
});
