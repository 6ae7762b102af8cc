/**
 * A soak: 2,000 steps and more (width 1/16, batch 8) in one process, with a fault every hundred or so: devices that are lost,
 * until the run stops at the third; stops as by Ctrl-C; checkpoints that are damaged. Memory has to stay flat, and the results
 * those of a run that nothing befalls. Takes about two minutes on two cores:
 *
 *     deno run --v8-flags=--expose-gc -P=test tests/runs/soak.ts [--steps 2000]
 *
 * Garbage is collected before each look at the memory, or one would see when V8 last did so by itself.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { parseArgs } from "node:util";
import { extractFeatures } from "../../corpora/features.ts";
import { openSynthetic } from "../../corpora/synthetic.ts";
import { createCpuDevice } from "../../kernels/cpu/create.ts";
import type { Device } from "../../kernels/device.ts";
import { assignFolds } from "../../refinery/folds.ts";
import { PRESETS } from "../../refinery/presets.ts";
import { openRun } from "../../runs/begin.ts";
import { runExperiment } from "../../runs/experiment.ts";
import type { Experiment, PlanOutcome, Start } from "../../runs/plan.ts";
import { meddle, trapWorker } from "./meddling.ts";

const { values } = parseArgs({ options: { steps: { type: "string", default: "2000" } } });
const wanted = Number(values.steps);

const features = await extractFeatures(openSynthetic(1, { utterances: 30, speakers: 3 }), { segmentHop: 12 });
const settings = {
  ...PRESETS.quick,
  learningRate: 0.00025,
  width: 1 / 16,
  batch: 8,
  folds: 3,
  stages: 2,
  patience: 1000,
  segmentHop: 12,
  epochs: 1,
};
const folds = assignFolds(features.utterances, features.emotions, settings);
// about 60 % of the segments are learned from in each of the six networks
settings.epochs = Math.ceil(wanted / (6 * Math.ceil(0.55 * features.segmentStart.length / settings.batch)));

const dir = await Deno.makeTempDir({ prefix: "epr_soak_" });
const base: Omit<Experiment, "device"> = { corpus: "synthetic", preset: "quick", settings, features, folds };

async function run(out: string, start: Start, device: Device, others: Partial<Experiment>, signal?: AbortSignal) {
  const experiment = { ...base, device, ...others, start };
  return await runExperiment(experiment, await openRun(out, experiment, start), { signal });
}

const plain = ({ results }: PlanOutcome) => ({ ...results!, seconds: 0 });
const whole = await createCpuDevice({ threads: 2 });
const expected = plain(await run(join(dir, "alone"), "new", whole, {}));
whole.close();

let steps = 0, losses = 0, stops = 0, damaged = 0;
const count = (device: Device) => {
  return new Proxy(device, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (name === "adam") return (args: never) => (steps++, (value as (args: never) => void).call(target, args));
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
};
/** A device that is lost after 40 to 159 steps. */
const open = async () => {
  const at = 40 + (losses * 37) % 120;
  return meddle(count(await createCpuDevice({ threads: 2 })), "adam", at, (device) => {
    losses++;
    trapWorker(device);
  });
};

const out = join(dir, "faulty"), memory: number[] = [], held: number[] = []; // MiB
let outcome: PlanOutcome | undefined;
for (let attempt = 0; !outcome; attempt++) {
  const device = await open();
  try {
    // every other attempt is stopped by hand before it can lose three devices
    const signal = attempt % 2 === 1 ? AbortSignal.timeout(1500) : undefined;
    outcome = await run(out, attempt === 0 ? "new" : "resume", device, { reopen: open, saveEvery: 1 }, signal);
  } catch (error) {
    if ((error as Error).name === "TimeoutError") stops++;
    else assertMatch((error as Error).message, /^The device was lost 3 times/);
  } finally {
    device.close();
  }
  const checkpoints = await Array.fromAsync(Deno.readDir(join(out, "checkpoints"))).catch(() => []);
  const last = checkpoints.map(({ name }) => name).filter((name) => !name.includes("labels")).sort().at(-1);
  if (attempt % 3 === 2 && last) {
    await Deno.truncate(join(out, "checkpoints", last), 50000);
    damaged++;
  }
  (globalThis as unknown as { gc: () => void }).gc();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const { rss, heapUsed } = Deno.memoryUsage();
  memory.push(rss / 2 ** 20);
  held.push(heapUsed / 2 ** 20);
  console.log(
    `${steps} steps, ${losses} devices lost, ${stops} stops, ${damaged} damaged: ${memory.at(-1)!.toFixed(0)} MiB`,
  );
}
assertEquals(plain(outcome), expected);
assert(steps >= wanted && losses > 5 && stops > 2 && damaged > 2, "it was no soak");
const third = Math.floor(memory.length / 3), mean = (m: number[]) => m.reduce((a, b) => a + b) / m.length;
// the reserves of V8 and of the system vary; the memory in use must not
for (const [what, values, most] of [["the process", memory, 1.2], ["JavaScript's objects", held, 1.05]] as const) {
  const [early, late] = [mean(values.slice(third, 2 * third)), mean(values.slice(2 * third))];
  console.log(`memory of ${what}: ${early.toFixed(1)} MiB in the second third, ${late.toFixed(1)} in the last`);
  assert(late < most * early, "memory grows");
}
console.log("the same results");
await Deno.remove(dir, { recursive: true });
