/**
 * Finds a GPU and requests all its capabilities.
 *
 * @module
 */
import { TIMESTAMPS } from "./clock.ts";
import { type FeatureRequest, type Features, featuresToAsk, probeFeatures } from "./features.ts";

/** An adapter and its properties. */
export interface FoundAdapter {
  /** The adapter; it provides only one device. */
  adapter: GPUAdapter;
  /** Whether it is software that runs shaders on a CPU: correct, but slow. */
  software: boolean;
  /** Its name for people. */
  name: string;
}

/** The fastest available adapter, hardware before software; undefined if there is no WebGPU or no adapter. */
export async function findAdapter(): Promise<FoundAdapter | undefined> {
  quietLoader();
  const gpu = globalThis.navigator?.gpu;
  if (!gpu) return undefined;
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" }) ?? await gpu.requestAdapter();
  return adapter ? describeAdapter(adapter) : undefined;
}

/** Describes an adapter. */
export function describeAdapter(adapter: GPUAdapter): FoundAdapter {
  const info = adapter.info as GPUAdapterInfo & { isFallbackAdapter?: boolean };
  const parts = info.description ? [info.description] : [info.vendor, info.architecture, info.device];
  const name = parts.filter(Boolean).join(" ") || "an adapter without a name";
  const fallback = info.isFallbackAdapter ??
    (adapter as GPUAdapter & { isFallbackAdapter?: boolean }).isFallbackAdapter;
  const software = Boolean(fallback) || /llvmpipe|lavapipe|swiftshader|software|basic render/i.test(name);
  return { adapter, software, name };
}

/** The limits that make the kernels faster; the defaults (128 MiB per binding, 256 lanes) are small. */
const LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
] as const;

/** A device, and its optional features. */
export interface OpenedGpu {
  gpu: GPUDevice;
  features: Features;
}

/**
 * Requests a device with the adapter's own limits, and with those requested features that work. Throws an Error with the
 * adapter's name if it refuses.
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
    // features that are not listed may be refused
    const gpu = asked.length > listed.length ? await request(asked).catch(() => request(listed)) : await request(asked);
    return { gpu, features: await probeFeatures(adapter, gpu, wanted) };
  } catch (error) {
    throw new Error(`${found.name} gives no device: ${error instanceof Error ? error.message : error}`);
  }
}

/** The Vulkan loader complains on servers without XDG_RUNTIME_DIR; any folder satisfies it. */
function quietLoader(): void {
  if (typeof Deno === "undefined" || Deno.build.os !== "linux") return;
  try {
    if (!Deno.env.get("XDG_RUNTIME_DIR")) Deno.env.set("XDG_RUNTIME_DIR", "/tmp");
  } catch {
    // without permission to the environment, the complaint is only printed
  }
}
