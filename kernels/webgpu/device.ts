/**
 * The WebGPU device: buffers in a GPU's memory and the kernels of `wgsl/` that run on them, in Deno and in browsers.
 *
 * Kernels gather until `flush()` or `read()` submits them (`commands.ts`); what goes wrong is kept and thrown by the next call
 * (`faults.ts`); texts become pipelines when they are first used (`programs.ts`, `template.ts`); convolution and matmul are one
 * product with three cores, for hardware, for software adapters and for subgroups (`products.ts`, `plan.ts`).
 */
import { checkBuffer } from "../check.ts";
import type { Device, DeviceBuffer, MemoryStatus, Precision } from "../device.ts";
import type { FoundAdapter, OpenedGpu } from "./adapter.ts";
import { GpuBuffer } from "./buffer.ts";
import { type CommandCounts, Commands } from "./commands.ts";
import { Faults } from "./faults.ts";
import type { Features } from "./features.ts";
import { WEBGPU_KERNELS } from "./kernels.ts";
import { type Kernel, type Launch, Launcher } from "./launcher.ts";
import { Memory } from "./memory.ts";
import { type KernelMethods, kernelMethods } from "../methods.ts";
import { Choices, type KernelChoices } from "./choices.ts";
import { Clock } from "./clock.ts";
import { modelOf, type Planner } from "./plan.ts";
import type { ProductLaunch } from "./product_launch.ts";
import { type Program, Programs } from "./programs.ts";
import { kernelDigest, tune, type TuneOptions, type TuneReport } from "./tuner.ts";
import { type Capacity, unfit, type Variant } from "./variants.ts";

/** How to make a {@link WebGpuDevice}. */
export interface WebGpuOptions {
  /** The adapter to use; by default the fastest that {@link findAdapter} finds. */
  adapter?: GPUAdapter;
  /** Whether a software adapter will do; by default it is an error, being slower than the CPU device. */
  allowSoftware?: boolean;
  /** What products are computed by, where it is known: a run's `kernels.json`, so that it goes on as it began. */
  choices?: KernelChoices;
  /** Chooses for each product, instead of `choices`, guesses and measurements. */
  planner?: Planner;
  /** Whether subgroups are used where they work; default: true. Where products go by the same plans, results are the same bits. */
  subgroups?: boolean;
  /** What products read their operands as; default: f32. With f16 their sums are float32 still. */
  precision?: Precision;
  /** Bytes of a binding, at most; by default what the adapter can. Longer tensors go in pieces where that is possible. */
  bindingBytes?: number;
}

/** A dispatch of a kernel of one's own. */
export interface OwnLaunch extends Omit<Launch, "buffers"> {
  /** By the names in the text; those that the text doesn't declare are left out. */
  buffers: Readonly<Record<string, DeviceBuffer>>;
}

/** What a device has made since its start: when these stand still, a step creates nothing. */
export interface ResourceCounts {
  /** Buffers, tensors' and those that results are read through. */
  buffers: number;
  /** Compiled kernels. */
  pipelines: number;
  /** Sets of buffers that a kernel was run on. */
  bindGroups: number;
}

/** A kernel that ran, to be read. */
export interface ProgramText {
  /** What it is, and by which variant: "conv2d (tile 64x64x16)". */
  name: string;
  /** Its text as it is written: one file, or two. */
  source: string;
  /** Its text as it was compiled, with its sizes in it. */
  code: string;
}

function describe(
  { name, software }: FoundAdapter,
  { subgroups, reasons }: Features,
  precision: Precision,
): string {
  const lanes = subgroups && (subgroups.min === subgroups.max ? subgroups.min : `${subgroups.min} to ${subgroups.max}`);
  return `${name}${software ? " (software)" : ""}, ` +
    (lanes ? `subgroups of ${lanes} lanes` : `no subgroups (${reasons.subgroups})`) +
    (precision === "f16" ? ", products of 16-bit floats" : "");
}

/** The kernels as methods. Its type is spelled out, as a package's have to be. */
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
  /** What it has of what WebGPU leaves optional, and why not the rest. */
  readonly features: Features;
  /** WebGPU's own device, e.g. to measure with. */
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

  /** What was made since the start. */
  get created(): ResourceCounts {
    return {
      buffers: this.#memory.created,
      pipelines: this.#programs.count,
      bindGroups: this.#commands.bindGroups,
    };
  }

  /** What a variant wants that this device has not; undefined where it can run it. */
  lacks(variant: Variant): string | undefined {
    return unfit(variant, this.#capacity);
  }

  /** What the GPU was asked to do since the start. */
  get asked(): CommandCounts {
    return { ...this.#commands.asked };
  }

  /** What products are computed by, as far as it was needed: for a run's `kernels.json`. See {@link WebGpuOptions.choices}. */
  get kernelChoices(): KernelChoices {
    return this.#choices.export({ guesses: true });
  }

  /**
   * Measures by which plan the products of `work` are computed fastest, and computes them so from now on.
   *
   * @param work enqueues, and waits for nothing: a training step, say. It is not run: the device notes its products and leaves out
   *   everything else, so that the buffers it took hold anything afterwards
   * @throws the signal's reason where it is aborted; what was measured until then stays
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

  /** Guesses by which plans the products of `work` will be computed, so that {@link kernelChoices} tells. See {@link tune}. */
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

  /** The programs that `work` enqueues, each once, in their order: for who wants to read what runs. */
  programsOf(work: () => void): ProgramText[] {
    const noted = this.#launcher.noted = new Set<Program>();
    try {
      work();
    } finally {
      this.#launcher.noted = undefined;
    }
    return [...noted].map(({ name, source, code }) => ({ name, source, code }));
  }

  /** Enqueues a kernel of one's own: its text names its buffers, and its parameters in a `struct Params` (`programs.ts`). */
  launch(kernel: Kernel, { buffers, ...launch }: OwnLaunch): void {
    const own = Object.entries(buffers).map(([name, buffer]) => {
      checkBuffer(`${kernel.name}: ${name}`, buffer, 1, GpuBuffer);
      return [name, buffer] as const;
    });
    this.#launcher.run(kernel, { ...launch, buffers: Object.fromEntries(own) });
  }

  /**
   * Seconds that the GPU takes for what `work` enqueues; without timestamps the wait for it is in them. Never 0: what is shorter than a step
   * of the GPU's clock (65,536 ns in Chrome) takes one.
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
