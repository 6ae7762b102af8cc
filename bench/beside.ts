/**
 * EPR and other frameworks in turn, on the same cores or the same GPU: VGG-E in training (forward, loss, backward, Adam) and forward
 * alone, with and without batch norm, at several widths and batches. Each waits while another runs, for several rounds, so a
 * temporary slowdown of the machine affects all of them equally. Only the ratio counts.
 *
 * Beside EPR's webgpu device PyTorch runs on CUDA, in both of its layouts, with TF32 off and on: four rows for each of EPR's.
 */
import { type DeviceChoice, openDevice } from "../kernels/open_device.ts";
import { digits } from "../lab/show.ts";
import { Training } from "../lab/step.ts";
import { type Spread, spread, Stopwatch } from "../lab/timing.ts";
import { encodeVggE } from "../models/onnx/mod.ts";
import { uniformWeights } from "../nn/parameters.ts";
import { vggEParameters } from "../nn/vgg_e.ts";
import { formatTable } from "../report/table.ts";
import type { Tune } from "../lab/tuning.ts";
import { compareForests } from "./beside_forest.ts";
import { BESIDE_SCHEMA, type BesideResults, type BesideRow } from "./beside_results.ts";
import { describeMachine } from "./machine.ts";
import { type Job, Rival } from "./rival.ts";

/** Frameworks that can run beside EPR. */
export type RivalName = "pytorch" | "pytorch-compiled" | "tensorflow" | "onnxruntime-node" | "onnxruntime-web";

/** What to compare. */
export interface BesideOptions {
  /** The frameworks, in order. */
  rivals: readonly RivalName[];
  /** EPR's device; `auto` is the CPU for frameworks that run only there. */
  device: DeviceChoice;
  /** Lets EPR's device choose its kernels before timing. */
  tune: Tune;
  /** Number of threads of each framework; default: one per processor. */
  threads?: number;
  /** Width factors; default: 1, 1/4, 1/8 and 1/16. */
  widths?: readonly number[];
  /** Segments per step; default: 64 and 128. */
  batches?: readonly number[];
  /** Runs only one short round at width 1/8. */
  quick: boolean;
}

const CLASSES = 7, PYTHONS = ["python3", "/usr/bin/python3"];

/** Frameworks that only run a trained network. */
const FORWARD_ALONE: readonly RivalName[] = ["onnxruntime-node", "onnxruntime-web"];

/** Frameworks that can use the GPU on which EPR runs. */
export const ON_GPU: readonly RivalName[] = ["pytorch", "pytorch-compiled"];

/**
 * Runs the comparison and writes each row to stderr as soon as it is measured. If a framework is missing, prints what to
 * install.
 *
 * @param say prints text
 * @returns the rows, or undefined if no framework is there
 */
