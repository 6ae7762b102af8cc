/** Gradients that come off the tape, against finite differences of what was put on it, in float64. */
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import type { DeviceBuffer } from "../../kernels/device.ts";
import { Random, randomKey } from "../../kernels/random.ts";
import { createReferenceDevice, referenceValues } from "../../kernels/reference_device.ts";
import { Tape } from "../../nn/tape.ts";
import { sizeOf, Tensor } from "../../nn/tensor.ts";
import { relativeError } from "../kernels/compare.ts";

const device = createReferenceDevice();

/** A tensor of normal numbers that requires its gradient. */
function leaf(shape: number[], seed: number): Tensor {
  const random = new Random(seed), buffer = device.allocate(sizeOf(shape), "test");
  referenceValues(buffer).forEach((_, i, values) => values[i] = random.normal());
  return new Tensor(shape, buffer, { requiresGradient: true, gradient: device.allocate(buffer.length, "test") });
}

/** Holds the tape's gradients of `leaves` to central differences of sum(dy * build(tape)). */
function check(leaves: Tensor[], build: (tape: Tape) => Tensor): void {
  const tape = new Tape(device), y = build(tape);
  const random = new Random(99), dy = device.allocate(y.length, "test");
  const weights = referenceValues(dy).map(() => random.normal());
  referenceValues(dy).set(weights);
  const value = () => {
    const tape = new Tape(device, { recording: false });
    const sum = referenceValues(build(tape).buffer).reduce((a, v, i) => a + v * weights[i], 0);
    tape.release();
    return sum;
  };
  tape.backward(y, dy);
  tape.release();
  for (const { shape, buffer, gradient } of leaves) {
    const x = referenceValues(buffer);
    const differences = x.map((held, i) => {
      const [up, down] = [1e-5, -1e-5].map((step) => {
        x[i] = held + step;
        return value();
      });
      x[i] = held;
      return (up - down) / 2e-5;
    });
    const error = relativeError(referenceValues(gradient as DeviceBuffer), differences);
    assert(error < 1e-7, `[${shape}] is off by ${error}`);
  }
}

Deno.test("a chain of conv2d, ReLU, maxPool and dense layers has the gradients of its finite differences", () => {
  const [x, w1, b1, w2, b2, w3, b3] = [[2, 4, 4, 2], [3, 3, 2, 3], [3], [3, 3, 3, 2], [2], [8, 3], [3]].map(leaf);
  check([x, w1, b1, w2, b2, w3, b3], (tape) => {
    let h = tape.conv2d(x, w1, b1, { relu: true });
    h = tape.conv2d(h, w2, b2, { relu: true });
    h = tape.maxPool(h);
    return tape.dense(h, w3, b3, { relu: true });
  });
});

Deno.test("a tensor that is used twice gets the sum of both gradients, behind a fused ReLU as well", () => {
  const [x, w, b] = [[1, 3, 3, 2], [3, 3, 2, 2], [2]].map(leaf);
  check([x, w, b], (tape) => {
    const h = tape.conv2d(x, w, b, { relu: true });
    const again = tape.conv2d(h, w, b, { relu: true }); // the same weights once more
    return tape.add(tape.relu(tape.add(h, again)), h); // and two residual connections
  });
});

for (const relu of [false, true]) {
  Deno.test(`a batch norm ${relu ? "with" : "without"} ReLU has the gradients of its finite differences`, () => {
    const [x, w, b, gamma, beta, w2, b2] = [[3, 4, 2, 2], [3, 3, 2, 3], [3], [3], [3], [24, 2], [2]].map(leaf);
    const running = new Tensor([2, 3], device.allocate(6, "test"));
    const norm = { gamma, beta, running };
    // the definitions' moments are those of the batch whether the tape records or not
    check([x, w, gamma, beta, w2, b2], (tape) => {
      const recording = tape.recording ? tape : new Tape(device);
      const h = recording.batchNorm(recording.conv2d(x, w, b, { relu: false }), norm, { relu });
      return tape.dense(recording.batchNorm(h, norm, { relu }), w2, b2, { relu: false });
    });
  });
}

