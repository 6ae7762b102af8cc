/** Requests a device of an adapter, with all its capabilities. */
import type { FoundAdapter } from "./adapter.ts";
import { TIMESTAMPS } from "./clock.ts";
import { type AdapterFeatures, type FeatureRequest, featuresToAsk, probeFeatures } from "./features.ts";

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
  features: AdapterFeatures;
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
