/**
 * Finding a GPU and asking it for all it can.
 *
 * @module
 */
import { TIMESTAMPS } from "./clock.ts";
import { type FeatureRequest, type Features, featuresToAsk, probeFeatures } from "./features.ts";

/** An adapter, and what it is. */
export interface FoundAdapter {
  /** The adapter; it gives one device. */
  adapter: GPUAdapter;
  /** Whether it is software that runs shaders on a CPU: correct, and slow. */
  software: boolean;
  /** For people. */
  name: string;
}

/** The fastest adapter there is, hardware before software, or undefined where WebGPU or every adapter is missing. */
export async function findAdapter(): Promise<FoundAdapter | undefined> {
  quietLoader();
  const gpu = globalThis.navigator?.gpu;
  if (!gpu) return undefined;
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" }) ?? await gpu.requestAdapter();
  return adapter ? describeAdapter(adapter) : undefined;
}

/** What an adapter is. */
export function describeAdapter(adapter: GPUAdapter): FoundAdapter {
  const info = adapter.info as GPUAdapterInfo & { isFallbackAdapter?: boolean };
  const parts = info.description ? [info.description] : [info.vendor, info.architecture, info.device];
  const name = parts.filter(Boolean).join(" ") || "an adapter without a name";
  const fallback = info.isFallbackAdapter ??
    (adapter as GPUAdapter & { isFallbackAdapter?: boolean }).isFallbackAdapter;
  const software = Boolean(fallback) || /llvmpipe|lavapipe|swiftshader|software|basic render/i.test(name);
  return { adapter, software, name };
}

/** The limits that the kernels gain by; the defaults (128 MiB a binding, 256 lanes) are small. */
const LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
] as const;

/** A device, and what it has of what WebGPU leaves optional. */
export interface OpenedGpu {
  gpu: GPUDevice;
  features: Features;
}

/**
 * A device with the adapter's own limits, and as much of what is wanted as works. Throws an Error that names the adapter where it
 * refuses.
 */
export async function requestDevice(found: FoundAdapter, wanted: FeatureRequest): Promise<OpenedGpu> {
  const { adapter } = found;
  const requiredLimits: Record<string, number> = {};
  for (const limit of LIMITS) requiredLimits[limit] = adapter.limits[limit];
  const always = adapter.features.has(TIMESTAMPS) ? [TIMESTAMPS as GPUFeatureName] : [];
  const asked = featuresToAsk(adapter, wanted);
  const listed = asked.filter((feature) => adapter.features.has(feature));
  const request = (features: GPUFeatureName[]) =>
    adapter.requestDevice({ requiredLimits, requiredFeatures: [...always, ...features] });
  try {
    // what is asked for without being listed may be refused
    const gpu = asked.length > listed.length ? await request(asked).catch(() => request(listed)) : await request(asked);
    return { gpu, features: await probeFeatures(adapter, gpu, wanted) };
  } catch (error) {
    throw new Error(`${found.name} gives no device: ${error instanceof Error ? error.message : error}`);
  }
}

/** The Vulkan loader complains on servers where XDG_RUNTIME_DIR is not set; any folder will do. */
function quietLoader(): void {
  if (typeof Deno === "undefined" || Deno.build.os !== "linux") return;
  try {
    if (!Deno.env.get("XDG_RUNTIME_DIR")) Deno.env.set("XDG_RUNTIME_DIR", "/tmp");
  } catch {
    // without permission to the environment there is only some noise
  }
}
