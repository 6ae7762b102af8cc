/**
 * The WebGPU device: buffers in a GPU's memory and the kernels of `wgsl/` that run on them, in Deno and in browsers.
 *
 * Kernels accumulate until `flush()` or `read()` submits them (`commands.ts`). Faults are stored, and the next call throws them
 * (`faults.ts`). Sources become pipelines on first use (`programs.ts`, `template.ts`). Convolution and matmul are one product
 * with four cores, two for hardware, two for software adapters (`products.ts`, `plan.ts`).
 */
import { checkBuffer } from "../check.ts";
import type { Device, DeviceBuffer, MemoryStatus, Precision } from "../device.ts";
import type { FoundAdapter } from "./adapter.ts";
import type { OpenedGpu } from "./request.ts";
import { GpuBuffer } from "./buffer.ts";
import { type CommandCounts, Commands } from "./commands.ts";
import { Faults } from "./faults.ts";
import type { AdapterFeatures } from "./features.ts";
import { WEBGPU_KERNELS } from "./kernels.ts";
import { type Launch, Launcher, type ShaderKernel } from "./launcher.ts";
import { Memory } from "./memory.ts";
import { type KernelMethods, kernelMethods } from "../methods.ts";
import { Choices, type KernelChoices } from "./choices.ts";
import { Clock } from "./clock.ts";
import { modelOf } from "./plan.ts";
import type { Planner } from "./product.ts";
import type { ProductLaunch } from "./product_launch.ts";
import { type Program, Programs } from "./programs.ts";
import { kernelDigest, tune, type TuneOptions, type TuneReport } from "./tuner.ts";
import { type Capacity, unfit, type Variant } from "./variants.ts";

/** Options of a {@link WebGpuDevice}. */
export interface WebGpuOptions {
  /** The adapter to use; default: the fastest that {@link findAdapter} finds. */
  adapter?: GPUAdapter;
  /** Whether a software adapter is acceptable; by default it is an error, since it is slower than the CPU device. */
  allowSoftware?: boolean;
  /** Known choices for products: a run's `kernels.json`, so that a resumed run computes as it began. */
  choices?: KernelChoices;
  /** Chooses the plan of each product, instead of `choices`, estimates and measurements. */
  planner?: Planner;
  /** Whether to use subgroups if they work; default: true. With the same plans, products give the same bits. */
  subgroups?: boolean;
  /** Precision of products' operands; default: f32. With f16, sums are still float32. */
  precision?: Precision;
  /** Largest binding in bytes; default: the adapter's limit. Longer tensors are processed in pieces if possible. */
  bindingBytes?: number;
}

/** A dispatch of a user-defined kernel. */
export interface OwnLaunch extends Omit<Launch, "buffers"> {
  /** By the names in the source; those that the source does not declare are ignored. */
  buffers: Readonly<Record<string, DeviceBuffer>>;
}

/** Objects that a device has created since its start: if the counts stand still, a step creates nothing. */
export interface ResourceCounts {
  /** Buffers, both of tensors and for reading results. */
  buffers: number;
  /** Compiled kernels. */
  pipelines: number;
  /** Bind groups. */
  bindGroups: number;
}

/** The text of a kernel that ran, for reading. */
export interface ProgramText {
  /** The kernel and its variant: "conv2d (tile 64x64x16)". */
  name: string;
  /** Its source as written: one file, or two. */
  source: string;
  /** Its text as compiled, with its sizes. */
  code: string;
}

function describe(
  { name, software }: FoundAdapter,
  { subgroups, reasons }: AdapterFeatures,
  precision: Precision,
): string {
  const lanes = subgroups && (subgroups.min === subgroups.max ? subgroups.min : `${subgroups.min} to ${subgroups.max}`);
  return `${name}${software ? " (software)" : ""}, ` +
    (lanes ? `subgroups of ${lanes} lanes` : `no subgroups (${reasons.subgroups})`) +
    (precision === "f16" ? ", products of 16-bit floats" : "");
}

/** The kernels as methods. The type is explicit, as required for a package. */
const GpuKernels: KernelMethods<Launcher> = kernelMethods(WEBGPU_KERNELS, {
  own: GpuBuffer,
  unwrap: (buffer: GpuBuffer) => buffer,
});

/** A device on a GPU: {@link createWebGpuDevice} opens one. */
export class WebGpuDevice extends GpuKernels implements Device {
  readonly kind = "webgpu";
  readonly description: string;
  /** The adapter's name. */
  readonly adapterName: string;
  /** Whether the adapter is software that runs shaders on a CPU. */
  readonly software: boolean;
  readonly precision: Precision;
  /** Its optional features, and the reasons for missing ones. */
  readonly features: AdapterFeatures;
  /** WebGPU's own device, e.g. for measurements. */
  readonly gpu: GPUDevice;
  #faults: Faults;
  #programs: Programs;
  #commands: Commands;
  #memory: Memory;
  #launcher: Launcher;
  #choices: Choices;
  #capacity: Capacity;
  #clock?: Clock;

