/**
 * Commands to the GPU: dispatches accumulate in one encoder and one compute pass until they are submitted together. A
 * separate pass or submission for each dispatch would cost the processor 3 or 100 times as much.
 *
 * The parameters of all gathered dispatches are in one uniform buffer, one after the other. It is written just before the
 * submission and read at a dynamic offset. So a bind group depends on its buffers alone, and a repeated step creates
 * nothing.
 *
 * @module
 */
import type { GpuBuffer } from "./buffer.ts";
import type { Faults } from "./faults.ts";
import type { Clock } from "./clock.ts";
import { PARAMETER_BYTES, type Program, type Programs } from "./programs.ts";

/**
 * Distance between two dispatches' parameters: the largest alignment that an adapter may require of a dynamic offset.
 */
const STRIDE = 256;
/** Most dispatches per submission. */
export const CAPACITY = 1024;
/**
 * Most operations per submission: a tenth of a second on a laptop's GPU, since a watchdog kills work that takes
 * seconds.
 */
const FLOPS = 2e11;
/** Most workgroups along one dimension of a dispatch: the limit that WebGPU guarantees everywhere. */
const GROUPS = 65535;

/** Counts since the start. */
export interface CommandCounts {
  /** Kernel dispatches. */
  dispatches: number;
  /** Submissions, most of them with many dispatches. */
  submissions: number;
}

/** Gathers dispatches and submits them. */
export class Commands {
  #device: GPUDevice;
  #faults: Faults;
  #encoder?: GPUCommandEncoder;
  #pass?: GPUComputePassEncoder;
  #parameters: GPUBuffer;
  #parameterGroup: GPUBindGroup;
  #staged = new ArrayBuffer(STRIDE * CAPACITY);
  #words = new DataView(this.#staged);
  #gathered = 0;
  #flops = 0;
  #timing = false;
  #used = new Set<number>(); // buffers used by gathered dispatches, by id
  #groups = new Map<string, GPUBindGroup>();
  /** Counts. */
  readonly asked: CommandCounts = { dispatches: 0, submissions: 0 };

  /** @param programs the kernels to dispatch */
  constructor(device: GPUDevice, programs: Programs, faults: Faults) {
    this.#device = device;
    this.#faults = faults;
    this.#parameters = device.createBuffer({
      label: "parameters",
      size: STRIDE * CAPACITY,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    this.#parameterGroup = device.createBindGroup({
      label: "parameters",
      layout: programs.parameterLayout,
      entries: [{ binding: 0, resource: { buffer: this.#parameters, size: PARAMETER_BYTES } }],
    });
  }

  /** Number of bind groups created so far. */
  get bindGroups(): number {
    return this.#groups.size;
  }

  /**
   * Adds a dispatch.
   *
   * @param buffers in the order of the program's bindings
   * @param parameters every parameter of the program, by name
   * @param workgroups number of workgroups; more than 65,535 are folded into two dimensions, and the kernel checks whether it has work
   * @param flops number of operations, to keep submissions short
   */
  dispatch(
    program: Program,
    buffers: readonly GpuBuffer[],
    parameters: Readonly<Record<string, number>>,
    workgroups: number,
    flops: number,
  ): void {
    if (this.#timing && this.#gathered === CAPACITY) {
      throw new RangeError(`Timing: expected at most ${CAPACITY} dispatches, found more`);
    }
    const enough = this.#gathered === CAPACITY || this.#gathered > 0 && this.#flops + flops > FLOPS;
    if (enough && !this.#timing) this.submit();
    this.#encoder ??= this.#device.createCommandEncoder();
    const pass = this.#pass ??= this.#encoder.beginComputePass();
    const offset = STRIDE * this.#gathered++;
    this.#flops += flops;
    this.asked.dispatches++;
    for (const buffer of buffers) this.#used.add(buffer.id);

    program.parameters.forEach(({ name, type }, place) => {
      const value = parameters[name];
      if (value === undefined) throw new TypeError(`${program.name}: expected the parameter ${name}, found none`);
      if (type === "f32") this.#words.setFloat32(offset + 4 * place, value, true);
      else this.#words.setUint32(offset + 4 * place, value, true);
    });
    pass.setPipeline(program.pipeline);
    pass.setBindGroup(0, this.#bindGroup(program, buffers));
    pass.setBindGroup(1, this.#parameterGroup, [offset]);
    const down = Math.ceil(workgroups / GROUPS);
    pass.dispatchWorkgroups(Math.ceil(workgroups / down), down);
  }

  #bindGroup(program: Program, buffers: readonly GpuBuffer[]): GPUBindGroup {
    let key = program.layoutKey;
    for (const buffer of buffers) key += ` ${buffer.key}`;
    let group = this.#groups.get(key);
    if (!group) {
      group = this.#faults.guard(
        () =>
          this.#device.createBindGroup({
            label: program.name,
            layout: program.layout,
            entries: buffers.map((buffer, i) => ({
              binding: program.bindings[i].binding,
              resource: { buffer: buffer.gpu, offset: 4 * buffer.offset, size: buffer.bindingBytes },
            })),
          }),
        (_, message) => new Error(`${program.name} cannot bind its buffers: ${message}`),
      );
      this.#groups.set(key, group);
    }
    return group;
  }

