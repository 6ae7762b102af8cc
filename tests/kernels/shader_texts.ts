/**
 * Every text of a WGSL kernel that the WebGPU device can hand to a compiler, in f32: every kernel of the table, with every buffer that may
 * be left out or coincide; every variant of the products, whether tiles fit or not, in one part or several, by both algorithms; training
 * steps, in which more buffers share memory; the ladder, the probe, the tuner's noise and the bench's peak.
 *
 * The texts are collected from a stand-in for a GPU that compiles nothing and computes nothing, so no adapter is needed.
 */
import { WebGpuPeak } from "../../lab/peak_webgpu.ts";
import { SIGNATURES } from "../../kernels/methods.ts";
import type { Signature } from "../../kernels/signature.ts";
import { sharingLanes, type Subgroups } from "../../kernels/webgpu/features.ts";
import { LADDER, launchStep } from "../../kernels/webgpu/ladder.ts";
import { type Planner, WebGpuDevice } from "../../kernels/webgpu/mod.ts";
import { expand } from "../../kernels/webgpu/template.ts";
import { METRICS } from "../../kernels/table.ts";
import { unfit, type Variant, VARIANTS } from "../../kernels/webgpu/variants.ts";
import noiseSource from "../../kernels/wgsl/noise.wgsl" with { type: "text" };
import probeSource from "../../kernels/wgsl/probe_subgroups.wgsl" with { type: "text" };
import { Adam, Tape, VggE } from "../../nn/mod.ts";

/** A text for a compiler. */
export interface ShaderText {
  /** The kernel, its variant, and the constants that were inserted: "relu IN_PLACE=true X=y". */
  label: string;
  code: string;
}

/** Subgroups as adapters state them: of any size, Intel's, NVIDIA's and Apple's, AMD's. naga requires no directive. */
const SUBGROUPS: readonly Subgroups[] = [[4, 4], [8, 8], [8, 32], [32, 32], [32, 64]]
  .map(([min, max]) => ({ min, max, enable: "" }));

/** Limits of a GPU that can run every variant. */
const LIMITS = {
  maxBufferSize: 2 ** 40,
  maxStorageBufferBindingSize: 2 ** 40,
  maxComputeInvocationsPerWorkgroup: 1024,
  maxComputeWorkgroupStorageSize: 2 ** 16,
};

/** A GPU that accepts everything, compiles nothing, and passes on each text. */
export function standIn(onText: (text: ShaderText) => void): GPUDevice {
  const anything: unknown = new Proxy(() => {}, {
    get: (_, name) => name === Symbol.toPrimitive || name === "then" ? undefined : anything,
    apply: () => anything,
  });
  const own: Record<string, unknown> = {
    limits: LIMITS,
    features: new Set(),
    lost: new Promise(() => {}),
    popErrorScope: () => Promise.resolve(null),
    createBuffer: () => ({ destroy: () => {} }), // each another one, so that buffers can be told apart
    createShaderModule: ({ label = "", code }: GPUShaderModuleDescriptor) => onText({ label, code }),
  };
  return new Proxy({} as GPUDevice, { get: (_, name) => own[name as string] ?? anything });
}

/** A device on a stand-in; each text is passed on. */
function deviceOn(onText: (text: ShaderText) => void, planner: Planner, subgroups?: Subgroups): WebGpuDevice {
  const adapter = { info: { vendor: "" } } as GPUAdapter;
  const features = { subgroups, f16: false, reasons: {} };
  return new WebGpuDevice({ gpu: standIn(onText), features }, { adapter, software: false, name: "a stand-in" }, {
    planner,
  });
}

/** All texts, each once. */
export async function shaderTexts(): Promise<ShaderText[]> {
  const found = new Map<string, ShaderText>();
  const add = (text: ShaderText) => void (found.has(text.code) || found.set(text.code, text));
  const [first] = VARIANTS, products = new Set(["matmul", "conv2d", "conv2dInputGradient", "conv2dWeightGradient"]);
  for (const subgroups of [undefined, ...SUBGROUPS]) {
    const device = deviceOn(add, () => ({ variant: first, splits: 1 }), subgroups);
    for (const signature of Object.values(SIGNATURES)) {
      if (!products.has(signature.kernel)) enqueueAll(device, signature, {});
    }
    const capacity = { lanes: 1024, workgroupBytes: 2 ** 16, subgroups };
    for (const variant of VARIANTS) {
      const known = subgroups !== undefined && variant.core !== "subgroup"; // then its texts do not depend on subgroups
      if (!known && unfit(variant, capacity) === undefined) productTexts(variant, add, subgroups);
    }
    if (subgroups) add(probe(subgroups));
  }
  const device = deviceOn(add, () => ({ variant: first, splits: 1 }));
  for (const step of LADDER) {
    const buffers = Object.fromEntries(step.buffers.map((name) => [name, device.allocate(2 ** 14, name)]));
    launchStep(device, step, buffers, { M: 128, N: 64, K: 80, HEIGHT: 4, WIDTH: 8, CIN: 16, COUT: 64 });
  }
  for (const batchNorm of [false, true]) trainingStep(device, batchNorm);
  add({ label: "noise", code: noiseSource });
  // a pipeline gives it its rounds; naga's command gives it none
  await WebGpuPeak.open(standIn(({ label, code }) => {
    add({ label, code: code.replace("override rounds: u32;", "override rounds: u32 = 1;") });
  }));
  return [...found.values()];
}

