/**
 * EPR beside other libraries in JavaScript: the same product, the same convolution, the same forest. Each row alternates
 * between the two, sample by sample, so a temporary slowdown affects both. Only the ratio counts.
 *
 * Peers on WebAssembly or plain JavaScript run beside the cpu device, those on WebGPU beside the webgpu device.
 */
import { ForestPool } from "../../forest/parallel.ts";
import type { Device } from "../../kernels/device.ts";
import { openDevice } from "../../kernels/open_device.ts";
import { findAdapter } from "../../kernels/webgpu/adapter.ts";
import { noise } from "../../lab/kernels.ts";
import type { PeerRow } from "../../lab/results.ts";
import { digits } from "../../lab/show.ts";
import { type Budget, Sampler, spread, Stopwatch, timeAlone, type TimedWork } from "../../lab/timing.ts";
import type { Tune } from "../../lab/tuning.ts";
import { digitsLike } from "../forest.ts";
import type { ConvolutionShape, Peer } from "./peer.ts";

/** Options of the comparison. */
export interface PeerOptions {
  /** Number of threads of the cpu device. */
  threads?: number;
  /** Only peers comparable with this device; default: all, and the forest. */
  beside?: Peer["beside"];
  /** Lets a device choose its kernels for the operations to time. */
  tune: Tune;
  /** Runs only one small round. */
  quick: boolean;
  /** Receives each row's result, and what runs next. */
  onProgress?: (what: string) => void;
  /** Aborts the run. */
  signal?: AbortSignal;
}

/** Runs all peers that can be loaded, on every supported task. */
export async function benchPeers(options: PeerOptions): Promise<PeerRow[]> {
  const { threads, beside, tune, quick, onProgress = () => {}, signal } = options;
  const budget: Budget = quick
    ? { samples: 3, seconds: 0, sampleSeconds: 0.002 }
    : { samples: 7, seconds: 4, sampleSeconds: 0.05 };
  const rows: PeerRow[] = [];
  const peers: Peer[] = [];
  await findAdapter(); // open the adapter before a peer does: this also silences the Vulkan loader
  for (
    const [name, open] of [
      ["tfjs", async () => (await import("./tfjs.ts")).openTfjs()],
      ["jax-js", async () => (await import("./jax.ts")).openJax()],
    ] as const
  ) {
    try {
      peers.push(...await open());
    } catch (error) {
      rows.push({ name: "load", shape: "", peer: name, cannot: words(error) });
    }
  }
  for (const kind of beside ? [beside] : ["cpu", "webgpu"] as const) {
    let device: Device;
    try {
      device = await openDevice({ device: kind, threads });
    } catch (error) {
      for (const { name, beside } of peers) {
        if (beside === kind) rows.push({ name: "all", shape: "", peer: name, cannot: words(error) });
      }
      continue;
    }
    try {
      const watch = await Stopwatch.start(device, budget);
      for (const peer of peers.filter(({ beside }) => beside === kind)) {
        rows.push(...await benchPeer(device, watch, peer, { tune, quick, onProgress, signal }, budget));
      }
    } finally {
      device.close();
    }
  }
  if (beside) return rows;
  onProgress("ml-random-forest");
  rows.push(await benchForestPeer(quick, threads));
  return rows;
}

async function benchPeer(
  device: Device,
  watch: Stopwatch,
  peer: Peer,
  { tune, quick, onProgress = () => {}, signal }: PeerOptions,
  budget: Budget,
): Promise<PeerRow[]> {
  const rows: PeerRow[] = [];
  const add = async (name: string, shape: string, ours: () => OwnWork, theirs: () => Promise<OwnWork>) => {
    signal?.throwIfAborted();
    const row = { name, shape, peer: peer.name };
    try {
      await peer.select();
      using other = await theirs();
      using own = ours();
      await tune(device, own.enqueue);
      rows.push({ ...row, ...await alternate(own, other, budget, signal) });
    } catch (error) {
      signal?.throwIfAborted();
      rows.push({ ...row, cannot: words(error) });
    }
    const { ratio, cannot } = rows[rows.length - 1]; // reported at once, since all of them take minutes
    onProgress(
      `${peer.name}: ${name} ${shape}: ${ratio === undefined ? cannot : `EPR is faster by ${digits(ratio)} x`}`,
    );
  };
  for (const n of quick ? [32] : peer.slow ? [512] : [512, 1024]) {
    await add("matmul", `${n} x ${n}`, () => ownMatmul(device, watch, n), () => peer.matmul(n));
  }
  for (const shape of convolutionShapes(peer, quick)) {
    const told = `${shape.batch}x${shape.height}x${shape.width}x${shape.channels} to ${shape.channels}`;
    for (const [name, gradients] of [["conv forward", false], ["conv forward, both gradients", true]] as const) {
      await add(
        name,
        told,
        () => ownConvolution(device, watch, shape, gradients),
        () => peer.convolution(shape, gradients),
      );
    }
  }
  return rows;
}

