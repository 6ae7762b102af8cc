/** The npm package, packed and installed by npm and used by Node as its users do. Needs no registry. */
import { assert, assertEquals, assertMatch, assertRejects, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { decodeRecording, encodeWav, logMel } from "../../dsp/mod.ts";
import { Predictor } from "../../refinery/mod.ts";
import { cpu } from "../devices.ts";
import { readGolden } from "../golden.ts";
import { relativeError } from "../kernels/compare.ts";
import { trainTinyModel } from "../refinery/tiny_model.ts";

const root = join(import.meta.dirname!, "../.."), golden = join(root, "tests/golden");

/** What uses the package's types; one of its lines is wrong. */
const TYPED = `import { dsp, forest, kernels, nn, refinery } from "@epr/epr";
import { Tape } from "@epr/epr/nn";
const device: kernels.Device = await kernels.openDevice({ threads: 2 });
const network: nn.Network = new nn.VggE(device, { classes: 7, width: 1 / 8 });
const logits: nn.Tensor = network.forward(new Tape(device), new nn.Tensor([1, 64, 32, 1], device.allocate(2048, "x")));
const frames: Float32Array = dsp.logMel(new Float32Array(400));
const grown: forest.RandomForest = forest.RandomForest.fit(frames, new Uint8Array(1), { features: 64, classes: 2 });
const features: Parameters<typeof refinery.runFold>[0] | undefined = undefined;
const method: refinery.Method = "pEPR";
// @ts-expect-error a device has no such option
await kernels.openDevice({ thread: 2 });
console.log(logits, grown, features, method);
`;

/** Runs a program, and gives what it printed. */
async function run(cwd: string, program: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, cwd }).output();
  const [out, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert(success, `${program} ${args.join(" ")}: ${error}${out}`);
  return out;
}

const node = await run(root, "node", "--version").catch(() => "none");
const missing = Number(node.match(/^v(\d+)/)?.[1]) >= 20
  ? ""
  : ` (wants Node 20 or later and npm, found ${node.trim()})`;

Deno.test({
  name:
    `the npm package installs, and in Node gives frames, PyTorch's losses with 1 and 3 threads, a forest and a prediction${missing}`,
  ignore: missing !== "",
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const out = join(folder, "package"), user = join(folder, "user");
      await run(root, "deno", "run", "-q", "-P=tooling", "cli/build_npm.ts", "--out", out);
      await Deno.mkdir(user);
      const [{ filename }] = JSON.parse(await run(user, "npm", "pack", "--json", out));
      await Deno.writeTextFile(join(user, "package.json"), `{ "private": true, "type": "module" }`);
      await run(
        user,
        "npm",
        "install",
        "--offline",
        "--no-audit",
        "--no-fund",
        `./${filename.replace("@", "").replace("/", "-")}`,
      );

      const { "chirp.samples": chirp } = await readGolden("front_end.safetensors");
      const wav = encodeWav(chirp.data as Float32Array, 16000);
      await Deno.writeFile(join(user, "chirp.wav"), wav);
      await Deno.copyFile(join(root, "tests/cli/npm_user.mjs"), join(user, "user.mjs"));
      const files = ["vgg_e_sixteenth", "forest_data"].map((name) => join(golden, `${name}.safetensors`));
      const device = await cpu.open(), { model, bytes } = await trainTinyModel(device);
      for (const [name, content] of Object.entries(bytes)) await Deno.writeFile(join(user, name), content);
      const found = JSON.parse(await run(user, "node", "user.mjs", "chirp.wav", ...files, "."));

      const { samples } = decodeRecording(wav, "chirp.wav"), frames = logMel(samples);
      assertEquals(found.frames, 98);
      assert(found.same && Math.abs(found.sum / frames.reduce((a, b) => a + b, 0) - 1) < 1e-12);
      const { losses } = await readGolden("vgg_e_sixteenth.safetensors");
      assert(relativeError(found.one.losses, losses.data) < 1e-5, found.one.losses);
      assertEquals(found.three.losses, found.one.losses);
      assertMatch(found.three.description, /^3 threads of WebAssembly SIMD/);
      assertMatch(found.noGpu, /WebGPU finds no adapter/);
      const wanted = await new Predictor(model, device).predict(samples);
      assertStrictEquals(found.prediction.emotion, wanted.emotion);
      assert(relativeError(found.prediction.profile, wanted.profile) < 1e-4);
      assertEquals([...new Set(found.folds)].sort(), [0, 1, 2, 3, 4]);
      assert(found.sameForest && found.right > 0.99);

      // its types are whole: a program in TypeScript that uses each part
      await Deno.writeTextFile(join(user, "types.ts"), TYPED);
      await run(user, "deno", "check", "--quiet", "types.ts");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("deno task npm replaces a package that it wrote, and no other folder", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(folder, "precious.txt"), "");
    const args = ["run", "-q", "-P=tooling", "cli/build_npm.ts", "--out", folder];
    await assertRejects(() => run(root, "deno", ...args), Error, "holds other things; --out wants a folder of its own");
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["precious.txt"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
