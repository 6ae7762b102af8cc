/** The global average pool on the tape, and the VGG-E that ends with one. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Device } from "../../kernels/device.ts";
import { Random } from "../../kernels/random.ts";
import { ArrayDataset, oneHot } from "../../nn/dataset.ts";
import { fit } from "../../nn/fit.ts";
import { gradientCheck } from "../../nn/gradient_check.ts";
import { predictProbabilities } from "../../nn/predict.ts";
import { Tape } from "../../nn/tape.ts";
import { summarise, VggE } from "../../nn/vgg_e.ts";
import { cpu, definitions, onEach, webgpu } from "../devices.ts";
import { relativeError } from "../kernels/compare.ts";

onEach(
  [definitions, cpu, webgpu],
  "averagePool() behind a ReLU passes a gradient check, with odd sizes",
  async (device) => {
    const reports = await gradientCheck(device, { x: [2, 3, 5, 3], w: [3, 3, 3, 6], b: [6] }, (tape, { x, w, b }) => {
      return tape.averagePool(tape.conv2d(x, w, b, { relu: true }));
    }, { places: 12 });
    for (const { name, error } of reports) assert(error < 0.001, `${name}: ${error}`);
  },
);

Deno.test("a VGG-E that ends in an average has one dense layer, on 512 channels", () => {
  const layers = summarise({ classes: 7, width: 1, head: "average" }), before = summarise({ classes: 7, width: 1 });
  assertEquals(layers.slice(-2).map(({ name, output }) => [name, output]), [["average", [512]], ["dense1", [7]]]);
  const total = (all: typeof layers) => all.reduce((sum, { parameters }) => sum + parameters, 0);
  const dense = (1024 + 1) * 4096 + (4096 + 1) * 4096 + (4096 + 1) * 7;
  assertEquals(total(layers), total(before) - dense + (512 + 1) * 7);
});

/** Logits of one picture, [64 x frames]. */
async function logitsOf(device: Device, network: VggE, picture: Float32Array, frames: number): Promise<Float32Array> {
  const tape = new Tape(device, { recording: false }), x = tape.input([1, 64, frames, 1]);
  device.write(x.buffer, picture);
  const logits = await device.read(network.forward(tape, x).buffer);
  tape.release();
  return logits;
}

onEach([cpu], "its weights serve segments of any length; the dense layers' serve 32 frames alone", async (device) => {
  const options = { classes: 3, width: 1 / 16 }, random = new Random(1);
  const picture = Float32Array.from({ length: 64 * 96 }, () => random.normal());
  const average = new VggE(device, { ...options, head: "average" }).draw("he", 1);
  const dense = new VggE(device, options).draw("he", 1);
  const first = Float32Array.from({ length: 64 * 32 }, (_, i) => picture[96 * Math.floor(i / 32) + i % 32]);
  assertEquals((await logitsOf(device, average, first, 32)).length, 3);
  const long = await logitsOf(device, average, picture, 96);
  assert(long.every(Number.isFinite) && relativeError(long, await logitsOf(device, average, first, 32)) > 1e-3);
  await assertRejects(() => logitsOf(device, dense, picture, 96), Error, "numbers in a row, found");
});

onEach([cpu], "it learns to tell stripes that lie from stripes that stand", async (device) => {
  const random = new Random(2), labels = Array.from({ length: 24 }, (_, i) => i % 2);
  const x = Float32Array.from({ length: 24 * 64 * 32 }, (_, i) => {
    const band = Math.floor(i / 32) % 64, frame = i % 32;
    const across = labels[Math.floor(i / 2048)] === 1 ? band : frame;
    return (across % 8 < 4 ? 1 : -1) + 0.1 * random.normal();
  });
  const data = new ArrayDataset(device, x, oneHot(labels, 2), [64, 32, 1]);
  const network = new VggE(device, { classes: 2, width: 1 / 16, head: "average" }).draw("he", 3);
  await fit(network, data, undefined, { batch: 8, epochs: 12, learningRate: () => 0.001, path: [1] });
  const said = await predictProbabilities(network, data);
  assert(labels.every((label, i) => said[2 * i + label] > 0.5));
});
