/**
 * `deno task bench`: measures speed, and compares it with this machine's peak.
 *
 * It measures each kernel for every layer of VGG-E, then the training step, the front end and the forest. With
 * `--peers` it also runs other libraries in turn, with `--pytorch`, `--tensorflow` and `--onnxruntime` these
 * frameworks.
 */
import { Option } from "commander";
import { FileError } from "../base/file_error.ts";
import { CLASSES, type Part, PARTS, runBench } from "../bench/bench.ts";
import type { RivalName } from "../bench/beside.ts";
import { describeComparison } from "../bench/compare.ts";
import type { Precision } from "../kernels/device.ts";
import { DEVICE_CHOICES, type DeviceChoice } from "../kernels/open_device.ts";
import { findAdapter } from "../kernels/webgpu/adapter.ts";
import { parseShape, SHAPES } from "../lab/cases.ts";
import { describeCounted } from "../lab/counted.ts";
import { climbCpuLadder, describeCpuLadder, ladderSimd } from "../lab/cpu_ladder.ts";
import { climbLadder, describeLadder } from "../lab/ladder.ts";
import { assembleLadder } from "../lab/ladder_modules.ts";
import { describeVariants, raceVariants } from "../lab/variants.ts";
import { type BenchResults, parseResults } from "../lab/results.ts";
import { drawRoofline } from "../lab/roofline.ts";
import { describeRun, describeStep, kernelTable, peerTable, sampledNote, taskTable } from "../lab/show.ts";
import { chooseKernels, type Tune, type TuneFlag } from "../lab/tuning.ts";
import { type PresetName, PRESETS } from "../refinery/presets.ts";
import { createCommand, printJson, realNumber, runCommand, say, UsageError, wholeNumber } from "./common.ts";
import { progressBar } from "./progress_bar.ts";
import { precisionOption, tuneOption } from "./tuning.ts";

interface Flags {
  device: DeviceChoice;
  preset?: PresetName;
  threads?: number;
  width: number;
  batch: number;
  only?: Part[];
  filter?: string;
  shape: string[];
  emodb?: string;
  peers?: true | "cpu" | "webgpu";
  pytorch?: true | "compiled";
  tensorflow?: boolean;
  onnxruntime?: boolean;
  precision: Precision;
  tune: TuneFlag;
  cold?: boolean;
  quick?: boolean;
  json?: string;
  svg?: string;
  count?: boolean;
  ladder?: boolean;
  variants?: boolean;
  compare?: string;
}