export async function benchBeside(
  options: BesideOptions,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<BesideResults | undefined> {
  const { quick, threads = navigator.hardwareConcurrency, tune } = options;
  const { widths = quick ? [1 / 8] : [1, 1 / 4, 1 / 8, 1 / 16], batches = quick ? [64] : [64, 128] } = options;
  const device = options.rivals.every((name) => ON_GPU.includes(name)) || options.device !== "auto"
    ? options.device
    : "cpu";
  const opened = await openDevice({ device, threads }), onGpu = opened.kind === "webgpu";
  const { processor, deno, load, description } = await describeMachine(opened);
  opened.close();
  const rivals = new Map<RivalName, Rival>();
  try {
    for (const name of options.rivals) {
      const rival = await startRival(name, threads, onGpu);
      if (typeof rival !== "string") rivals.set(name, rival);
      else say(`${name} is left out: ${rival}${onGpu ? `; to compare on the CPU: --device cpu` : ""}\n`);
    }
    if (rivals.size === 0) return undefined;
    const names = [...rivals.values()].map(({ name, gpu }) => gpu ? `${name} (${gpu})` : name).join(", ");
    const date = new Date().toISOString();
    say(
      `${processor}; EPR on ${description}, Deno ${deno}; beside ${names}; ${threads} threads; ` +
        `load ${load[0].toFixed(2)}; ${date}\nsegments/s, median (and quartiles)\n`,
    );
    const rows: BesideRow[] = [];
    for (const width of widths) {
      for (const batchNorm of [false, true]) {
        for (const batch of batches) {
          const work = { width, batchNorm, batch, threads, quick, device, tune };
          rows.push(...await compareNetworks(rivals, work, signal));
        }
      }
    }
    const head = ["width", "batch", "batch norm", "what", "EPR", "", "beside", "", "", "samples", "EPR / it"];
    say(formatTable(head, rows.map(describe)));
    const pytorch = rivals.get("pytorch");
    if (pytorch && !onGpu) say("\n" + await compareForests(pytorch, threads, quick ? 1 : 5));
    const gpu = [...rivals.values()].find(({ gpu }) => gpu)?.gpu;
    return { schema: BESIDE_SCHEMA, date, processor, device: description, gpu, threads, load: load[0], rows };
  } finally {
    await Promise.all([...rivals.values()].map((rival) => rival.close()));
  }
}

function startRival(name: RivalName, threads: number, onGpu: boolean): Promise<Rival | string> {
  const cuda = onGpu ? ["cuda"] : [];
  switch (name) {
    case "pytorch":
      return Rival.start("PyTorch", PYTHONS, ["run_pytorch.py", ...cuda]);
    case "pytorch-compiled":
      return Rival.start("torch.compile, PyTorch", PYTHONS, ["run_pytorch.py", "compile", ...cuda]);
    case "tensorflow":
      return Rival.start("TensorFlow", PYTHONS, ["run_tensorflow.py", String(threads)]);
    default:
      return Rival.start(name, ["node"], ["onnxruntime/run.mjs", name]);
  }
}

/** A framework with a layout and a precision: each has its own row. */
interface Contender {
  rival: Rival;
  beside: string;
  mode: Pick<Job, "tf32" | "layout">;
}

/** A framework's ways: one on a CPU, two layouts with TF32 off and, where the GPU has it, on. */
function contendersOf(rival: Rival): Contender[] {
  if (rival.gpu === undefined) return [{ rival, beside: rival.name, mode: {} }];
  return (rival.tf32 ? [false, true] : [false]).flatMap((tf32) =>
    (["nchw", "channels_last"] as const).map((layout) => ({
      ...{ rival, mode: { tf32, layout } },
      beside: `${rival.name}, TF32 ${tf32 ? "on" : "off"}, ${layout}`,
    }))
  );
}

/** The work of one comparison. */
interface Work {
  width: number;
  batchNorm: boolean;
  batch: number;
  threads: number;
  quick: boolean;
  device: DeviceChoice;
  tune: Tune;
}

/** Measures the rows of one network: training, then forward. */
async function compareNetworks(
  rivals: ReadonlyMap<RivalName, Rival>,
  { quick, device: choice, tune, ...work }: Work,
  signal: AbortSignal,
): Promise<BesideRow[]> {
  const { width, batchNorm, batch, threads } = work, rows: BesideRow[] = [];
  const rounds = quick ? 1 : 5, seconds = quick ? 0.1 : 1.5;
  const device = await openDevice({ device: choice, threads });
  const training = new Training(device, { width, batch, classes: CLASSES, batchNorm });
  const watch = await Stopwatch.start(device, { samples: 3, seconds: 0, sampleSeconds: 0 });
  const file = await Deno.makeTempFile({ prefix: "epr-bench-", suffix: ".onnx" });
  try {
    const options = { width, classes: CLASSES };
    await Deno.writeFile(file, encodeVggE(options, uniformWeights("glorot", vggEParameters(options), 1)));
    await tune(device, () => {
      training.step();
      training.forward();
    });
    for (const train of [true, false]) {
      // an ONNX runtime gets batch norms folded into the convolutions, as in EPR's own models: it only has rows without
      // batch norm
      const others = [...rivals].filter(([name]) => !FORWARD_ALONE.includes(name) || !train && !batchNorm)
        .flatMap(([, rival]) => contendersOf(rival));
      if (others.length === 0) continue;
      const run = () => train ? training.step() : training.forward();
      const sampleEpr = device.kind === "webgpu" ? await batchesOf(run, watch, signal) : singleCalls(run, watch);
      if (!quick) await sampleEpr(2); // until the engine has compiled its fast code
      const ours: number[] = [], theirs = others.map((): number[] => []);
      for (let round = 0; round < rounds; round++) {
        signal.throwIfAborted();
        ours.push(...await sampleEpr(seconds));
        for (const [i, { rival, mode }] of others.entries()) {
          theirs[i].push(...await rival.sample({ ...work, ...mode, train, file, seconds }));
        }
      }
      for (const [i, { beside, mode }] of others.entries()) {
        const [epr, their] = [spread(ours), spread(theirs[i])], what = train ? "training" : "forward";
        const ratio = their.median / epr.median;
        const row: BesideRow = { width, batch, batchNorm, what, epr, beside, ...mode, theirs: their, ratio };
        console.error(describe(row).join("  "));
        rows.push(row);
      }
    }
  } finally {
    training.release();
    device.close();
    await Deno.remove(file);
  }
  return rows;
}

/** The cells of a row. */
function describe({ width, batch, batchNorm, what, epr, beside, theirs, ratio }: BesideRow): string[] {
  const rate = (seconds: number) => digits(batch / seconds, 4);
  const rates = ({ median, lower, upper }: Spread) => [rate(median), `${rate(upper)} to ${rate(lower)}`];
  return [
    ...[width === 1 ? "1" : `1/${1 / width}`, String(batch), batchNorm ? "yes" : "no", what],
    ...[...rates(epr), beside, ...rates(theirs)],
    ...[`${epr.count}, ${theirs.count}`, ratio.toFixed(2)],
  ];
}

/** Takes samples for some seconds, at least two: each is the duration of a call in seconds. */
type TakeSamples = (seconds: number) => Promise<number[]>;

async function samplesFor(seconds: number, sample: () => Promise<number>): Promise<number[]> {
  const samples: number[] = [], end = performance.now() + 1000 * seconds;
  while (samples.length < 2 || performance.now() < end) samples.push(await sample());
  return samples;
}

/** On a CPU: single calls, each awaited, after one to warm up. */
function singleCalls(run: () => void, watch: Stopwatch): TakeSamples {
  const sample = async () => {
    const start = performance.now();
    run();
    await watch.settle();
    return (performance.now() - start) / 1000;
  };
  return async (seconds) => {
    await sample();
    return await samplesFor(seconds, sample);
  };
}

/** On a GPU: many calls and one wait, since a wait takes longer than a step of a narrow network. */
async function batchesOf(run: () => void, watch: Stopwatch, signal: AbortSignal): Promise<TakeSamples> {
  const sampler = await watch.sampler(run, signal);
  return async (seconds) => {
    await sampler.sample(); // warms up
    return await samplesFor(seconds, () => sampler.sample());
  };
}