Deno.test("in inference a convolution with folded weights gives what it and its batch norm do, and no other tape folds", () => {
  const [x, w, b, gamma, beta] = [[3, 4, 2, 2], [3, 3, 2, 3], [3], [3], [3]].map(leaf);
  const running = new Tensor([2, 3], device.allocate(6, "test"));
  referenceValues(running.buffer).set([0.3, -2, 1, 0.5, 2, 7]);
  const tape = new Tape(device, { recording: false }),
    [folded, shifted] = tape.foldBatchNorm(w, b, { gamma, beta, running });
  // the definitions' own: gamma (conv(x, w) + b - mean) / sqrt(variance + epsilon) + beta
  const plain = referenceValues(tape.conv2d(x, w, b, { relu: false }).buffer);
  const [scale, shift] = [gamma, beta].map((tensor) => referenceValues(tensor.buffer)),
    at = referenceValues(running.buffer);
  const y = plain.map((value, i) =>
    scale[i % 3] * (value - at[i % 3]) / Math.sqrt(at[3 + i % 3] + 1e-3) + shift[i % 3]
  );
  assert(relativeError(referenceValues(tape.conv2d(x, folded, shifted, { relu: false }).buffer), y) < 1e-12);
  assertThrows(() => new Tape(device).foldBatchNorm(w, b, { gamma, beta, running }), Error, "does not record");
});

Deno.test("a batch norm looks at the examples that count alone, and hands none of the others a gradient", () => {
  const [x, gamma, beta] = [[5, 2, 2, 3], [3], [3]].map(leaf);
  const results = [5, 3].map((batch) => {
    const part = new Tensor([batch, 2, 2, 3], device.allocate(batch * 12, "test"), { requiresGradient: true });
    referenceValues(part.buffer).set(referenceValues(x.buffer).subarray(0, batch * 12));
    const running = new Tensor([2, 3], device.allocate(6, "test"));
    referenceValues(running.buffer).fill(0);
    const tape = new Tape(device, { count: 3 }), dy = device.allocate(batch * 12, "test");
    part.gradient = device.allocate(batch * 12, "test");
    referenceValues(dy).forEach((_, i, values) => values[i] = i < 36 ? i % 7 : 0);
    const y = tape.batchNorm(part, { gamma, beta, running }, { relu: false });
    const forward = referenceValues(y.buffer).slice(0, 36);
    tape.backward(y, dy);
    const moved = referenceValues(running.buffer).map((value) => value / (3 / batch)); // a short batch moves them less
    return { forward, dx: referenceValues(part.gradient), moved };
  });
  const [short, whole] = results;
  assertEquals(short.forward, whole.forward);
  assert(relativeError(short.moved, whole.moved) < 1e-12);
  assertEquals(short.dx.slice(0, 36), whole.dx);
  assert(whole.dx.some((value) => Math.abs(value) > 0.1) && short.dx.slice(36).every((value) => value === 0));
});

Deno.test("dropout passes gradients through the values that it kept", () => {
  const [x, w, b] = [[4, 5], [5, 6], [6]].map(leaf);
  check([x, w, b], (tape) => tape.dropout(tape.dense(x, w, b, { relu: true }), 0.5, randomKey(1)));
});

Deno.test("a step frees all it took, and the next one takes the same buffers", () => {
  const [x, w, b] = [[2, 4, 4, 1], [3, 3, 1, 2], [2]].map(leaf);
  const seen: DeviceBuffer[][] = [];
  for (let step = 0; step < 3; step++) {
    const live = device.memory.liveBuffers, tape = new Tape(device);
    const h = tape.maxPool(tape.conv2d(x, w, b, { relu: true })), y = tape.relu(h);
    seen.push([h.buffer, y.buffer]);
    const dy = device.allocate(y.length, "test");
    tape.backward(y, dy);
    tape.release();
    device.release(dy);
    assertStrictEquals(device.memory.liveBuffers, live);
  }
  assert(seen.every((step) => step.every((buffer, i) => buffer === seen[0][i])));
});

Deno.test("the tape refuses shapes that do not fit, and going back where nothing was recorded", () => {
  const [x, w, b] = [[2, 4, 4, 1], [3, 3, 2, 2], [2]].map(leaf), tape = new Tape(device, { recording: false });
  assertThrows(
    () => tape.conv2d(x, w, b, { relu: true }),
    Error,
    "x: expected 2 channels, as its weights have, found 1",
  );
  assertThrows(() => tape.dense(x, leaf([3, 2], 1), b, { relu: true }), Error, "expected 3 numbers in a row, found 16");
  assertThrows(() => tape.add(x, w), RangeError);
  assertThrows(() => tape.backward(), Error, "without recording");
});
