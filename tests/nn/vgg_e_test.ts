/** VGG-E against PyTorch in float64: logits, every gradient, five steps of Adam. */
import assert from "@std/assert";
import { METRICS } from "../../kernels/kernels.ts";
import { Adam, summarise, Tape, trainingFlops, VggE, vggEParameters } from "../../nn/mod.ts";
import { cpu, definitions, onEach, webgpu } from "../devices.ts";
import { readGolden } from "../golden.ts";
import { assertClose, relativeError } from "../kernels/compare.ts";

const golden = await readGolden("vgg_e_sixteenth.safetensors");
const stored = (name: string) => golden[name].data as Float32Array;

onEach(
  [definitions, cpu, webgpu],
  "VggE has PyTorch's logits, gradients and losses over five steps of Adam",
  async (device) => {
    const network = new VggE(device, { classes: 7, width: 1 / 16 });
    const { parameters } = network, names = parameters.specs.map(({ name }) => name);
    parameters.write(Object.fromEntries(names.map((name) => [name, stored(`init.${name}`)])));
    const adam = new Adam(parameters), metrics = device.allocate(METRICS.length, "test");
    device.fill({ x: metrics, length: METRICS.length, value: 0 });
    let before = 0, created = 0;
    for (let step = 1; step <= 6; step++) {
      const tape = new Tape(device), x = tape.input([8, 64, 32, 1]), targets = tape.input([8, 7]);
      device.write(x.buffer, stored("x"));
      device.write(targets.buffer, stored("target"));
      const logits = network.forward(tape, x);
      const found = step === 1 || step === 6 ? await device.read(logits.buffer) : new Float32Array(0);
      if (step === 1) assertClose({ logits: found }, { logits: stored("logits") }, 1e-5, "at first");
      if (step === 6) assertClose({ logits: found }, { logits: stored("logits_after_5_steps") }, 1e-4, "after 5 steps");
      if (step === 6) {
        tape.release();
        break;
      }
      tape.softmaxCrossEntropy(logits, targets, { count: 8, step, metrics });
      tape.backward();
      if (step === 1) {
        const gradients = await parameters.read(parameters.gradients);
        for (const name of names) {
          assertClose(gradients, { [name]: stored(`grad.${name}`) }, 2e-5, "gradient");
        }
      }
      adam.step(1e-3);
      tape.release();
      const total = (await device.read(metrics))[METRICS.loss];
      assert.ok(relativeError([(total - before) / 8], [stored("losses")[step - 1]]) < 1e-5, `loss of step ${step}`);
      before = total;
      if (step === 1) created = device.memory.createdBuffers;
      else assert.equal(device.memory.createdBuffers, created, "a step after the first creates no buffer");
    }
    adam.release();
    parameters.release();
    device.release(metrics);
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
