/**
 * EPR and other frameworks in turn, on the same cores: VGG-E in training (forward, loss, backward, Adam) and forward alone, with
 * and without batch norm, at several widths and batches. Each waits while another runs, for several rounds, so a temporary
 * slowdown of the machine affects all of them equally. Only the ratio counts.
 */
import { openDevice } from "../kernels/open_device.ts";
import { digits } from "../lab/show.ts";
import { Training } from "../lab/step.ts";
import { type Spread, spread, Stopwatch } from "../lab/timing.ts";
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

/** Times of one network in both frameworks, in seconds a step. */
export interface BesideRow {
  width: number;
  /** Segments of a step. */
  batch: number;
  batchNorm: boolean;
  what: "training" | "forward";
  epr: Spread;
  /** The other framework, with its version. */
  beside: string;
  theirs: Spread;
  /** Their median time by EPR's: above 1, EPR is faster. */
  ratio: number;
}

/** All rows, and what they were measured on. */
export interface BesideResults {
  date: string;
  processor: string;
  /** EPR's device. */
  device: string;
  threads: number;
  /** Load average of the machine's last minute, before the first row. */
  load: number;
  rows: BesideRow[];
}

const CLASSES = 7, PYTHONS = ["python3", "/usr/bin/python3"];

/** Frameworks that only run a trained network. */
const FORWARD_ALONE: readonly RivalName[] = ["onnxruntime-node", "onnxruntime-web"];

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
  const { quick, threads = navigator.hardwareConcurrency } = options;
  const { widths = quick ? [1 / 8] : [1, 1 / 4, 1 / 8, 1 / 16], batches = quick ? [64] : [64, 128] } = options;
  const rivals = new Map<RivalName, Rival>();
  try {
    for (const name of options.rivals) {
      const rival = await startRival(name, threads);
      if (typeof rival === "string") say(`${name} is left out: ${rival}\n`);
      else rivals.set(name, rival);
    }
    if (rivals.size === 0) return undefined;
    const device = await openDevice({ device: "cpu", threads }),
      { processor, deno, load } = await describeMachine(device);
    const names = [...rivals.values()].map(({ name }) => name).join(", ");
    const date = new Date().toISOString();
    say(
      `${processor}; EPR on ${device.description}, Deno ${deno}; beside ${names}; ${threads} threads; ` +
        `load ${load[0].toFixed(2)}; ${date}\nsegments/s, median (and quartiles)\n`,
    );
    device.close();
    const rows: BesideRow[] = [];
    for (const width of widths) {
      for (const batchNorm of [false, true]) {
        for (const batch of batches) {
          rows.push(...await compareNetworks(rivals, { width, batchNorm, batch, threads, quick }, signal));
        }
      }
    }
    const head = ["width", "batch", "batch norm", "what", "EPR", "", "beside", "", "", "samples", "EPR / it"];
    say(formatTable(head, rows.map(describe)));
    const pytorch = rivals.get("pytorch");
    if (pytorch) say("\n" + await compareForests(pytorch, threads, quick ? 1 : 5));
    return { date, processor, device: device.description, threads, load: load[0], rows };
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
): Promise<BesideRow[]> {
  const { width, batchNorm, batch, threads } = work, rows: BesideRow[] = [];
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
        const [epr, their] = [spread(ours), spread(theirs[i])], what = train ? "training" : "forward";
        const ratio = their.median / epr.median;
        const row: BesideRow = { width, batch, batchNorm, what, epr, beside: name, theirs: their, ratio };
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
