/** The gradients in the definitions, compared with finite differences of the definitions. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { METRICS } from "../../kernels/table.ts";
import { Random, threefry2x32 } from "../../kernels/random.ts";
import { reference } from "../../kernels/reference.ts";
import { relativeError } from "./compare.ts";

const draw = (random: Random, length: number) => Float64Array.from({ length }, () => random.normal());

/** d(sum over i of dy[i] f(x)[i]) / dx by central differences. */
function differences(x: Float64Array, dy: Float64Array, f: (x: Float64Array) => Float64Array): Float64Array {
  const at = (values: Float64Array) => f(values).reduce((sum, y, i) => sum + y * dy[i], 0);
  return x.map((_, i) => {
    const [up, down] = [1e-5, -1e-5].map((step) => at(x.map((v, j) => i === j ? v + step : v)));
    return (up - down) / 2e-5;
  });
}

Deno.test("the gradients of conv2d() are its derivatives to input, weights and bias", () => {
  const r = new Random(1);
  const s = { batch: 2, height: 3, width: 4, channelsIn: 2, channelsOut: 3 };
  const [x, weights, bias, dy] = [48, 54, 3, 72].map((n) => draw(r, n));
  const conv = (change: object) => {
    const y = new Float64Array(72);
    reference.conv2d({ ...s, x, weights, bias, y, relu: false, ...change });
    return y;
  };
  const [dx, dWeights, dBias] = [new Float64Array(48), new Float64Array(54), new Float64Array(3)];
  reference.conv2dInputGradient({ ...s, dy, weights, dx });
  reference.conv2dWeightGradient({ ...s, x, dy, dWeights, dBias });
  assert(relativeError(dx, differences(x, dy, (x) => conv({ x }))) < 1e-8);
  assert(relativeError(dWeights, differences(weights, dy, (weights) => conv({ weights }))) < 1e-8);
  assert(relativeError(dBias, differences(bias, dy, (bias) => conv({ bias }))) < 1e-8);
});

Deno.test("a fused ReLU's gradient is that of a convolution behind a ReLU, by mask", () => {
  const r = new Random(2);
  const s = { batch: 1, height: 3, width: 3, channelsIn: 2, channelsOut: 2 };
  const [before, weights, dy] = [18, 36, 18].map((n) => draw(r, n));
  const f = (before: Float64Array) => {
    const x = before.map((v) => Math.max(0, v)), y = new Float64Array(18);
    reference.conv2d({ ...s, x, weights, bias: new Float64Array(2), y, relu: false });
    return y;
  };
  const dx = new Float64Array(18);
  reference.conv2dInputGradient({ ...s, dy, weights, dx, mask: before.map((v) => Math.max(0, v)) });
  assert(relativeError(dx, differences(before, dy, f)) < 1e-8);
});

Deno.test("the gradient of maxPool() is its derivative, with an odd last row and column dropped", () => {
  const r = new Random(3);
  const s = { batch: 2, height: 5, width: 3, channels: 2 };
  const [x, dy] = [60, 8].map((n) => draw(r, n));
  const dx = new Float64Array(60);
  reference.maxPoolGradient({ ...s, x, dy, dx });
  const pool = (x: Float64Array) => {
    const y = new Float64Array(8);
    reference.maxPool({ ...s, x, y });
    return y;
  };
  assert(relativeError(dx, differences(x, dy, pool)) < 1e-8);
});

Deno.test("averagePool() is the mean of each channel, and its gradient its derivative", () => {
  const r = new Random(6), s = { batch: 2, height: 2, width: 3, channels: 2 };
  const [x, dy] = [24, 4].map((n) => draw(r, n)), dx = new Float64Array(24);
  const pool = (x: Float64Array) => {
    const y = new Float64Array(4);
    reference.averagePool({ ...s, x, y });
    return y;
  };
  // second image, first channel: places 12, 14, ... 22
  const mean = [12, 14, 16, 18, 20, 22].reduce((sum, i) => sum + x[i], 0) / 6;
  assert(Math.abs(pool(x)[2] - mean) < 1e-12);
  reference.averagePoolGradient({ ...s, dy, dx });
  assert(relativeError(dx, differences(x, dy, pool)) < 1e-8);
});

