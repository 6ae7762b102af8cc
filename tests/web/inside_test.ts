/** The network as the page looks into it, on both devices in Deno: values by the definitions, and the texts of what ran. */
import { assert, assertEquals, assertMatch, assertNotMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { SHIPPED_MODEL } from "../../cli/model_option.ts";
import { openSynthetic } from "../../corpora/synthetic.ts";
import { convolveBlock, packPanels } from "../../kernels/cpu/conv2d.ts";
import { createCpuDevice } from "../../kernels/cpu/create.ts";
import { layStrips, multiplyBlock } from "../../kernels/cpu/matmul.ts";
import { poolImages } from "../../kernels/cpu/max_pool.ts";
import { normalisePart } from "../../kernels/cpu/normalise.ts";
import type { Device } from "../../kernels/device.ts";
import { Random } from "../../kernels/random.ts";
import { createWebGpuDevice, findAdapter } from "../../kernels/webgpu/mod.ts";
import { variantNamed } from "../../kernels/webgpu/variants.ts";
import type { Call } from "../../lab/recorded.ts";
import { readModel } from "../../models/mod.ts";
import { decodeModel, encodeModel, type Model } from "../../models/model.ts";
import { Predictor } from "../../models/predictor.ts";
import { summarise, vggEParameters } from "../../nn/vgg_e.ts";
import { lookInside, weightsOf } from "../../web/engine/inside.ts";
import { isWinograd, sourcesOf, WAT_FILES } from "../../web/engine/kernel_sources.ts";
import { apart, definedLayers, segmentAround } from "./defined_layers.ts";

const shipped = await readModel(SHIPPED_MODEL);
const { samples } = await openSynthetic(3, { utterances: 5, speakers: 1 }).utterances[2].read();
const frames = segmentAround(shipped, samples, 0.6);
const found = await findAdapter(), lacking = found ? "" : " (WebGPU finds no adapter here)";

/** A network whose batch norms stand by themselves, untrained. */
function withNorms(): Model {
  const { description: { network, ...described }, forest } = shipped, random = new Random(5);
  const options = { ...network.options, width: 1 / 32, batchNorm: true };
  const weights = Object.fromEntries(
    vggEParameters(options).map(({ name, shape }) => {
      const size = shape.reduce((a, b) => a * b), reads = size / shape[shape.length - 1];
      const spread = name.endsWith(".w") ? Math.sqrt(2 / reads) : 0.1;
      const one = (i: number) => /gamma/.test(name) || /moments/.test(name) && i >= size / 2 ? 1 : 0;
      return [name, Float32Array.from({ length: size }, (_, i) => one(i) + spread * random.normal())];
    }),
  );
  return decodeModel(encodeModel({ ...described, network: options }, weights, forest), "with norms");
}

const devices: [name: string, ignore: boolean, open: () => Promise<Device>][] = [
  ["the processor", false, () => createCpuDevice({ threads: 2 })],
  [`a GPU${lacking}`, !found, () => createWebGpuDevice({ allowSoftware: true })],
];
for (const [name, ignore, open] of devices) {
  Deno.test({
    name: `each layer of a network is what its definition says, on ${name}; what it takes is given back`,
    ignore,
    fn: async () => {
      const device = await open();
      try {
        for (const model of [shipped, withNorms()]) { // batch norms are folded either way, before or by the tape
          const predictor = new Predictor(model, device), live = device.memory.liveBuffers;
          const { layers, sources, emotions, folded } = await lookInside(predictor, frames);
          const expected = definedLayers(model, frames), summary = summarise(model.description.network.options);
          assertEquals(layers.map(({ name }) => name), summary.map(({ name }) => name));
          layers.forEach((layer, i) => {
            const { name, shape, values, seconds, flops, batch, weights } = layer;
            assertEquals(shape, summary[i].output);
            assert(apart(values, expected[i]) < 1e-4, `${name}: ${apart(values, expected[i])}`);
            assert(seconds > 0 && seconds < 1, `${name}: ${seconds} s`);
            assertEquals(flops, summary[i].flops * batch);
            const kind = name.replace(/\d+/, ""), wanted = { conv: "conv2d", pool: "maxPool", dense: "matmul" };
            assertStrictEquals(layer.kernels.join(" "), wanted[kind as keyof typeof wanted]);
            const own = model.description.network.parameters.find(({ name: one }) => one === `${name}.w`);
            assertEquals(weights, own?.shape);
            const texts = layer.sources.map((place) => sources[place]);
            assert(texts.some(({ compiled }) => compiled) && texts.some(({ compiled }) => !compiled));
          });
          assertEquals(emotions, model.description.emotions);
          assertStrictEquals(folded, model === shipped); // it was trained with batch norms, but has none
          assertEquals(weightsOf(predictor, "conv2").values, model.weights["conv2.w"]);
          assertThrows(() => weightsOf(predictor, "pool1"), Error, 'Expected a layer of the network, found "pool1"');
          assertStrictEquals(device.memory.liveBuffers, live);
          predictor.close();
        }
      } finally {
        device.close();
      }
    },
  });
}

Deno.test("the texts of a layer on the processor are the files whose functions its phases call", async () => {
  const owners = new Map<string, string>(), folder = join(import.meta.dirname!, "../../kernels/wat");
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith(".wat")) continue;
    const text = await Deno.readTextFile(join(folder, name));
    for (const [, exported] of text.matchAll(/\(export "(\w+)"\)/g)) owners.set(exported, name);
  }
  const phases: Record<string, readonly { run: unknown }[]> = {
    conv2d: [packPanels, convolveBlock],
    winograd: [{ run: await Deno.readTextFile(join(folder, "../cpu/winograd.ts")) }], // its phases share functions
    matmul: [layStrips, multiplyBlock],
    maxPool: [poolImages],
    normalise: [normalisePart],
  };
  assertEquals(Object.keys(WAT_FILES), Object.keys(phases));
  for (const [kernel, own] of Object.entries(phases)) {
    const called = own.flatMap(({ run }) => [...String(run).matchAll(/wasm\.(\w+)/g)].map(([, name]) => name));
    const files = new Set(called.map((name) => owners.get(name)));
    if (kernel === "winograd") files.add("winograd_lines.wat"); // the other half of the module: `transform` calls its lines
    assertEquals([...files].sort(), [...WAT_FILES[kernel]].sort(), kernel);
  }
});