  /** Use {@link createWebGpuDevice}. */
  constructor({ gpu, features }: OpenedGpu, found: FoundAdapter, options: WebGpuOptions) {
    super(() => this.#launcher);
    this.gpu = gpu;
    this.software = found.software;
    this.adapterName = found.name;
    this.features = features;
    this.precision = options.precision ?? "f32";
    this.description = describe(found, features, this.precision);
    this.#faults = new Faults(gpu);
    this.#programs = new Programs(gpu, this.#faults);
    this.#commands = new Commands(gpu, this.#programs, this.#faults);
    this.#memory = new Memory(gpu, found.name, this.#faults);
    const { subgroups } = features;
    this.#capacity = {
      lanes: gpu.limits.maxComputeInvocationsPerWorkgroup,
      workgroupBytes: gpu.limits.maxComputeWorkgroupStorageSize,
      subgroups,
    };
    this.#choices = new Choices(
      modelOf({ software: found.software, vendor: found.adapter.info.vendor }),
      (variant) => this.lacks(variant),
    );
    if (options.choices) this.#choices.import(options.choices);
    this.#launcher = new Launcher({
      programs: this.#programs,
      commands: this.#commands,
      faults: this.#faults,
      pool: this.#memory.pool,
      planner: options.planner ?? ((product) => this.#choices.plan(product)),
      nothing: this.#memory.nothing,
      subgroups,
      precision: this.precision,
      bindingBytes: Math.min(options.bindingBytes ?? Infinity, gpu.limits.maxStorageBufferBindingSize),
    });
  }

  get memory(): MemoryStatus {
    return this.#memory.status;
  }

  /** Objects created since the start. */
  get created(): ResourceCounts {
    return {
      buffers: this.#memory.created,
      pipelines: this.#programs.count,
      bindGroups: this.#commands.bindGroups,
    };
  }

  /** The requirement of a variant that this device does not meet; undefined if it can run the variant. */
  lacks(variant: Variant): string | undefined {
    return unfit(variant, this.#capacity);
  }

  /** Commands sent to the GPU since the start. */
  get asked(): CommandCounts {
    return { ...this.#commands.asked };
  }

  /** The choices for products so far, for a run's `kernels.json`. See {@link WebGpuOptions.choices}. */
  get kernelChoices(): KernelChoices {
    return this.#choices.export({ guesses: true });
  }

  /**
   * Measures the fastest plan of each product in `work`, and uses it from now on.
   *
   * @param work enqueues operations without waiting, such as a training step. They are not executed: the device records the products and skips
   *   everything else, so the buffers' contents are undefined afterwards
   * @throws the signal's reason if aborted; the measurements so far stay
   */
  async tune(work: () => void, options: TuneOptions = {}): Promise<TuneReport> {
    const key = `${this.adapterName}; ${navigator.userAgent}; kernels ${kernelDigest}`;
    const clock = await this.#readyClock();
    const tools = {
      launcher: this.#launcher,
      commands: this.#commands,
      faults: this.#faults,
      choices: this.#choices,
      clock,
    };
    try {
      return await tune(tools, key, () => this.#rehearse(work), options);
    } finally {
      // measuring took memory for plans that were not chosen
      this.#memory.drop();
      this.#commands.forgetBindings();
    }
  }

  /** Estimates the plans of the products in `work`, so that {@link kernelChoices} contains them. See {@link tune}. */
  rehearse(work: () => void): void {
    this.#rehearse(work);
  }

  #rehearse(work: () => void): ProductLaunch[] {
    this.#commands.submit();
    const launches: ProductLaunch[] = this.#launcher.rehearsal = [];
    try {
      work();
    } finally {
      this.#launcher.rehearsal = undefined;
    }
    return launches;
  }

  /** The programs that `work` enqueues, each once and in order, for reading. */
  programsOf(work: () => void): ProgramText[] {
    const noted = this.#launcher.noted = new Set<Program>();
    try {
      work();
    } finally {
      this.#launcher.noted = undefined;
    }
    return [...noted].map(({ name, source, code }) => ({ name, source, code }));
  }

  /**
   * Enqueues a user-defined kernel: its source declares its buffers, and its parameters in a `struct Params`
   * (`programs.ts`).
   */
  launch(kernel: ShaderKernel, { buffers, ...launch }: OwnLaunch): void {
    const own = Object.entries(buffers).map(([name, buffer]) => {
      checkBuffer(`${kernel.name}: ${name}`, buffer, 1, GpuBuffer);
      return [name, buffer] as const;
    });
    this.#launcher.run(kernel, { ...launch, buffers: Object.fromEntries(own) });
  }

  /**
   * Seconds of GPU time for the work that `work` enqueues; without timestamps, they include the wait. Never 0: anything shorter than a
   * step of the GPU's clock (65,536 ns in Chrome) counts as one step.
   */
  async time(work: () => void): Promise<number> {
    const seconds = await this.#commands.time(await this.#readyClock(), work);
    await this.#faults.settle();
    return seconds;
  }

  async #readyClock(): Promise<Clock> {
    this.#clock ??= new Clock(this.gpu);
    await this.#clock.calibrate();
    return this.#clock;
  }

  allocate(length: number, purpose: string): DeviceBuffer {
    this.#faults.throwIfAny();
    return this.#memory.pool.allocate(length, purpose);
  }

  release(buffer: DeviceBuffer): void {
    checkBuffer("release()", buffer, 1, GpuBuffer);
    this.#memory.pool.release(buffer);
  }

  write(buffer: DeviceBuffer, data: Float32Array | Int32Array | Uint32Array): void {
    this.#faults.throwIfAny();
    checkBuffer("write()", buffer, data.length, GpuBuffer);
    this.#commands.write(buffer, data);
  }

  flush(): void {
    this.#faults.throwIfAny();
    this.#commands.submit();
  }

  async read(buffer: DeviceBuffer): Promise<Float32Array> {
    this.#faults.throwIfAny();
    checkBuffer("read()", buffer, 1, GpuBuffer);
    return await this.#memory.read(buffer, this.#commands);
  }

  close(): void {
    this.#faults.close();
    this.#clock?.close();
    this.#commands.close();
    this.#memory.close();
    this.gpu.destroy();
  }
}
