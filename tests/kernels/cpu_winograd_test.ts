/** The CPU device's convolutions by Winograd's algorithm: forced on and off, and compared with the definition. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { createCpuDevice } from "../../kernels/cpu/create.ts";
import { takesWinograd, type WinogradChoice } from "../../kernels/cpu/winograd.ts";
import { Random } from "../../kernels/random.ts";
import type { KernelName } from "../../kernels/table.ts";
import { readGolden } from "../golden.ts";
import { assertClose, define, type PlainArgs, relativeError, runOn } from "./compare.ts";

type Calls = [KernelName, PlainArgs][];

/** The convolution and both gradients on random numbers. */
function draw(random: Random, shape: number[]): Calls {
  const [batch, height, width, channelsIn, channelsOut] = shape;
  const sizes = { batch, height, width, channelsIn, channelsOut };
  const numbers = (length: number) => Float64Array.from({ length }, () => Math.fround(random.normal()));
  const pixels = batch * height * width;
  const [x, dx, mask] = [1, 2, 3].map(() => numbers(pixels * channelsIn));
  const [y, dy] = [1, 2].map(() => numbers(pixels * channelsOut));
  const [weights, dWeights] = [1, 2].map(() => numbers(9 * channelsIn * channelsOut));
  const [bias, dBias] = [1, 2].map(() => numbers(channelsOut));
  return [
    ["conv2d", { ...sizes, x, weights, bias, y, relu: random.below(2) === 1 }],
    ["conv2dInputGradient", { ...sizes, dy, weights, dx, mask: random.below(2) ? mask : undefined }],
    ["conv2dWeightGradient", { ...sizes, x, dy, dWeights, dBias }],
  ];
}

/** Fifty random small shapes with whole panels of channels, then special ones. */
function shapes(random: Random): number[][] {
  const any = (n: number) => 1 + random.below(n);
  return [
    ...Array.from({ length: 50 }, () => [any(4), any(9), any(9), 8 * any(5), 8 * any(5)]),
    [2, 8, 4, 136, 64], // channels beyond one pass of a transform
    [3, 4, 2, 64, 72], // one tile of 24 points an image
    [160, 16, 16, 8, 8], // more tiles than are transformed at once
    [1, 1, 1, 8, 8],
  ];
}

Deno.test("convolutions by Winograd's algorithm agree with the definition, with the same bits for 1 to 4 threads", async () => {
  const random = new Random(3, 7);
  const devices = await Promise.all([1, 2, 3, 4].map((threads) => createCpuDevice({ threads, winograd: "always" })));
  const plain = await createCpuDevice({ threads: 2, winograd: "always", simd: "plain" });
  for (const shape of shapes(random)) {
    for (const [kernel, args] of draw(random, shape)) {
      const what = `${kernel} [${shape}]`, expected = define(kernel, args);
      const [one, ...others] = await Promise.all(devices.map((device) => runOn(device, kernel, args)));
      assertClose(one, expected, 1e-5, what);
      for (const found of others) assertEquals(found, one, what);
      assertClose(await runOn(plain, kernel, args), expected, 1e-5, `${what}, without fused multiply-add`);
    }
  }
  for (const device of [...devices, plain]) device.close();
});

Deno.test("with 512 channels Winograd's algorithm errs by less than 6e-6, and is not used if forbidden", async () => {
  const [auto, never] = await Promise.all(
    (["auto", "never"] as const).map((winograd) => createCpuDevice({ threads: 2, winograd })),
  );
  for (const [kernel, args] of draw(new Random(5, 1, 2), [2, 8, 4, 512, 512])) {
    const expected = define(kernel, args);
    const [winograd, direct] = [await runOn(auto, kernel, args), await runOn(never, kernel, args)];
    for (const name of Object.keys(expected)) {
      assert(relativeError(winograd[name], expected[name]) < 6e-6, `${kernel} ${name}`);
      assert(relativeError(direct[name], expected[name]) < 4e-6, `${kernel} ${name}, direct`);
      if (name !== "dBias") assertNotEquals(winograd[name], direct[name], `${kernel} ${name}: two algorithms`);
    }
  }
  auto.close();
  never.close();
});

Deno.test("PyTorch's convolutions are reproduced with Winograd's algorithm wherever possible, and without it", async () => {
  const golden = await readGolden("ops.safetensors");
  const names = new Set(Object.keys(golden).filter((key) => key.startsWith("conv.")).map((key) => key.split(".")[1]));
  for (const winograd of ["always", "never"] as const) {
    const device = await createCpuDevice({ threads: 2, winograd });
    for (const name of names) {
      const [x, weights, bias, dy, y, dx, dWeights, dBias] = ["x", "w", "b", "dy", "y", "dx", "dw", "db"]
        .map((key) => Float64Array.from(golden[`conv.${name}.${key}`].data));
      const [batch, height, width, channelsIn] = golden[`conv.${name}.x`].shape;
      const shape = { batch, height, width, channelsIn, channelsOut: bias.length };
      const what = `${winograd}, case ${name}`;
      assertClose(await runOn(device, "conv2d", { ...shape, x, weights, bias, y, relu: false }), { y }, 1e-5, what);
      assertClose(await runOn(device, "conv2dInputGradient", { ...shape, dy, weights, dx }), { dx }, 1e-5, what);
      const toWeights = await runOn(device, "conv2dWeightGradient", { ...shape, x, dy, dWeights, dBias });
      assertClose(toWeights, { dWeights, dBias }, 1e-5, what);
    }
    device.close();
  }
});

Deno.test("takesWinograd() depends on the shape alone", () => {
  const shape = { batch: 128, height: 8, width: 4, channelsIn: 512, channelsOut: 512 };
  const takes = (changed: object, choice: WinogradChoice = "auto") =>
    takesWinograd({ ...shape, ...changed }, choice, "convolution");
  assertEquals(takes({}), true);
  assertEquals(takes({}, "never"), false);
  assertEquals(takes({ channelsIn: 8, channelsOut: 16 }), true);
  assertEquals(takes({ channelsIn: 8, channelsOut: 8 }), false);
  assertEquals(takes({ height: 2, width: 1 }), false); // 16 products instead of 18
  assertEquals(takes({ channelsOut: 508 }, "always"), false); // no whole panels
  // The gradient of the weights needs more channels.
  for (const [channelsIn, channelsOut, expected] of [[16, 16, false], [16, 32, true], [512, 512, true]] as const) {
    assertEquals(takesWinograd({ ...shape, channelsIn, channelsOut }, "auto", "weightGradient"), expected);
  }
});
