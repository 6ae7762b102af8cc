/**
 * The GPU's convolutions by Winograd's algorithm: correct with every core, reproducible bit for bit, and planned if
 * they are faster.
 */
import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { Random } from "../../kernels/random.ts";
import type { ConvShape } from "../../kernels/table.ts";
import { createWebGpuDevice, type Planner } from "../../kernels/webgpu/mod.ts";
import { HARDWARE, INTEGRATED, plansFor, shortlist, SOFTWARE } from "../../kernels/webgpu/plan.ts";
import { convProduct, type Plan, productKey } from "../../kernels/webgpu/product.ts";
import { balance, traffic } from "../../kernels/webgpu/traffic.ts";
import { variantNamed } from "../../kernels/webgpu/variants.ts";
import { cutWinograd } from "../../kernels/webgpu/winograd_cut.ts";
import { readGolden } from "../golden.ts";
import { define, relativeError, runOn } from "./compare.ts";
import { hiddenNaNs } from "./not_hidden.ts";
import { found, lacking } from "./on_gpu.ts";
import { convCalls, forced, missingFor } from "./webgpu_variants.ts";
import { checkWinograd, winograd, WINOGRAD_VARIANTS } from "./webgpu_winograd.ts";

const TILE = variantNamed("tile 32x32x32"), LANE = variantNamed("lane 16x8 of 8x1");
const KERNELS = ["conv2d", "conv2dInputGradient", "conv2dWeightGradient"] as const;

for (const name of WINOGRAD_VARIANTS) {
  const variant = variantNamed(name), missing = found ? await missingFor(variant, createWebGpuDevice) : undefined;
  const why = missing ? ` (it needs ${missing})` : lacking;
  Deno.test({
    name:
      `Winograd's convolutions by "${name}" agree with PyTorch's values, and with their definitions on odd shapes${why}`,
    ignore: !found || missing !== undefined,
    fn: async () => {
      const { pipelines, checks, failures } = await checkWinograd(
        variant,
        createWebGpuDevice,
        await readGolden("ops.safetensors"),
      );
      assertEquals(failures, []);
      assert(checks === 18 && pipelines >= 10, `${checks} checks of ${pipelines} pipelines: was the algorithm used?`);
    },
  });
}

Deno.test({
  name:
    `with 512 channels Winograd's algorithm errs by less than 3e-6 in all passes, and gives the same bits again${lacking}`,
  ignore: !found,
  fn: async () => {
    const calls = convCalls(new Random(5), 2, 7, 4, 512, 512);
    const runs: Float32Array[][] = [];
    for (const planner of [winograd(LANE, 2), winograd(LANE, 2), forced(LANE)]) {
      const device = await createWebGpuDevice({ allowSoftware: true, planner }), outputs: Float32Array[] = [];
      for (const [kernel, args] of calls) outputs.push((await runOn(device, kernel, args))[OUTPUT[kernel]!]);
      runs.push(outputs);
      device.close();
    }
    calls.forEach(([kernel, args], i) => {
      const error = relativeError(runs[0][i], define(kernel, args)[OUTPUT[kernel]!]);
      assert(error < 3e-6, `${kernel}: ${error}`);
      assertEquals(runs[1][i], runs[0][i], `${kernel}: another run`);
      assertNotEquals(runs[2][i], runs[0][i], `${kernel}: two algorithms`);
    });
  },
});

/** The results computed by Winograd's algorithm. */
const OUTPUT: Record<string, string> = { conv2d: "y", conv2dInputGradient: "dx", conv2dWeightGradient: "dWeights" };

Deno.test({
  name: `a NaN comes out of the ReLU of Winograd's convolution, in one part and in two${lacking}`,
  ignore: !found,
  fn: async () => {
    for (const splits of [1, 2]) {
      const take = winograd(TILE, splits), taken: Plan[] = [];
      const planner: Planner = (product) => taken[taken.push(take(product)) - 1];
      const device = await createWebGpuDevice({ allowSoftware: true, planner });
      assertEquals(await hiddenNaNs(device), []);
      assertEquals(taken.filter(({ winograd }) => winograd).length, 1, "the convolution of 32 channels");
      device.close();
    }
  },
});

Deno.test({
  name:
    `Winograd's arrays go in pieces where a binding is short, and where they cannot the algorithm is refused${lacking}`,
  ignore: !found,
  fn: async () => {
    const bindingBytes = 2 ** 17, golden = await readGolden("ops.safetensors");
    assertEquals((await checkWinograd(LANE, createWebGpuDevice, golden, { bindingBytes })).failures, []);
    const product = convProduct("conv2dWeightGradient", sized(4, 15, 8, 32, 64));
    assert(cutWinograd(product, { variant: LANE, splits: 2, winograd: true }, 2 ** 14).pieces > 2);
    // the transformed weights alone are 64 KiB
    const always = () => ({ variant: LANE, splits: 1, winograd: true as const });
    const device = await createWebGpuDevice({ allowSoftware: true, planner: always, bindingBytes: 2 ** 15 });
    const [[kernel, args]] = convCalls(new Random(1), 1, 4, 4, 32, 32);
    assertMatch(
      (await assertRejects(() => runOn(device, kernel, args), RangeError)).message,
      /Winograd's algorithm is no way to compute this product/,
    );
    device.close();
  },
});

