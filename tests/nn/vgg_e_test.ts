/** VGG-E against PyTorch in float64: logits, every gradient, five steps of Adam. */
import assert from "@std/assert";
import { summarise, trainingFlops, vggEParameters } from "../../nn/mod.ts";
import { cpu, definitions, onEach, webgpu } from "../devices.ts";
import { readGolden } from "../golden.ts";
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
  assert.deepEqual(layers.at(-4)!.output, [2, 1, 512]); // pool5
  const count = layers.reduce((sum, layer) => sum + layer.parameters, 0);
  // by hand: convolutions 9 in out + out = 20,023,232 (one channel in), dense 1024-4096-4096-7
  assert.equal(count, 20_023_232 + 1025 * 4096 + 4097 * 4096 + 4097 * 7);
  assert.ok(Math.abs(trainingFlops(layers) / 4.8e9 - 1) < 0.05, `${trainingFlops(layers)}`);
  const specs = vggEParameters({ classes: 7, width: 1 / 8 });
  assert.deepEqual(specs.map(({ name }) => name).slice(0, 2), ["conv1.w", "conv1.b"]);
  assert.deepEqual(specs[0].shape, [3, 3, 1, 8]);
  assert.deepEqual(specs.at(-2)!.shape, [512, 7]);
});

Deno.test("VGG-E refuses a width, classes or a segment that make no network", () => {
  assert.throws(() => summarise({ classes: 7, width: 0 }), /width/);
  assert.throws(() => summarise({ classes: 1, width: 1 }), /classes/);
  assert.throws(() => summarise({ classes: 7, width: 1, frames: 31 }), /64 x 31/);
});
