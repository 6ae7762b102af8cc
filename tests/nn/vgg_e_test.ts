/** VGG-E against PyTorch in float64: logits, every gradient, five steps of Adam. */
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { Random } from "../../kernels/random.ts";
import { ArrayDataset, oneHot } from "../../nn/dataset.ts";
import { fit } from "../../nn/fit.ts";
import { foldBatchNorm } from "../../nn/fold_batch_norm.ts";
import { Tape } from "../../nn/tape.ts";
import { summarise, trainingFlops, VggE, vggEParameters } from "../../nn/vgg_e.ts";
import { cpu, definitions, onEach, webgpu } from "../devices.ts";
import { readGolden } from "../golden.ts";
import { assertClose, relativeError } from "../kernels/compare.ts";
import { trainGolden } from "./vgg_e_golden.ts";

onEach(
  [definitions, cpu, webgpu],
  "VggE has PyTorch's logits, gradients and losses over five steps of Adam",
  async (device) => {
    await trainGolden(device, await readGolden("vgg_e_sixteenth.safetensors"));
  },
);

Deno.test("VGG-E at width 1 has the size that the paper's network has", () => {
  const layers = summarise({ classes: 7, width: 1 });
  assertEquals(layers.at(-4)!.output, [2, 1, 512]); // pool5
  const count = layers.reduce((sum, layer) => sum + layer.parameters, 0);
  // by hand: convolutions 9 in out + out = 20,023,232 (one channel in), dense 1024-4096-4096-7
  assertEquals(count, 20_023_232 + 1025 * 4096 + 4097 * 4096 + 4097 * 7);
  assert(Math.abs(trainingFlops(layers) / 4.8e9 - 1) < 0.05, `${trainingFlops(layers)}`);
  const specs = vggEParameters({ classes: 7, width: 1 / 8 });
  assertEquals(specs.map(({ name }) => name).slice(0, 2), ["conv1.w", "conv1.b"]);
  assertEquals(specs[0].shape, [3, 3, 1, 8]);
  assertEquals(specs.at(-2)!.shape, [512, 7]);
});

Deno.test("VGG-E refuses a width, classes or a segment that make no network", () => {
  assertThrows(() => summarise({ classes: 7, width: 0 }), Error, "width");
  assertThrows(() => summarise({ classes: 1, width: 1 }), Error, "classes");
  assertThrows(() => summarise({ classes: 7, width: 1, frames: 31 }), Error, "64 x 31");
});

onEach(
  [definitions, cpu, webgpu],
  "a VGG-E's batch norms fold into its convolutions and dense layers",
  async (device) => {
    const options = { classes: 3, width: 1 / 32, frames: 64, batchNorm: true, batchNormDense: true, dropout: 0.5 };
    const network = new VggE(device, options).initialise(1);
    const random = new Random(7), x = Float32Array.from({ length: 4 * 64 * 64 }, () => random.normal());
    const logits = async (network: VggE, tape: Tape) => {
      const input = tape.input([4, 64, 64, 1]);
      device.write(input.buffer, x);
      const found = await device.read(network.forward(tape, input).buffer);
      tape.release();
      return found;
    };
    await logits(network, new Tape(device)); // moves the running averages
    const weights = await network.parameters.read();
    for (const [name, values] of Object.entries(weights)) {
      if (/gamma|beta/.test(name)) weights[name] = values.map((value) => value + 0.2 * random.normal());
    }
    network.parameters.write(weights);
    const plain = new VggE(device, { ...options, batchNorm: false, batchNormDense: false });
    plain.parameters.write(foldBatchNorm(weights, options));
    const [whole, folded] = [network, plain].map((one) => logits(one, new Tape(device, { recording: false })));
    assertClose({ logits: await folded }, { logits: await whole }, 1e-4, "folded");
    const other = await logits(network, new Tape(device, { path: [1] }));
    assert(relativeError(other, await whole) > 1e-2, "in training it goes by the batch's own moments");
    network.parameters.release();
    plain.parameters.release();
  },
);

onEach(
  [cpu, webgpu],
  "a VGG-E with batch norm and dropout learns, with the same masks from the same path",
  async (device) => {
    const train = async (path: number[]) => {
      const network = new VggE(device, { classes: 2, width: 1 / 32, batchNorm: true, dropout: 0.3 }).initialise(2);
      const random = new Random(8), labels = Array.from({ length: 24 }, (_, i) => i % 2);
      const x = Float32Array.from({ length: 24 * 2048 }, (_, i) => random.normal() + labels[i >> 11] * (i % 32) / 8);
      const data = new ArrayDataset(device, x, oneHot(labels, 2), [64, 32, 1]);
      const fitted = await fit(network, data, undefined, { batch: 8, epochs: 5, path, learningRate: () => 1e-3 });
      data.release();
      network.parameters.release();
      return fitted.epochs.map(({ loss }) => loss);
    };
    const losses = await train([1]);
    assert(losses.at(-1)! < 0.5 * losses[0], String(losses));
    if (device.kind === "cpu") assertEquals(await train([1]), losses);
    assertNotEquals(await train([2]), losses);
  },
);