Deno.test({
  name: `a GPU's layer by Winograd's algorithm says so, and shows its transforms${lacking}`,
  ignore: !found,
  fn: async () => {
    const variant = variantNamed("tile 32x32x32"), sizes = { batch: 2, height: 4, width: 4 };
    const device = await createWebGpuDevice({
      allowSoftware: true,
      planner: ({ tiles }) => ({ variant, splits: 1, ...(tiles !== undefined && { winograd: true }) }),
    });
    const [x, weights, bias, y] = [0, 1, 2, 3].map(() => device.allocate(9216, "test"));
    const conv = (channels: number): Call => ({
      kernel: "conv2d",
      args: { ...sizes, channelsIn: channels, channelsOut: channels, x, weights, bias, y, relu: true },
    });
    assertEquals([conv(32), conv(8)].map((call) => isWinograd(device, call)), [true, false]);
    const written = sourcesOf(device, [conv(32)]).filter(({ compiled }) => !compiled).map(({ name }) => name);
    assertEquals(written, [
      ...["winograd_input", "winograd_weights", "winograd_output", "matmul", "gemm_tile"].map((name) => `${name}.wgsl`),
    ]);
    device.close();
  },
});

Deno.test({
  name: `the texts of a layer on a GPU are those of the variant that ran, as they were compiled${lacking}`,
  ignore: !found,
  fn: async () => {
    const shape = { batch: 2, height: 4, width: 4, channelsIn: 3, channelsOut: 8 };
    for (const name of ["tile 32x32x32", "lane 16x8 of 8x1"]) {
      const variant = variantNamed(name);
      const device = await createWebGpuDevice({ allowSoftware: true, planner: () => ({ variant, splits: 1 }) });
      try {
        const buffer = () => device.allocate(512, "test"),
          [x, weights, bias, y] = [buffer(), buffer(), buffer(), buffer()];
        const conv: Call = { kernel: "conv2d", args: { ...shape, x, weights, bias, y, relu: true } };
        const dense: Call = { kernel: "matmul", args: { a: x, b: weights, c: y, m: 4, n: 8, k: 16 } };
        for (const [call, own, more] of [[conv, "conv2d", ["pad_columns"]], [dense, "matmul", []]] as const) {
          const texts = sourcesOf(device, [call]), core = `gemm_${variant.core}`;
          const written = texts.filter(({ compiled }) => !compiled).map(({ name }) => name);
          assertEquals(written, [own, core, ...more].map((file) => `${file}.wgsl`));
          const compiled = texts.filter(({ compiled }) => compiled);
          assertEquals(compiled.map(({ name }) => name), [`${own} (${name})`, ...more]);
          for (const { text } of compiled) {
            assertMatch(text, /fn main\(/);
            assertNotMatch(text, /^#|\$\{/m); // nothing of the template is left
          }
        }
      } finally {
        device.close();
      }
    }
  },
});
