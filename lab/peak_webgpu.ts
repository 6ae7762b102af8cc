/** The GPU's measured peak: multiply-adds per second of `peak.wgsl`, in registers alone. */
import source from "./peak.wgsl" with { type: "text" };

const LANES = 64, SUMS = 8, UNROLLED = 16;

/** More workgroups than the largest GPUs can run at once. */
const WORKGROUPS = 8192;

/** A pipeline that runs only multiply-adds. */
export class WebGpuPeak {
  readonly #gpu: GPUDevice;
  readonly #group: GPUBindGroup;
  readonly #pipelines = new Map<number, GPUComputePipeline>();
  readonly #out: GPUBuffer;
  readonly #module: GPUShaderModule;
  readonly #layout: GPUPipelineLayout;
  #rounds = 1;
  #workgroups = 64;

  private constructor(gpu: GPUDevice) {
    this.#gpu = gpu;
    const each = (line: (sum: number) => string) => Array.from({ length: SUMS }, (_, i) => line(i)).join("\n");
    const code = source
      .replace(/\/\/ #sums$/m, each((i) => `var a${i} = vec4f(${i + 1}.0);`))
      .replace(/^ *\/\/ #body$/m, each((i) => `a${i} = fma(a${i}, f, t);`).concat("\n").repeat(UNROLLED));
    this.#module = gpu.createShaderModule({ label: "peak.wgsl", code });
    this.#out = gpu.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE });
    const layout = gpu.createBindGroupLayout({
      entries: [{ binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: "storage" } }],
    });
    this.#layout = gpu.createPipelineLayout({ bindGroupLayouts: [layout] });
    this.#group = gpu.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer: this.#out } }] });
  }

  /** Compiles the pipeline. On failure, throws an Error with WebGPU's message. */
  static async open(gpu: GPUDevice): Promise<WebGpuPeak> {
    gpu.pushErrorScope("validation");
    const peak = new WebGpuPeak(gpu);
    peak.#pipeline(1);
    const error = await gpu.popErrorScope();
    if (error) throw new Error(`peak.wgsl: ${error.message}`);
    return peak;
  }

  #pipeline(rounds: number): GPUComputePipeline {
    let pipeline = this.#pipelines.get(rounds);
    if (!pipeline) {
      pipeline = this.#gpu.createComputePipeline({
        layout: this.#layout,
        compute: { module: this.#module, entryPoint: "main", constants: { rounds } },
      });
      this.#pipelines.set(rounds, pipeline);
    }
    return pipeline;
  }

  /**
   * Operations per second, measured over about `seconds` seconds, without the wait.
   *
   * @param wait duration of an idle wait in seconds
   */
  async sample(seconds: number, wait: number): Promise<number> {
    for (;;) {
      const taken = await this.#run() - wait;
      const flops = 2 * 4 * SUMS * UNROLLED * this.#rounds * LANES * this.#workgroups;
      if (taken >= Math.max(seconds, 5 * wait) || this.#rounds >= 2 ** 16) return flops / taken;
      // first wider, until every lane has work, then longer
      if (this.#workgroups < WORKGROUPS) this.#workgroups *= 4;
      else this.#rounds *= 4;
    }
  }

  async #run(): Promise<number> {
    const pipeline = this.#pipeline(this.#rounds);
    const start = performance.now();
    const encoder = this.#gpu.createCommandEncoder(), pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, this.#group);
    pass.dispatchWorkgroups(this.#workgroups);
    pass.end();
    this.#gpu.queue.submit([encoder.finish()]);
    await this.#gpu.queue.onSubmittedWorkDone();
    return (performance.now() - start) / 1000;
  }

  /** Releases its buffer. */
  close(): Promise<void> {
    this.#out.destroy();
    return Promise.resolve();
  }
}