const command = createCommand(
  "bench",
  "Measures the kernels, the training step, the front end and the forest on this machine.",
  [
    ["everything, on the device that training would use", "deno task bench"],
    ["convolutions of the narrow network", "deno task bench --width 1/8 --only kernels --filter conv"],
    ["one shape", "deno task bench --shape conv:128x64x32x64:64 --shape matmul:1024x1024x1024"],
    ["write the result, and a roofline plot", "deno task bench --json mine.json --svg roofline.svg"],
    ["compare before and after a change", "deno task bench --compare before.json after.json"],
    ["beside tfjs, jax-js and ml-random-forest", "deno task bench --peers"],
    ["beside PyTorch and TensorFlow", "deno task bench --pytorch --tensorflow --width 1/8"],
    ["how a matrix product gets fast, one change at a time", "deno task bench --ladder"],
    ["every way in which a GPU could compute a product", "deno task bench --variants --shape conv:128x16x8x256:256"],
  ],
)
  .addOption(new Option("--device <name>", "device that runs the kernels").choices(DEVICE_CHOICES).default("auto"))
  .option(
    "--threads <n>",
    "threads of the cpu device, the front end and the forest (default: one a processor)",
    wholeNumber({ min: 1, max: 64 }),
  )
  .option("--width <x>", "factor on the layers of VGG-E", realNumber({ above: 0, max: 4 }), 1)
  .option("--batch <n>", "segments of a step", wholeNumber({ min: 1 }), 128)
  .addOption(
    new Option(
      "--preset <name>",
      "measure a preset's training step (its batch norm, views and averages); --width and --batch still apply",
    )
      .choices(Object.keys(PRESETS)),
  )
  .option("--only <part>", `${PARTS.join(", ")}; repeat for several (default: all)`, part, undefined)
  .option("--filter <text>", "only kernels whose name, layer or shape contains this text")
  .option(
    "--shape <kind:sizes>",
    `measure kernels on this shape instead of VGG-E's: ${SHAPES}; repeat for several`,
    collect,
    [],
  )
  .option("--emodb <dir>", "measure the front end on the Emo-DB in this folder instead of on noise")
  .addOption(
    new Option(
      "--peers [device]",
      "run other JavaScript libraries on the same work, in turn; name a device to compare only that one",
    )
      .choices(["cpu", "webgpu"]),
  )
  .addOption(
    new Option(
      "--pytorch [mode]",
      "run PyTorch on the same networks, in turn: on CUDA beside the webgpu device; compiled: also through torch.compile",
    )
      .choices(["compiled"]),
  )
  .option("--tensorflow", "run TensorFlow on the same networks, in turn")
  .option("--onnxruntime", "run onnxruntime-node and onnxruntime-web on the same networks, forward only, in turn")
  .addOption(precisionOption())
  .addOption(tuneOption())
  .option("--cold", "time each kernel with cold caches too")
  .option("--quick", "smoke test: few samples, so the figures mean little")
  .option("--json <file>", "write the result as JSON (- for stdout); docs/benchmarking.md describes its fields")
  .option("--svg <file>", "write a roofline plot of the kernels")
  .option(
    "--ladder",
    "time a matrix product from naive to what training uses, on one core and on the GPU: what each change gains",
  )
  .option(
    "--variants",
    "time every way in which a GPU could compute the products of --shape: each variant, with several numbers of parts",
  )
  .option(
    "--count",
    "count the bytes and operations of each kernel, and place them on a large GPU's roofline; measures nothing",
  )
  .option("--compare <a.json>", "compare two results, this one and the file that follows; measures nothing")
  .argument("[b.json]", "the second file of --compare");

/** Options that frameworks run in turn do not use. */
const NOT_BESIDE = [
  "preset",
  "only",
  "filter",
  "shape",
  "emodb",
  "cold",
  "peers",
  "precision",
  "svg",
] as const;

/** Writes results to the file of `--json`. */
async function writeJson(file: string | undefined, results: object): Promise<void> {
  if (file === "-") printJson(results);
  else if (file !== undefined) {
    await Deno.writeTextFile(file, JSON.stringify(results, null, 2) + "\n");
    say(`wrote ${file}`);
  }
}