/** A training step of a narrow VGG-E: its parameters, and their gradients, are slices of one buffer. */
function trainingStep(device: WebGpuDevice, batchNorm: boolean): void {
  const batch = 4, classes = 6;
  const network = new VggE(device, { classes, width: 1 / 16, batchNorm, dropout: batchNorm ? 0.5 : 0 });
  const adam = new Adam(network.parameters), metrics = device.allocate(METRICS.length, "metrics");
  const tape = new Tape(device);
  const x = tape.input([batch, ...network.inputShape]), targets = tape.input([batch, classes]);
  tape.softmaxCrossEntropy(network.forward(tape, x), targets, { count: batch, step: 1, metrics });
  tape.backward();
  adam.step(1e-4);
  tape.release();
}

/** The probe with which a device of such subgroups is opened. */
function probe(subgroups: Subgroups): ShaderText {
  const SHARE = sharingLanes(subgroups);
  const code = expand(probeSource, { ENABLE_SUBGROUPS: subgroups.enable, LANES: 256, SHARE });
  return { label: `probe_subgroups SHARE=${SHARE}`, code };
}

/** Sizes of convolutions: all tiles fit; none fits, and channels are left over; one channel, in rows of any width. */
const CONVOLUTIONS = [
  { batch: 2, height: 8, width: 8, channelsIn: 128, channelsOut: 128 },
  { batch: 1, height: 5, width: 7, channelsIn: 6, channelsOut: 9 },
  { batch: 1, height: 5, width: 4, channelsIn: 6, channelsOut: 8 },
  { batch: 1, height: 5, width: 7, channelsIn: 8, channelsOut: 8 },
  { batch: 4, height: 8, width: 7, channelsIn: 32, channelsOut: 6 },
  { batch: 1, height: 8, width: 8, channelsIn: 1, channelsOut: 8 },
  { batch: 1, height: 5, width: 4, channelsIn: 1, channelsOut: 8 },
  { batch: 1, height: 5, width: 7, channelsIn: 1, channelsOut: 8 },
  { batch: 4, height: 8, width: 7, channelsIn: 1, channelsOut: 8 },
  { batch: 1, height: 8, width: 8, channelsIn: 8, channelsOut: 1 },
];
/** Sizes of matrix products: the depth of each tile divides k, or of none. */
const MATRICES = [{ m: 128, n: 128, k: 128 }, { m: 9, n: 7, k: 33 }];

/** The texts of a variant: in one part and in two, directly and by Winograd's algorithm. */
function productTexts(variant: Variant, add: (text: ShaderText) => void, subgroups?: Subgroups): void {
  for (const plan of [{ splits: 1 }, { splits: 2 }, { splits: 1, winograd: true }, { splits: 2, winograd: true }]) {
    const planner: Planner = ({ tiles }) => {
      const { splits, winograd } = plan;
      return { variant, splits, ...(winograd && tiles !== undefined && { winograd: true }) };
    };
    const device = deviceOn(add, planner, subgroups);
    const { matmul, conv2d, conv2dInputGradient, conv2dWeightGradient } = SIGNATURES;
    for (const sizes of CONVOLUTIONS) {
      for (const signature of [conv2d, conv2dInputGradient, conv2dWeightGradient]) enqueueAll(device, signature, sizes);
    }
    for (const sizes of plan.winograd ? [] : MATRICES) {
      for (const transposeA of [false, true]) {
        for (const transposeB of [false, true]) {
          enqueueAll(device, matmul, { ...sizes, transposeA, transposeB });
        }
      }
    }
  }
}

/** Enqueues a kernel with every choice of the buffers that may be left out, and of those that may be one. */
function enqueueAll(device: WebGpuDevice, signature: Signature, given: Record<string, unknown>): void {
  const { kernel, sizes, options, buffers } = signature;
  const args: Record<string, unknown> = {};
  for (const { name, upTo } of sizes) args[name] = typeof upTo === "number" ? Math.min(8, upTo) : 8;
  for (const { name, kind } of options) args[name] = kind === "key" ? [1, 2] : kind.startsWith("flag") ? false : 0.5;
  Object.assign(args, given);
  const choices = buffers.flatMap(({ name, optional, over }) => [
    ...(optional ? [{ [name]: undefined }] : []),
    ...over.map((other) => ({ [name]: other })),
  ]);
  for (let chosen = 0; chosen < 2 ** choices.length; chosen++) {
    const made: Record<string, unknown> = {}, of = Object.assign({}, ...choices.filter((_, i) => chosen >> i & 1));
    for (const { name, shape } of buffers) if (!(name in of)) made[name] = device.allocate(shape.of(args), name);
    for (const [name, other] of Object.entries(of)) if (other !== undefined) made[name] = made[other as string];
    const call = { ...args, ...made };
    if (buffers.some(({ name, optional }) => !optional && call[name] === undefined)) continue; // over one that is left out
    (device[kernel as "fill"] as (args: unknown) => void)(call);
    device.flush();
  }
}
