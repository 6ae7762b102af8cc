/**
 * WebGPU's optional features that make the kernels faster: subgroups and 16-bit floats. An adapter's feature list is not
 * trusted. The device is requested with the feature, a small kernel uses it as the real kernels do, and its results are
 * checked. If anything differs, the feature is not used, and the reason is recorded.
 *
 * Lists are wrong in both directions: Deno 2.9 gives subgroups to a device although its adapter does not list them, and some
 * drivers accept 16-bit floats and compute zeros. Compilers differ too: Tint requires `enable subgroups;`, naga does not know
 * it.
 *
 * @module
 */
import f16Source from "../wgsl/probe_f16.wgsl" with { type: "text" };
import subgroupsSource from "../wgsl/probe_subgroups.wgsl" with { type: "text" };
import { expand } from "./template.ts";

/** Lanes that exchange values without a barrier. */
export interface Subgroups {
  /** Least number of lanes in a subgroup. */
  min: number;
  /** Largest number of lanes in a subgroup. */
  max: number;
  /** The first line of a source that uses them: this compiler's directive, or nothing. */
  enable: string;
}

/** A device's optional features. */
export interface AdapterFeatures {
  /** Subgroups, if they work. */
  subgroups?: Subgroups;
  /** Whether 16-bit floats work; tested only if requested. */
  f16: boolean;
  /** The reasons for missing features. */
  reasons: { subgroups?: string; f16?: string };
}

/** The features to test. */
export interface FeatureRequest {
  subgroups: boolean;
  f16: boolean;
}

/** WebGPU's names. */
const SUBGROUPS = "subgroups" as GPUFeatureName, F16 = "shader-f16" as GPUFeatureName;
/** Vendors' numbers, which Deno reports instead of names. */
const VENDORS = { apple: 0x106b, intel: 0x8086 };
/** Lanes of the smallest subgroup on Intel's chips. */
const INTEL_LANES = 8;
/** Lanes of the largest workgroup that uses subgroups. */
const LANES = 256;
/** Most lanes of a subgroup that load for the others. */
const MOST_SHARING = 32;

/**
 * Features to request from an adapter. Subgroup sizes that it reports without listing the feature are also a reason to
 * request it.
 */
export function featuresToAsk(adapter: GPUAdapter, wanted: FeatureRequest): GPUFeatureName[] {
  const features: GPUFeatureName[] = [];
  const { subgroupMinSize = 0 } = adapter.info as GPUAdapterInfo & { subgroupMinSize?: number };
  if (wanted.subgroups && (adapter.features.has(SUBGROUPS) || subgroupMinSize > 0)) features.push(SUBGROUPS);
  if (wanted.f16 && adapter.features.has(F16)) features.push(F16);
  return features;
}

/** Whether the vendor that an adapter reports, as a name or a number, is the given one. */
export function isVendor(told: string, vendor: keyof typeof VENDORS): boolean {
  return told.toLowerCase().includes(vendor) || Number(told) === VENDORS[vendor];
}

/**
 * The subgroup sizes that an adapter reports. The smallest is at most the smallest on all chips of the vendor: Intel's drivers
 * compile each kernel for 8, 16 or 32 lanes as they see fit, even if they report 32.
 */
export function subgroupSizes(info: { vendor: string; subgroupMinSize?: number; subgroupMaxSize?: number }): {
  min: number;
  max: number;
} {
  const { vendor, subgroupMinSize = 0, subgroupMaxSize = 0 } = info;
  return {
    min: isVendor(vendor, "intel") ? Math.min(INTEL_LANES, subgroupMinSize) : subgroupMinSize,
    max: subgroupMaxSize,
  };
}

/** Number of lanes in each subgroup that may load for the others. */
export function sharingLanes({ min }: Subgroups): number {
  return 2 ** Math.floor(Math.log2(Math.min(min, MOST_SHARING)));
}

/** Tests a device's features. */
export async function probeFeatures(
  adapter: GPUAdapter,
  device: GPUDevice,
  wanted: FeatureRequest,
): Promise<AdapterFeatures> {
  const features: AdapterFeatures = { f16: false, reasons: {} };
  try {
    if (wanted.subgroups) features.subgroups = await probeSubgroups(adapter, device);
    else features.reasons.subgroups = "not asked for";
  } catch (error) {
    features.reasons.subgroups = (error as Error).message;
  }
  try {
    if (wanted.f16) await probeF16(device);
    else features.reasons.f16 = "not asked for";
    features.f16 = wanted.f16;
  } catch (error) {
    features.reasons.f16 = (error as Error).message;
  }
  return features;
}

/** Throws an Error with the reason if they must not be used. */
async function probeSubgroups(adapter: GPUAdapter, device: GPUDevice): Promise<Subgroups> {
  if (!device.features.has(SUBGROUPS)) throw new Error("the adapter has none");
  const { min, max } = subgroupSizes(adapter.info);
  if (!(min >= 2 && max >= min && max <= LANES)) throw new Error(`the adapter states sizes from ${min} to ${max}`);
  const x = Float32Array.from({ length: 4 * LANES }, (_, i) => Math.fround(Math.sin(i + 1)));
  let refused: Error | undefined;
  for (const enable of ["enable subgroups;", ""]) {
    const subgroups = { min, max, enable }, share = sharingLanes(subgroups);
    const code = expand(subgroupsSource, { ENABLE_SUBGROUPS: enable, LANES, SHARE: share });
    try {
      const [y] = await run(device, code, x, [4 * LANES * (share + 1)]);
      return checkSubgroups(subgroups, x, new Float32Array(y));
    } catch (error) {
      refused = error as Error;
      if (!(error instanceof CompileError)) break; // it compiles, but gives wrong results
    }
  }
  throw refused;
}