await runCommand(command, async (signal) => {
  const flags = command.opts<Flags>();
  if (flags.compare !== undefined) {
    if (command.args.length !== 1) throw new UsageError("--compare requires two files: --compare A.json B.json");
    const [a, b] = await Promise.all([flags.compare, command.args[0]].map(readResults));
    console.log(describeComparison(a, b));
    return;
  }
  if (command.args.length > 0) throw new UsageError(`Expected only options, found "${command.args[0]}"; see --help`);
  if (flags.count) {
    console.log(describeCounted({ ...flags, classes: CLASSES }));
    return;
  }
  const tune: Tune = async (device, work) => void await chooseKernels(device, flags.tune, work, { signal });
  if (flags.ladder) {
    if (flags.device !== "webgpu") {
      const modules = await assembleLadder({ simd: ladderSimd(), memory: "shared" });
      console.log(describeCpuLadder(await climbCpuLadder(modules, { samples: flags.quick ? 3 : 31, signal })));
    }
    if (flags.device === "webgpu" || flags.device === "auto" && await findAdapter()) {
      console.log(describeLadder(await climbLadder({ tune, signal })));
    }
    return;
  }
  if (flags.variants) {
    if (flags.shape.length === 0) {
      throw new UsageError("--variants requires --shape: a convolution or a matrix product");
    }
    if (flags.device === "cpu") throw new UsageError("--variants: expected --device webgpu or auto, found cpu");
    const bar = progressBar("measuring"), { precision } = flags;
    try {
      const found = await raceVariants(flags.shape.flatMap(wantedShape), { precision, onProgress: bar.update, signal });
      bar.stop();
      console.log(describeVariants(found));
    } catch (error) {
      throw error instanceof RangeError ? new UsageError(error.message) : error;
    } finally {
      bar.stop();
    }
    return;
  }
  const rivals: RivalName[] = [
    ...(flags.pytorch ? ["pytorch"] as const : []),
    ...(flags.pytorch === "compiled" ? ["pytorch-compiled"] as const : []),
    ...(flags.tensorflow ? ["tensorflow"] as const : []),
    ...(flags.onnxruntime ? ["onnxruntime-node", "onnxruntime-web"] as const : []),
  ];
  if (rivals.length > 0) {
    const isGiven = (name: keyof Flags) => command.getOptionValueSource(name) === "cli";
    const foreign = NOT_BESIDE.find(isGiven);
    if (foreign !== undefined) {
      throw new UsageError(`--${foreign} has no effect with --pytorch, --tensorflow and --onnxruntime: leave it out`);
    }
    const { benchBeside, ON_GPU } = await import("../bench/beside.ts"), { device, threads, quick = false } = flags;
    const cpuOnly = rivals.find((name) => !ON_GPU.includes(name))?.split("-")[0];
    if (device === "webgpu" && cpuOnly) throw new UsageError(`--${cpuOnly}: expected --device cpu, found webgpu`);
    const given = (name: "width" | "batch") => isGiven(name) ? [flags[name]] : undefined;
    const besides = { rivals, device, tune, threads, quick, widths: given("width"), batches: given("batch") };
    const found = await benchBeside(besides, flags.json === "-" ? say : console.log, signal);
    if (found !== undefined) await writeJson(flags.json, found);
    return;
  }
  const cases = flags.shape.length > 0 ? flags.shape.flatMap(wantedShape) : undefined;
  const bar = progressBar("measuring");
  let results: BenchResults;
  try {
    results = await runBench({
      ...flags,
      quick: flags.quick ?? false,
      cases,
      tune,
      tunePeers: flags.tune,
      onProgress: flags.peers ? undefined : bar.update,
      onPeer: say,
      signal,
    });
  } finally {
    bar.stop();
  }
  (flags.json === "-" ? say : console.log)(describe(results));
  await writeJson(flags.json, results);
  if (flags.svg !== undefined) {
    await Deno.writeTextFile(flags.svg, drawRoofline(results));
    say(`wrote ${flags.svg}`);
  }
});

function describe(results: BenchResults): string {
  const { kernels, step, tasks, peers } = results;
  return [
    describeRun(results),
    ...(kernels.length > 0 ? [kernelTable(kernels, results), sampledNote(kernels)] : []),
    ...(step ? [describeStep(step, results)] : []),
    ...(tasks.length > 0 ? [taskTable(tasks)] : []),
    ...(peers.length > 0 ? [peerTable(peers)] : []),
  ].filter((text) => text !== "").join("\n\n");
}

async function readResults(file: string): Promise<BenchResults> {
  const text = await Deno.readTextFile(file);
  try {
    return parseResults(JSON.parse(text), file);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new FileError({ file, expected: "JSON", found: error.message, cause: error });
  }
}

function wantedShape(text: string) {
  try {
    return parseShape(text);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function collect(text: string, before: string[]): string[] {
  return [...before, text];
}

function part(text: string, before: Part[] = []): Part[] {
  const found = PARTS.find((name) => name === text);
  if (!found) throw new UsageError(`--only: expected one of ${PARTS.join(", ")}, found "${text}"`);
  return [...before, found];
}
