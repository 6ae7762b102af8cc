/** The texts of the kernels that a layer runs, to be read in the page. */
import { CpuDevice } from "../../kernels/cpu/device.ts";
import { takesWinograd } from "../../kernels/cpu/winograd.ts";
import type { Device } from "../../kernels/device.ts";
import { WebGpuDevice } from "../../kernels/webgpu/device.ts";
import conv2dWat from "../../kernels/wat/conv2d.wat" with { type: "text" };
import gemmWat from "../../kernels/wat/gemm.wat" with { type: "text" };
import matmulWat from "../../kernels/wat/matmul.wat" with { type: "text" };
import maxPoolWat from "../../kernels/wat/max_pool.wat" with { type: "text" };
import winogradWat from "../../kernels/wat/winograd.wat" with { type: "text" };
import conv2dWgsl from "../../kernels/wgsl/conv2d.wgsl" with { type: "text" };
import laneWgsl from "../../kernels/wgsl/gemm_lane.wgsl" with { type: "text" };
import tileWgsl from "../../kernels/wgsl/gemm_tile.wgsl" with { type: "text" };
import matmulWgsl from "../../kernels/wgsl/matmul.wgsl" with { type: "text" };
import maxPoolWgsl from "../../kernels/wgsl/max_pool.wgsl" with { type: "text" };

/** A file. */
export interface Source {
  name: string;
  text: string;
}

/** One operation of a layer. */
export interface LayerOperation {
  kernel: "conv2d" | "matmul" | "maxPool";
  /** Of a convolution. */
  batch: number;
  height: number;
  width: number;
  channelsIn: number;
  channelsOut: number;
}

/** The files of the kernel that a device runs for an operation, its own first. */
export function sourcesOf(device: Device, { kernel, ...shape }: LayerOperation): Source[] {
  if (device instanceof WebGpuDevice) {
    const core = device.software
      ? { name: "gemm_lane.wgsl", text: laneWgsl }
      : { name: "gemm_tile.wgsl", text: tileWgsl };
    if (kernel === "maxPool") return [{ name: "max_pool.wgsl", text: maxPoolWgsl }];
    const own = kernel === "conv2d"
      ? { name: "conv2d.wgsl", text: conv2dWgsl }
      : { name: "matmul.wgsl", text: matmulWgsl };
    return [own, core];
  }
  const gemm = { name: "gemm.wat", text: gemmWat };
  if (kernel === "maxPool") return [{ name: "max_pool.wat", text: maxPoolWat }];
  if (kernel === "matmul") return [{ name: "matmul.wat", text: matmulWat }, gemm];
  const winograd = device instanceof CpuDevice && takesWinograd(shape, device.winograd);
  return winograd
    ? [{ name: "winograd.wat", text: winogradWat }, gemm]
    : [{ name: "conv2d.wat", text: conv2dWat }, gemm];
}