/** Throws an Error with the fault in the probe's results. */
function checkSubgroups(subgroups: Subgroups, x: Float32Array, y: Float32Array): Subgroups {
  const { min, max } = subgroups, share = sharingLanes(subgroups);
  const sums = Float32Array.from({ length: LANES }, (_, lane) => x[4 * lane]);
  for (let half = LANES / 2; half > 0; half >>= 1) for (let i = 0; i < half; i++) sums[i] += sums[i + half];
  for (let lane = 0; lane < LANES; lane++) {
    const [size, id, sum, highest] = y.subarray(4 * lane, 4 * lane + 4);
    if (!(size >= min && size <= max && Number.isInteger(Math.log2(size)))) {
      throw new Error(`one has ${size} lanes, but the adapter states sizes from ${min} to ${max}`);
    }
    if (!(id >= 0 && id < size)) throw new Error(`lane ${id} of ${size} is there`);
    if (!(highest >= lane && highest < LANES)) {
      throw new Error(`among the lanes from ${lane} on, it gives ${highest} as the last`);
    }
    if (sum !== sums[0]) throw new Error(`a sum by shuffling: expected ${sums[0]}, found ${sum}`);
    for (let i = 0; i < share; i++) {
      for (let j = 0; j < 4; j++) {
        const found = y[4 * ((i + 1) * LANES + lane) + j], sent = x[4 * i + j];
        if (found !== sent) throw new Error(`lane ${i} sends ${sent}, and ${found} arrives`);
      }
    }
  }
  return subgroups;
}

/** Throws an Error with the reason if they must not be used. */
async function probeF16(device: GPUDevice): Promise<void> {
  if (!device.features.has(F16)) throw new Error("the adapter has no shader-f16");
  // from 2^-12 to 2^7, with more digits than fit
  const x = Float32Array.from({ length: 256 }, (_, i) => (1 + i / 777) * 2 ** (i % 19 - 12) * (i % 2 ? 1 : -1));
  const [halves, y] = await run(device, f16Source, x, [128, 512]);
  const rounded = new Uint16Array(halves), results = new Float32Array(y);
  for (let i = 0; i < 256; i++) {
    const half = decodeHalf(rounded[i]);
    if (!(Math.abs(half - x[i]) <= 2 ** -11 * Math.abs(x[i]))) throw new Error(`${x[i]} is rounded to ${half}`);
    const [block, row, column] = [i >> 4, i >> 2 & 3, i & 3];
    const turned = decodeHalf(rounded[16 * block + 4 * column + row]);
    if (results[i] !== turned) throw new Error(`${turned} becomes ${results[i]} when it is transposed`);
    const product = decodeHalf(rounded[i & ~3]) * half;
    if (!(Math.abs(results[256 + i] - product) <= 2 ** -10 * Math.abs(product) + 2 ** -24)) {
      throw new Error(`${decodeHalf(rounded[i & ~3])} times ${half} is ${results[256 + i]}`);
    }
  }
}

/** The value of a 16-bit float. */
export function decodeHalf(bits: number): number {
  const exponent = bits >> 10 & 31, fraction = bits & 1023, sign = bits >> 15 ? -1 : 1;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

/** A source that this compiler rejects. */
class CompileError extends Error {}

/**
 * Runs one workgroup of a source on x, and returns its output.
 *
 * @param number of words of each output buffer
 * @throws CompileError if the source does not compile
 */
async function run(device: GPUDevice, code: string, x: Float32Array, words: readonly number[]): Promise<ArrayBuffer[]> {
  const buffers: GPUBuffer[] = [];
  const buffer = (size: number, usage: number) => {
    const made = device.createBuffer({ label: "probe", size, usage });
    buffers.push(made);
    return made;
  };
  for (const filter of ["internal", "validation"] as const) device.pushErrorScope(filter);
  try {
    const module = device.createShaderModule({ label: "probe", code });
    const pipeline = device.createComputePipeline({ layout: "auto", compute: { module, entryPoint: "main" } });
    const failed = (await Promise.all([device.popErrorScope(), device.popErrorScope()])).find((error) =>
      error !== null
    );
    if (failed) throw new CompileError(`a kernel that uses them does not compile: ${firstLine(failed.message)}`);
    const input = buffer(x.byteLength, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST);
    device.queue.writeBuffer(input, 0, x as Float32Array<ArrayBuffer>);
    const written = words.map((n) => buffer(4 * n, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC));
    const total = words.reduce((a, b) => a + b),
      staging = buffer(4 * total, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
    const encoder = device.createCommandEncoder(), pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(
      0,
      device.createBindGroup({
        layout: pipeline.getBindGroupLayout(0),
        entries: [input, ...written].map((buffer, binding) => ({ binding, resource: { buffer } })),
      }),
    );
    pass.dispatchWorkgroups(1);
    pass.end();
    let at = 0;
    for (const from of written) {
      encoder.copyBufferToBuffer(from, 0, staging, at, from.size);
      at += from.size;
    }
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const all = staging.getMappedRange().slice(0);
    at = 0;
    return words.map((n) => all.slice(at, at += 4 * n));
  } finally {
    for (const made of buffers) made.destroy();
  }
}

const firstLine = (text: string) => text.split("\n").map((line) => line.trim()).find((line) => line !== "") ?? "";