Deno.test("the gradients of a dense layer are matmul() with other transpositions", () => {
  const r = new Random(4);
  const [x, w, dy] = [6, 8, 12].map((n) => draw(r, n)); // x: [3, 2], w: [2, 4]
  const product = (x: Float64Array, w: Float64Array) => {
    const c = new Float64Array(12);
    reference.matmul({ a: x, b: w, c, m: 3, n: 4, k: 2 });
    return c;
  };
  const [dx, dw] = [new Float64Array(6), new Float64Array(8)];
  reference.matmul({ a: dy, b: w, transposeB: true, c: dx, m: 3, n: 2, k: 4 });
  reference.matmul({ a: x, transposeA: true, b: dy, c: dw, m: 2, n: 4, k: 3 });
  assert(relativeError(dx, differences(x, dy, (x) => product(x, w))) < 1e-8);
  assert(relativeError(dw, differences(w, dy, (w) => product(x, w))) < 1e-8);
});

Deno.test("softmaxCrossEntropy() gives the derivative of its own loss; rows beyond count have none", () => {
  const r = new Random(5);
  const logits = draw(r, 12), targets = new Float64Array([0.2, 0.3, 0.5, 0, 1, 0, 0.1, 0.1, 0.8, 0.4, 0.4, 0.2]);
  const run = (logits: Float64Array) => {
    const [probabilities, dLogits, metrics] = [12, 12, 4].map((n) => new Float64Array(n));
    reference.softmaxCrossEntropy({
      logits,
      targets,
      probabilities,
      dLogits,
      metrics,
      rows: 4,
      classes: 3,
      count: 3,
      step: 1,
    });
    return { dLogits, loss: new Float64Array([metrics[METRICS.loss] / 3]), rows: metrics[METRICS.rows] };
  };
  const { dLogits, rows } = run(logits);
  assertEquals(rows, 3);
  assert(relativeError(dLogits, differences(logits, new Float64Array([1]), (z) => run(z).loss)) < 1e-8);
  assertEquals([...dLogits.subarray(9)], [0, 0, 0]);
});

Deno.test("dropout() keeps its share, scales the kept values, and is its own gradient", () => {
  const x = new Float64Array(20000).fill(1), y = new Float64Array(20000);
  reference.dropout({ x, y, length: x.length, rate: 0.3, key: [1, 2] });
  const kept = y.filter((v) => v !== 0);
  assert(Math.abs(kept.length / y.length - 0.7) < 4 * Math.sqrt(0.21 / y.length));
  assert(kept.every((v) => v === 1 / 0.7));
});

Deno.test("threefry2x32() gives the vectors published with Random123", () => {
  const max = 0xffffffff;
  assertEquals(threefry2x32([0, 0], [0, 0]), [0x6b200159, 0x99ba4efe]);
  assertEquals(threefry2x32([max, max], [max, max]), [0x1cb996fc, 0xbb002be7]);
  assertEquals(threefry2x32([0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3]), [0xc4923a9c, 0x483df7a0]);
});

Deno.test("Random draws uniformly, shuffles to every order, and normal() has mean 0 and variance 1", () => {
  const random = new Random(3);
  const counts = new Map<string, number>();
  for (let i = 0; i < 6000; i++) {
    const order = random.shuffle([1, 2, 3]).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assertEquals(counts.size, 6);
  for (const count of counts.values()) assert(Math.abs(count - 1000) < 150, `${count} of about 1000`); // 5 sigma
  const draws = draw(random, 20000);
  const mean = draws.reduce((a, b) => a + b) / draws.length;
  const variance = draws.reduce((a, b) => a + (b - mean) ** 2, 0) / draws.length;
  assert(Math.abs(mean) < 0.035 && Math.abs(variance - 1) < 0.05, `mean ${mean}, variance ${variance}`);
  assertThrows(() => random.below(0), RangeError);
});