  /**
   * Writes data to a buffer, after everything gathered so far. queue.writeBuffer() runs before anything not yet
   * submitted, so gathered dispatches that use the buffer are submitted first.
   */
  write(buffer: GpuBuffer, data: Float32Array | Int32Array | Uint32Array): void {
    if (this.#used.has(buffer.id)) this.submit();
    this.#device.queue.writeBuffer(buffer.gpu, 4 * buffer.offset, data.buffer, data.byteOffset, data.byteLength);
  }

  /**
   * Seconds of GPU time for the work that `work` enqueues, in one separate submission of any length: the timestamps belong to a
   * pass. If the clock has no timestamps, it is the duration of the wait, including the wait's own cost.
   *
   * @throws RangeError if `work` enqueues more dispatches than a submission holds
   */
  async time(clock: Clock, work: () => void): Promise<number> {
    this.submit();
    const start = performance.now();
    this.#encoder = this.#device.createCommandEncoder();
    this.#pass = this.#encoder.beginComputePass(clock.pass);
    this.#timing = true;
    try {
      work();
    } catch (error) {
      this.submit(); // while its clock exists
      throw error;
    } finally {
      this.#timing = false;
    }
    this.#pass?.end();
    this.#pass = undefined;
    clock.resolve(this.#encoder);
    this.submit();
    return await clock.read() ?? (performance.now() - start) / 1000;
  }

  /** Submits everything gathered, then, if requested, a copy of `from` to `to`. */
  submit(from?: GpuBuffer, to?: GPUBuffer): void {
    if (from && to) {
      this.#pass?.end();
      this.#pass = undefined;
      this.#encoder ??= this.#device.createCommandEncoder();
      this.#encoder.copyBufferToBuffer(from.gpu, 4 * from.offset, to, 0, 4 * from.length);
    }
    const encoder = this.#encoder;
    if (!encoder) return;
    this.#pass?.end();
    if (this.#gathered > 0) {
      this.#device.queue.writeBuffer(this.#parameters, 0, this.#staged, 0, STRIDE * this.#gathered);
    }
    this.#encoder = this.#pass = undefined;
    this.#gathered = this.#flops = 0;
    this.#used.clear();
    this.#device.queue.submit([encoder.finish()]);
    this.asked.submissions++;
  }

  /** Forgets all bind groups, since some buffers are about to be destroyed. */
  forgetBindings(): void {
    this.#groups.clear();
  }

  /** Discards everything gathered and releases the parameters' buffer. */
  close(): void {
    this.#encoder = this.#pass = undefined;
    this.#groups.clear();
    this.#parameters.destroy();
  }
}
