/**
 * Finds a GPU. It imports nothing, so that a program without a GPU loads no other file of the WebGPU device.
 *
 * @module
 */

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

/** The Vulkan loader complains on servers without XDG_RUNTIME_DIR; any folder satisfies it. */
function quietLoader(): void {
  if (typeof Deno === "undefined" || Deno.build.os !== "linux") return;
  try {
    if (!Deno.env.get("XDG_RUNTIME_DIR")) Deno.env.set("XDG_RUNTIME_DIR", "/tmp");
  } catch {
    // without permission to the environment, the complaint is only printed
  }
}
