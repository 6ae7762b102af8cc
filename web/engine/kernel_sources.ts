/** The sources of a layer's kernels, for reading in the page: as written, and as compiled. */
import { type Call, repeat } from "../../lab/recorded.ts";
import { CpuDevice } from "../../kernels/cpu/device.ts";
import { kernelText } from "../../kernels/cpu/kernel_text.ts";
import { takesWinograd } from "../../kernels/cpu/winograd.ts";
import type { Device } from "../../kernels/device.ts";
import type { ConvShape } from "../../kernels/table.ts";
import { WebGpuDevice } from "../../kernels/webgpu/mod.ts";
import conv2dWat from "../../kernels/wat/conv2d.wat" with { type: "text" };
import elementwiseWat from "../../kernels/wat/elementwise.wat" with { type: "text" };
import gemmWat from "../../kernels/wat/gemm.wat" with { type: "text" };
import matmulWat from "../../kernels/wat/matmul.wat" with { type: "text" };
import maxPoolWat from "../../kernels/wat/max_pool.wat" with { type: "text" };
import normaliseWat from "../../kernels/wat/normalise.wat" with { type: "text" };
import stripsWat from "../../kernels/wat/strips.wat" with { type: "text" };
import winogradWat from "../../kernels/wat/winograd.wat" with { type: "text" };
import winogradLinesWat from "../../kernels/wat/winograd_lines.wat" with { type: "text" };
import conv2dWgsl from "../../kernels/wgsl/conv2d.wgsl" with { type: "text" };
import laneWgsl from "../../kernels/wgsl/gemm_lane.wgsl" with { type: "text" };
import subgroupWgsl from "../../kernels/wgsl/gemm_subgroup.wgsl" with { type: "text" };
import tileWgsl from "../../kernels/wgsl/gemm_tile.wgsl" with { type: "text" };
import matmulWgsl from "../../kernels/wgsl/matmul.wgsl" with { type: "text" };
import maxPoolWgsl from "../../kernels/wgsl/max_pool.wgsl" with { type: "text" };
import normaliseWgsl from "../../kernels/wgsl/normalise.wgsl" with { type: "text" };
import padWgsl from "../../kernels/wgsl/pad_columns.wgsl" with { type: "text" };
import reduceWgsl from "../../kernels/wgsl/reduce_parts.wgsl" with { type: "text" };
import winogradInputWgsl from "../../kernels/wgsl/winograd_input.wgsl" with { type: "text" };
import winogradOutputWgsl from "../../kernels/wgsl/winograd_output.wgsl" with { type: "text" };
import winogradWeightsWgsl from "../../kernels/wgsl/winograd_weights.wgsl" with { type: "text" };
import { sharesMemory } from "../../kernels/cpu/browser_host.ts";
import type { Source } from "./protocol.ts";

const WAT = {
  "conv2d.wat": conv2dWat,
  "elementwise.wat": elementwiseWat,
  "gemm.wat": gemmWat,
  "matmul.wat": matmulWat,
  "max_pool.wat": maxPoolWat,
  "normalise.wat": normaliseWat,
  "strips.wat": stripsWat,
  "winograd.wat": winogradWat,
  "winograd_lines.wat": winogradLinesWat,
};

/** In display order: the kernel's main file, the core of its product, and its other files. */
const WGSL: Readonly<Record<string, string>> = {
  "conv2d.wgsl": conv2dWgsl,
  "winograd_input.wgsl": winogradInputWgsl,
  "winograd_weights.wgsl": winogradWeightsWgsl,
  "winograd_output.wgsl": winogradOutputWgsl,
  "matmul.wgsl": matmulWgsl,
  "gemm_lane.wgsl": laneWgsl,
  "gemm_subgroup.wgsl": subgroupWgsl,
  "gemm_tile.wgsl": tileWgsl,
  "max_pool.wgsl": maxPoolWgsl,
  "normalise.wgsl": normaliseWgsl,
  "pad_columns.wgsl": padWgsl,
  "reduce_parts.wgsl": reduceWgsl,
};

/** The files whose functions the processor's kernels call, each list starting with the main file. */
export const WAT_FILES: Readonly<Record<string, readonly (keyof typeof WAT)[]>> = {
  conv2d: ["conv2d.wat"],
  winograd: ["winograd.wat", "winograd_lines.wat", "gemm.wat", "strips.wat", "conv2d.wat", "elementwise.wat"],
  matmul: ["matmul.wat", "gemm.wat", "strips.wat", "winograd.wat"], // the last one finishes tiles: bias, ReLU
  maxPool: ["max_pool.wat"],
  normalise: ["normalise.wat"],
};

/** Whether a call is a convolution that this device computes with Winograd's algorithm. */
export function isWinograd(device: Device, call: Call): boolean {
  if (call.kernel !== "conv2d") return false;
  if (device instanceof CpuDevice) return takesWinograd(call.args as ConvShape, device.winograd, "convolution");
  return device instanceof WebGpuDevice &&
    device.programsOf(() => repeat(device, call)).some(({ source }) => source === winogradInputWgsl);
}

/** The sources that a device runs for some calls: the files as written, then each text as compiled. */
export function sourcesOf(device: Device, calls: readonly Call[]): Source[] {
  const written = new Map<string, string>(), compiled = new Map<string, string>();
  if (device instanceof WebGpuDevice) {
    const programs = device.programsOf(() => calls.forEach((call) => repeat(device, call)));
    for (const [file, text] of Object.entries(WGSL)) {
      const made = programs.filter(({ source }) => source.includes(text));
      if (made.length > 0) written.set(file, text);
      for (const { name, code } of made) compiled.set(name, code);
    }
  } else if (device instanceof CpuDevice) {
    const multiplyAdd = device.simd === "relaxed" ? "fused multiply-add" : "no fused multiply-add";
    for (const file of calls.flatMap((call) => WAT_FILES[isWinograd(device, call) ? "winograd" : call.kernel])) {
      written.set(file, WAT[file]);
      const memory = sharesMemory() ? "shared" : "plain";
      compiled.set(`${file} (${multiplyAdd})`, kernelText(WAT[file], { simd: device.simd, memory }));
    }
  }
  const listed = (texts: Map<string, string>, compiled: boolean) =>
    [...texts].map(([name, text]) => ({ name, text, compiled }));
  return [...listed(written, false), ...listed(compiled, true)];
}
