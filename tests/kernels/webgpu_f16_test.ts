/** Products of 16-bit floats: with every variant, and the effect of their rounding. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { openDevice } from "../../kernels/open_device.ts";
import { Random } from "../../kernels/random.ts";
import { createWebGpuDevice } from "../../kernels/webgpu/mod.ts";
import { VARIANTS } from "../../kernels/webgpu/variants.ts";
import { readGolden } from "../golden.ts";
import { assertOptionError } from "../option_errors.ts";
import { define, runOn } from "./compare.ts";
import { found } from "./on_gpu.ts";
import { asHalves, checkHalf } from "./webgpu_variants.ts";

/** Opens a device with 16-bit floats for inspection, or gives the reason why there is none. */
async function look(): Promise<{ missing?: string; lacks: (string | undefined)[] }> {
  if (!found) return { missing: "WebGPU finds no adapter here", lacks: [] };
  try {
    const device = await createWebGpuDevice({ allowSoftware: true, precision: "f16" });
    const lacks = VARIANTS.map((variant) => device.lacks(variant));
    device.close();
    return { lacks };
  } catch (error) {
    return { missing: (error as Error).message, lacks: [] };
  }
}
const { missing, lacks } = await look();
/** Of each core the variant that compiles fastest. On hardware, or where EPR_F16=all, each is held to random shapes too. */
const QUICKEST = ["tile 32x32x32", "lane 4x8 of 8x4", "subgroup 32x8 of 8"];
const all = Deno.env.get("EPR_F16") === "all" || typeof found === "object" && !found.software;
const roundings: Record<string, number> = {};

VARIANTS.forEach((variant, i) => {
  const slow = !all && variant.core === "tile" && !QUICKEST.includes(variant.name);
  const why = missing ?? (lacks[i] && `it needs ${lacks[i]}`) ??
    (slow ? "no software adapter takes it, and it compiles for long: EPR_F16=all" : undefined);
  Deno.test({
    name: `products by "${variant.name}" of 16-bit floats are those of the rounded operands${why ? ` (${why})` : ""}`,
    ignore: why !== undefined,
    fn: async () => {
      const golden = await readGolden("ops.safetensors"), randomShapes = all || QUICKEST.includes(variant.name);
      const { failures, pipelines } = await checkHalf(variant, createWebGpuDevice, golden, { randomShapes, roundings });
      assertEquals(failures, []);
      assert(pipelines >= 8, `${pipelines} pipelines: was the variant used?`);
    },
  });
});

Deno.test({
  name: `rounding operands to 16 bits moves products by less than a thousandth of their largest value`,
  ignore: Object.keys(lacks).length === 0,
  fn: () => {
    assert(Object.keys(roundings).length >= 5);
    for (const [result, error] of Object.entries(roundings)) {
      if (result.endsWith("dBias")) assert(error < 1e-6, `${result}: ${error}`);
      else assert(error > 1e-5 && error < 1e-3, `${result}: ${error}`);
    }
  },
});

Deno.test({
  name: `sixteen terms are summed in 16 bits: a product's error is of that size${missing ? ` (${missing})` : ""}`,
  ignore: missing !== undefined,
  fn: async () => {
    const device = await createWebGpuDevice({ allowSoftware: true, precision: "f16" });
    const [m, n, k] = [32, 32, 1024], r = new Random(3);
    const draw = (length: number) => asHalves(Float64Array.from({ length }, () => r.normal()));
    const args = { m, n, k, a: draw(m * k), b: draw(k * n), c: new Float64Array(m * n) };
    const { c } = await runOn(device, "matmul", args), exact = define("matmul", args).c;
    device.close();
    const square = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value ** 2, 0);
    const error = Math.sqrt(square(exact.map((value, i) => value - c[i])) / square(exact));
    // one rounding is off by 2^-12.3 of its value in the mean square, over all partial sums of a run 2^-10.7 of a sum
    assert(error > 2 ** -12 && error < 2 ** -10, `${error}`);
  },
});

Deno.test({
  name: `16-bit floats are scaled: values that they cannot hold are multiplied as if they could${
    missing ? ` (${missing})` : ""
  }`,
  ignore: missing !== undefined,
  fn: async () => {
    const device = await createWebGpuDevice({ allowSoftware: true, precision: "f16" });
    const product = async (values: [number, number]) => {
      const [a, b, c] = values.concat(NaN).map((value) => {
        const buffer = device.allocate(16, "test");
        device.fill({ x: buffer, length: 16, value });
        return buffer;
      });
      device.matmul({ a, b, c, m: 4, n: 4, k: 4 });
      return (await device.read(c))[5];
    };
    assertEquals(device.precision, "f16");
    assertEquals(await product([2 ** -40, 3 * 2 ** -30]), 12 * 2 ** -70);
    assertEquals(await product([2 ** 40, 3 * 2 ** 30]), 12 * 2 ** 70);
    assertEquals(await product([0, 5]), 0);
    assert(Number.isNaN(await product([NaN, 1])), "what is not finite stays so, to be noticed");
    assertStrictEquals(await product([Infinity, 1]), Infinity);
    device.close();
  },
});

Deno.test("openDevice() refuses 16-bit floats on the cpu device, and if an adapter can't compute in them", async () => {
  await assertOptionError(() => openDevice({ device: "cpu", precision: "f16" }), "precision", /f32 on the cpu device/);
  if (found && missing) {
    const cannot = /expected f32, since .* cannot compute in 16-bit floats/;
    await assertOptionError(() => openDevice({ device: "webgpu", precision: "f16" }), "precision", cannot);
  }
});
