/**
 * EPR and other frameworks in turn, on the same cores: VGG-E in training (forward, loss, backward, Adam) and forward alone, with
 * and without batch norm, at several widths and batches. Each waits while another runs, for several rounds, so a temporary
 * slowdown of the machine affects all of them equally. Only the ratio counts.
 */
import { openDevice } from "../kernels/open_device.ts";
import { digits } from "../lab/show.ts";
import { Training } from "../lab/step.ts";
import { spread, Stopwatch } from "../lab/timing.ts";
import { encodeVggE } from "../models/onnx/mod.ts";
import { uniformWeights } from "../nn/parameters.ts";
import { vggEParameters } from "../nn/vgg_e.ts";
import { formatTable } from "../report/table.ts";
import { compareForests } from "./beside_forest.ts";
import { describeMachine } from "./machine.ts";
import { Rival } from "./rival.ts";

/** Frameworks that can run beside EPR. */
export type RivalName = "pytorch" | "pytorch-compiled" | "tensorflow" | "onnxruntime-node" | "onnxruntime-web";

/** What to compare. */
export interface BesideOptions {
  /** The frameworks, in order. */
  rivals: readonly RivalName[];
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

/**
 * Runs the comparison and prints each row as soon as it is measured. If a framework is missing, prints what to install.
 */
export async function benchBeside(options: BesideOptions, signal: AbortSignal): Promise<void> {
  const { quick, threads = navigator.hardwareConcurrency } = options;
  const { widths = quick ? [1 / 8] : [1, 1 / 4, 1 / 8, 1 / 16], batches = quick ? [64] : [64, 128] } = options;
  const rivals = new Map<RivalName, Rival>();
  try {
    for (const name of options.rivals) {
      const rival = await startRival(name, threads);
      if (typeof rival === "string") console.log(`${name} is left out: ${rival}\n`);
      else rivals.set(name, rival);
    }
    if (rivals.size === 0) return;
    const device = await openDevice({ device: "cpu", threads }),
      { processor, deno, load } = await describeMachine(device);
    const names = [...rivals.values()].map(({ name }) => name).join(", ");
    console.log(
      `${processor}; EPR on ${device.description}, Deno ${deno}; beside ${names}; ${threads} threads; ` +
        `load ${load[0].toFixed(2)}; ${new Date().toISOString()}\nsegments/s, median (and quartiles)\n`,
    );
    device.close();
    const rows: string[][] = [];
    for (const width of widths) {
      for (const batchNorm of [false, true]) {
        for (const batch of batches) {
          rows.push(...await compareNetworks(rivals, { width, batchNorm, batch, threads, quick }, signal));
        }
      }
    }
    const head = ["width", "batch", "batch norm", "what", "EPR", "", "beside", "", "", "samples", "EPR / it"];
    console.log(formatTable(head, rows));
    const pytorch = rivals.get("pytorch");
    if (pytorch) console.log("\n" + await compareForests(pytorch, threads, quick ? 1 : 5));
  } finally {
    await Promise.all([...rivals.values()].map((rival) => rival.close()));
  }
}

function startRival(name: RivalName, threads: number): Promise<Rival | string> {
  switch (name) {
    case "pytorch":
      return Rival.start("PyTorch", PYTHONS, ["run_pytorch.py"]);
    case "pytorch-compiled":
      return Rival.start("torch.compile, PyTorch", PYTHONS, ["run_pytorch.py", "compile"]);
    case "tensorflow":
      return Rival.start("TensorFlow", PYTHONS, ["run_tensorflow.py", String(threads)]);
    default:
      return Rival.start(name, ["node"], ["onnxruntime/run.mjs", name]);
  }
}

/** The work of one comparison. */
interface Work {
  width: number;
  batchNorm: boolean;
  batch: number;
  threads: number;
  quick: boolean;
}

/** Measures the rows of one network: training, then forward. */
async function compareNetworks(
  rivals: ReadonlyMap<RivalName, Rival>,
  { quick, ...work }: Work,
  signal: AbortSignal,
): Promise<string[][]> {
  const { width, batchNorm, batch, threads } = work, rows: string[][] = [];
  const rounds = quick ? 1 : 5, seconds = quick ? 0.1 : 1.5;
  const device = await openDevice({ device: "cpu", threads });
  const training = new Training(device, { width, batch, classes: CLASSES, batchNorm });
  const watch = await Stopwatch.start(device, { samples: 3, seconds: 0, sampleSeconds: 0 });
  const file = await Deno.makeTempFile({ prefix: "epr-bench-", suffix: ".onnx" });
  try {
    const options = { width, classes: CLASSES };
    await Deno.writeFile(file, encodeVggE(options, uniformWeights("glorot", vggEParameters(options), 1)));
    for (const train of [true, false]) {
      // an ONNX runtime gets batch norms folded into the convolutions, as in EPR's own models: it only has rows without
      // batch norm
      const others = [...rivals].filter(([name]) => !FORWARD_ALONE.includes(name) || !train && !batchNorm);
      if (others.length === 0) continue;
      if (!quick) await sampleEpr(training, watch, train, 2); // until the engine has compiled its fast code
      const ours: number[] = [], theirs = others.map((): number[] => []);
      for (let round = 0; round < rounds; round++) {
        signal.throwIfAborted();
        ours.push(...await sampleEpr(training, watch, train, seconds));
        for (const [i, [, rival]] of others.entries()) {
          theirs[i].push(...await rival.sample({ ...work, train, file, seconds }));
        }
      }
      for (const [i, [, { name }]] of others.entries()) {
        const row = describe(work, train, ours, name, theirs[i]);
        console.error(row.join("  "));
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

function describe(
  { width, batchNorm, batch }: Omit<Work, "quick">,
  train: boolean,
  ours: number[],
  name: string,
  theirs: number[],
) {
  const [a, b] = [spread(ours), spread(theirs)], rate = (seconds: number) => digits(batch / seconds, 4);
  return [
    ...[width === 1 ? "1" : `1/${1 / width}`, String(batch), batchNorm ? "yes" : "no", train ? "training" : "forward"],
    ...[rate(a.median), `${rate(a.upper)} to ${rate(a.lower)}`],
    ...[name, rate(b.median), `${rate(b.upper)} to ${rate(b.lower)}`],
    ...[`${a.count}, ${b.count}`, (b.median / a.median).toFixed(2)],
  ];
}

/** Durations in seconds of single steps, each awaited, after one warm-up step. */
async function sampleEpr(training: Training, watch: Stopwatch, train: boolean, seconds: number): Promise<number[]> {
  const run = async () => {
    const start = performance.now();
    if (train) training.step();
    else training.forward();
    await watch.settle();
    return (performance.now() - start) / 1000;
  };
  await run();
  const samples: number[] = [], end = performance.now() + 1000 * seconds;
  while (samples.length < 2 || performance.now() < end) samples.push(await run());
  return samples;
}