/** VGG-E's block 2 with half its channels, and its block 3. */
function convolutionShapes({ slow }: Peer, quick: boolean): ConvolutionShape[] {
  if (quick) return [{ batch: 1, height: 4, width: 4, channels: 4 }];
  if (slow) return [{ batch: 1, height: 32, width: 16, channels: 64 }];
  return [{ batch: 4, height: 32, width: 16, channels: 64 }, { batch: 4, height: 16, width: 8, channels: 256 }];
}

type OwnWork = TimedWork & Disposable;

/** Takes samples of both in turn, each minus its own idle wait. */
async function alternate(
  own: TimedWork,
  other: TimedWork,
  budget: Budget,
  signal?: AbortSignal,
): Promise<Pick<PeerRow, "epr" | "seconds" | "ratio">> {
  const samplers = [
    await Sampler.start(own, budget.sampleSeconds, signal),
    await Sampler.start(other, budget.sampleSeconds, signal),
  ];
  const samples: number[][] = [[], []];
  const end = performance.now() + 1000 * budget.seconds;
  while (samples[0].length < budget.samples && (samples[0].length < 3 || performance.now() < end)) {
    signal?.throwIfAborted();
    for (const i of [0, 1]) samples[i].push(await samplers[i].sample());
  }
  const [epr, seconds] = samples.map(spread);
  return { epr, seconds, ratio: seconds.median / epr.median };
}

/** EPR's kernels as work, on buffers of noise that are released afterwards. */
function ownWork(
  device: Device,
  watch: Stopwatch,
  lengths: Record<string, number>,
  enqueue: (buffers: Record<string, ReturnType<Device["allocate"]>>) => void,
): OwnWork {
  const buffers = Object.fromEntries(
    Object.entries(lengths).map(([name, length], i) => {
      const buffer = device.allocate(length, `beside a peer: ${name}`);
      device.write(buffer, noise(length, i + 1));
      return [name, buffer];
    }),
  );
  return {
    enqueue: () => enqueue(buffers),
    settle: () => watch.settle(),
    [Symbol.dispose]: () => Object.values(buffers).forEach((buffer) => device.release(buffer)),
  };
}

function ownMatmul(device: Device, watch: Stopwatch, n: number): OwnWork {
  const lengths = { a: n * n, b: n * n, c: n * n };
  return ownWork(device, watch, lengths, ({ a, b, c }) => device.matmul({ a, b, c, m: n, n, k: n }));
}

function ownConvolution(device: Device, watch: Stopwatch, shape: ConvolutionShape, gradients: boolean): OwnWork {
  const { batch, height, width, channels } = shape, pixels = batch * height * width;
  const [x, weights] = [pixels * channels, 9 * channels ** 2];
  const lengths = { x, y: x, dy: x, dx: x, weights, dWeights: weights, bias: channels, dBias: channels };
  const sizes = { batch, height, width, channelsIn: channels, channelsOut: channels };
  return ownWork(device, watch, lengths, ({ x, y, dy, dx, weights, dWeights, bias, dBias }) => {
    device.conv2d({ ...sizes, x, weights, bias, y, relu: false });
    if (!gradients) return;
    device.conv2dInputGradient({ ...sizes, dy, weights, dx });
    device.conv2dWeightGradient({ ...sizes, x, dy, dWeights, dBias });
  });
}

/** The other forest takes minutes for a hundred trees, so it grows few, and the time per tree is compared. */
async function benchForestPeer(quick: boolean, threads?: number): Promise<PeerRow> {
  const { x, y, features, classes } = digitsLike(quick ? 60 : undefined);
  const ours = quick ? 4 : 100, theirs = quick ? 2 : 3;
  const row = {
    name: "forest fit, a tree",
    shape: `${y.length} x ${features}; of ${ours} trees, and of ${theirs}`,
    peer: "ml-random-forest",
  };
  try {
    const { RandomForestClassifier } = await import("ml-random-forest");
    const table = Array.from(y, (_, i) => Array.from(x.subarray(i * features, (i + 1) * features)));
    const labels = Array.from(y), budget = { samples: 3, seconds: 0, sampleSeconds: 0 };
    const pool = new ForestPool({ threads }), fit = () => pool.fit(x, y, { features, classes, trees: ours });
    for (let i = 0; i < 3; i++) await fit(); // warm-up
    const all = await timeAlone(fit, budget);
    await pool.close();
    const options = { seed: 1, nEstimators: theirs, maxFeatures: Math.sqrt(features), replacement: true, noOOB: true };
    const start = performance.now();
    new RandomForestClassifier(options).train(table, labels);
    const one = spread([(performance.now() - start) / 1000 / theirs]);
    const epr = { ...all, median: all.median / ours, lower: all.lower / ours, upper: all.upper / ours };
    return { ...row, epr, seconds: one, ratio: one.median / epr.median };
  } catch (error) {
    return { ...row, cannot: words(error) };
  }
}

/** An error's message in one line. */
function words(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split("\n")[0].slice(0, 160);
}