Deno.test({
  name: `tune() times Winograd's algorithm beside the direct product, and kernelChoices keeps what won${lacking}`,
  ignore: !found,
  fn: async () => {
    const device = await createWebGpuDevice({ allowSoftware: true });
    const shape = { ...sized(2, 4, 4, 128, 128), relu: false };
    const pixels = 2 * 4 * 4 * 128;
    const [x, y, weights, bias] = [pixels, pixels, 9 * 128 * 128, 128].map((n) => device.allocate(n, "test"));
    const { measured } = await device.tune(() => device.conv2d({ ...shape, x, y, weights, bias }));
    assertEquals(measured, 1);
    const choices = device.kernelChoices, [[key, choice]] = Object.entries(choices);
    assertEquals(key, "conv2d 32x128x1152");
    device.close();
    for (const winograd of [true, undefined] as const) {
      const chosen = { [key]: { ...choice, winograd } };
      const again = await createWebGpuDevice({ allowSoftware: true, choices: chosen });
      const [a, b, w, c] = [pixels, pixels, 9 * 128 * 128, 128].map((n) => again.allocate(n, "test"));
      const programs = again.programsOf(() => again.conv2d({ ...shape, x: a, y: b, weights: w, bias: c }));
      assertEquals(programs.some(({ name }) => name === "winograd_input"), winograd === true);
      assertEquals(again.kernelChoices[key].winograd, winograd);
      again.close();
    }
    const wrong = { "matmul 32x128x1152": { variant: LANE.name, splits: 1, winograd: true as const } };
    await assertRejects(
      () => createWebGpuDevice({ allowSoftware: true, choices: wrong }),
      RangeError,
      "expected Winograd's algorithm for convolutions only",
    );
  },
});

const sized = (batch: number, height: number, width: number, channelsIn: number, channelsOut: number): ConvShape => ({
  ...{ batch, height, width, channelsIn, channelsOut },
});

Deno.test("Winograd's algorithm is offered from 128 channels on, measured beside the direct product, and expected to win with many", () => {
  const has = (shape: ConvShape, model = HARDWARE) =>
    KERNELS.map((kernel) => plansFor(convProduct(kernel, shape), model).some(({ winograd }) => winograd));
  for (const model of [HARDWARE, INTEGRATED, SOFTWARE]) {
    assertEquals(has(sized(128, 8, 4, 128, 256), model), [true, true, true]);
    assertEquals(has(sized(128, 8, 4, 64, 256), model), [false, false, false]);
    assertEquals(has(sized(128, 8, 4, 132, 256), model), [false, false, false]); // no whole groups of 32
    for (const kernel of KERNELS) {
      const plans = plansFor(convProduct(kernel, sized(128, 8, 4, 512, 512)), model), short = shortlist(plans, 4);
      assert(plans[0].winograd, `${kernel}: 4/9 of the operations`);
      assertEquals(new Set(short.map(({ winograd }) => winograd)), new Set([true, undefined]), kernel);
      assert(new Set(short.map(({ variant }) => variant.core)).size >= 2, kernel);
    }
  }
});

Deno.test("cutWinograd(), traffic() and balance() count as by hand, and a product's name shows tiles beyond the edge", () => {
  const variant = variantNamed("tile 128x128x16"), plan: Plan = { variant, splits: 1, winograd: true };
  const product = convProduct("conv2d", sized(128, 8, 4, 512, 512)); // 1,024 tiles
  const cut = cutWinograd(product, plan);
  assertEquals([cut.pieces, cut.tiles, cut.parts, cut.plan.splits], [1, 1024, 1, 16]);
  assertEquals([cut.product.rows4, cut.product.cols4, cut.product.k4], [256, 128, 16 * 128]);
  const { flops, flopsDone, bytes, workgroups } = traffic(product, plan);
  assertEquals([flops, flopsDone], [2 * 16 * 1024 * 512 * 512, flops]);
  assertEquals(workgroups, 16 * 8 * 4);
  const values = 16 * 1024 * 512;
  const products = workgroups * (128 + 128) * 512 + values, transforms = (2 + 1) * values + 4 * 1024 * 512;
  assertEquals(bytes, 4 * (products + transforms + (9 + 16) * 512 * 512));
  assertEquals(balance(product, plan, 132), 512 / (4 * 132));

  const toWeights = convProduct("conv2dWeightGradient", sized(128, 32, 16, 128, 128)); // 16,384 tiles, 128 MiB each
  const parts = cutWinograd(toWeights, { ...plan, splits: 16 });
  assertEquals([parts.pieces, parts.tiles, parts.parts], [2, 8192, 8]);
  assertEquals(cutWinograd(toWeights, { ...plan, splits: 16 }, 2 ** 25).pieces, 4);
  // a sum over 100 tiles in 3 parts: each is 9 times 16 groups of 4 along k... of which the last are past the end
  const uneven = cutWinograd(convProduct("conv2dWeightGradient", sized(1, 20, 20, 32, 32)), { ...plan, splits: 3 });
  assertEquals([uneven.tiles, uneven.parts, uneven.product.k4], [144, 3, 16 * 36]);
  assert(uneven.tiles >= 100);

  assertEquals(productKey(product), "conv2d 4096x512x4608");
  assertEquals(productKey(convProduct("conv2d", sized(2, 3, 4, 32, 32))), "conv2d 24x32x288 in 8 tiles");
  assertThrows(
    () => cutWinograd(convProduct("conv2d", sized(1, 4, 4, 8, 8)), plan),
    RangeError,
    "no way to compute this product",
  );
});
