/**
 * What a checkpoint of the full-width network costs: weights and both of Adam's moments (492 MB) are read from the device and
 * written, in turn with dd, which writes as many zeros and forces them to the disk too. Needs 2 GB of disk:
 *
 *     deno run -P=test tests/runs/checkpoint_cost.ts [--times 5] [--dir out]
 */
import { join } from "@std/path";
import { parseArgs } from "node:util";
import { createCpuDevice } from "../../kernels/cpu/create.ts";
import { Adam } from "../../nn/adam.ts";
import { DeviceArray } from "../../nn/device_array.ts";
import { VggE } from "../../nn/vgg_e.ts";
import { identify } from "../../runs/begin.ts";
import { FoldFiles } from "../../runs/fold_files.ts";
import { RunFolder } from "../../runs/run_folder.ts";
import { experiment, features } from "./small_experiment.ts";

const { values } = parseArgs({
  options: {
    times: { type: "string", default: "5" },
    dir: { type: "string", default: Deno.env.get("TMPDIR") ?? "/tmp" },
  },
});
const dir = await Deno.makeTempDir({ dir: values.dir, prefix: "epr_cost_" });
const folder = await RunFolder.at(join(dir, "run"));
const files = await FoldFiles.open(folder, 0, {
  identity: identify(experiment),
  emotions: features.emotions,
  check: () => {},
  onNote: console.error,
});
const device = await createCpuDevice();
const { parameters } = new VggE(device, { width: 1, classes: 7 });
const { m, v } = new Adam(parameters);
const noise = Float32Array.from({ length: parameters.weights.length }, (_, i) => Math.sin(i));
for (const buffer of [parameters.weights, m, v]) device.write(buffer, noise);
const bytes = 3 * noise.byteLength;

const place = { adamSteps: 0, records: [], bestEpoch: -1, seconds: 0, metrics: new Float32Array(4) };
const ours: number[] = [], theirs: number[] = [];
for (let i = 0; i < Number(values.times); i++) {
  let began = performance.now();
  const [weights, first, second] = [parameters.weights, m, v].map((buffer) => new DeviceArray(device, buffer));
  await files.keepState(0, { ...place, epoch: i, step: 0, weights, m: first, v: second });
  ours.push((performance.now() - began) / 1000);
  began = performance.now();
  const dd = ["if=/dev/zero", `of=${join(dir, "zeros")}`, `bs=${bytes / 1024}`, "count=1024", "conv=fsync"];
  await new Deno.Command("dd", { args: dd, stderr: "null" }).output();
  theirs.push((performance.now() - began) / 1000);
}
device.close();
await Deno.remove(dir, { recursive: true });
const median = (times: number[]) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];
const show = (times: number[]) => times.map((time) => time.toFixed(2)).join(" ");
console.log(`${(bytes / 1e6).toFixed(0)} MB; checkpoint ${show(ours)} s, dd ${show(theirs)} s`);
console.log(
  `medians: ${median(ours).toFixed(2)} s and ${median(theirs).toFixed(2)} s: ${
    (median(ours) / median(theirs)).toFixed(2)
  } times`,
);
Deno.exit(0);
