/**
 * The CPU device: hand-written WebAssembly SIMD (`../wat/`) in worker threads over one shared memory, or on the calling thread
 * if a program has none. The program provides what depends on it (threads, the kernels' bytes).
 *
 * A kernel call puts one or two phases into a ring in that memory and returns. Each worker walks the ring independently and
 * claims chunks of each phase; the next phase begins when the last chunk is done. Chunks depend on shapes alone, and sums have
 * a fixed order, so the result is the same for any number of threads, bit for bit.
 *
 * @module
 */
import { OptionError } from "../../base/option_error.ts";
import { checkBuffer } from "../check.ts";
import type { Device, DeviceBuffer, MemoryStatus } from "../device.ts";
import { type KernelMethods, kernelMethods } from "../methods.ts";
import { BufferPool } from "../pool.ts";
import { compileKernels, hasRelaxedSimd, type KernelBytes, type KernelVariant } from "./binary.ts";
import { CpuBuffer } from "./buffer.ts";
import { copyWords } from "./elementwise.ts";
import { InlineQueue } from "./inline.ts";
import { CPU_KERNELS, type CpuContext } from "./kernels.ts";
import { INITIAL_PAGES, MAX_THREADS, type WorkerStart } from "./layout.ts";
import { type Queue, shortOfMemory } from "./queue.ts";
import { RingQueue } from "./ring.ts";
import type { Simd } from "./template.ts";
import type { WinogradChoice } from "./winograd.ts";
import { instantiate } from "./work.ts";

export type { KernelBytes, KernelVariant, Simd, WinogradChoice, WorkerStart };

/** Options of the CPU device. */
export interface CpuOptions {
  /** Number of worker threads, 1 to 64 (1 if the host can't start any); default: the number of processors. */
  threads?: number;
  /**
   * Fused multiply-add (`relaxed`) or separate instructions (`plain`); default `auto`: the former if the engine
   * supports it. The results differ in the last bit.
   */
  simd?: "auto" | Simd;
  /**
   * Winograd's algorithm for convolutions: `auto` (the default) if the shape makes it worthwhile, `always` if it is possible
   * at all, `never`. The results differ by rounding.
   */
  winograd?: WinogradChoice;
  /** Limit of the device's memory in bytes, at most 4 GiB, which is also the default. */
  memoryLimit?: number;
}

/** The parts of the CPU device that depend on the program. `host.ts` is Deno and Node, `browser_host.ts` a browser. */
export interface CpuHost {
  /** Number of the machine's processors: the default number of worker threads. */
  processors: number;
  /** The kernels' bytes: assembled on the spot, or in advance. */
  kernels(variant: KernelVariant): Promise<KernelBytes> | KernelBytes;
  /**
   * Starts a thread, and returns a function that sends it its start message, with which the thread calls `runWorker()` (`work.ts`).
   * The thread's failure or end must call `lost`. Omitted if there are no threads or no shared memory: kernels then run on the
   * calling thread, in plain memory, at once.
   */
  startWorker?(lost: (why: string) => void): (start: WorkerStart) => void;
}

/** Bytes of memory through which writes pass while the workers are busy. */
const STAGING = 2 ** 22;
const PAGE = 65536;

/**
 * Starts a CPU device in any program. It ends with `close()`, or with the program.
 *
 * @throws OptionError if `threads` is out of its range, Error if the engine lacks requested relaxed SIMD, or shared
 * memory
 */
export async function startCpuDevice(host: CpuHost, options: CpuOptions = {}): Promise<CpuDevice> {
  const most = host.startWorker ? MAX_THREADS : 1;
  const threads = options.threads ?? Math.min(most, Math.max(1, host.processors));
  if (!(Number.isInteger(threads) && threads >= 1 && threads <= most)) {
    throw new OptionError({ option: "threads", required: `a whole number from 1 to ${most}`, found: threads });
  }
  const relaxed = hasRelaxedSimd();
  const wanted = options.simd ?? "auto";
  const simd = wanted === "auto" ? (relaxed ? "relaxed" : "plain") : wanted;
  if (simd === "relaxed" && !relaxed) throw new Error("This engine has no relaxed SIMD; simd: plain runs everywhere");
  const { memoryLimit = 2 ** 32, winograd = "auto" } = options;
  if (!host.startWorker) {
    const memory = createMemory(false);
    const [modules] = compileKernels(await host.kernels({ simd, memory: "plain" }), 1);
    const queue = new InlineQueue(memory, instantiate(modules, memory), memoryLimit);
    return new CpuDevice(queue, simd, winograd);
  }
  const memory = createMemory(true), queue = new RingQueue(memory, threads, memoryLimit);
  // Threads start while this one assembles.
  const send = Array.from({ length: threads }, () => host.startWorker!((why) => queue.fail(why)));
  const modules = compileKernels(await host.kernels({ simd, memory: "shared" }), threads);
  send.forEach((start, thread) => start({ memory, modules: modules[thread], thread }));
  return new CpuDevice(queue, simd, winograd);
}

/**
 * The kernels as methods, which pass addresses to their implementations. The type is explicit, as required for a
 * package.
 */
const CpuKernels: KernelMethods<CpuContext> = kernelMethods(CPU_KERNELS, {
  own: CpuBuffer,
  unwrap: ({ address }: CpuBuffer) => address,
});

/** See {@link startCpuDevice}. */
export class CpuDevice extends CpuKernels implements Device {
  readonly kind = "cpu";
  readonly description: string;
  /** Number of worker threads. */
  readonly threads: number;
  /** The multiply-add that the kernels use. */
  readonly simd: Simd;
  /** When convolutions use Winograd's algorithm. */
  readonly winograd: WinogradChoice;
  #queue: Queue;
  #pool: BufferPool<CpuBuffer>;
  #staging: CpuBuffer | null = null;
  #staged = 0; // words of the staging memory in use

  /** Use {@link startCpuDevice}. */
  constructor(queue: Queue, simd: Simd, winograd: WinogradChoice) {
    super(() => ({ queue, winograd }));
    const { threads } = queue;
    this.winograd = winograd;
    this.threads = threads;
    this.simd = simd;
    this.description = `${threads} thread${threads === 1 ? "" : "s"} of WebAssembly SIMD ` +
      (simd === "relaxed" ? "with fused multiply-add" : "without fused multiply-add");
    this.#queue = queue;
    this.#pool = new BufferPool((length, purpose) => {
      const block = queue.heap.allocate(4 * length);
      if (!block) throw shortOfMemory(4 * length, purpose, queue.memory);
      return new CpuBuffer(block.address, length);
    });
  }

  get memory(): MemoryStatus {
    return this.#pool.status;
  }

  allocate(length: number, purpose: string): DeviceBuffer {
    this.#queue.check();
    return this.#pool.allocate(length, purpose);
  }

  release(buffer: DeviceBuffer): void {
    this.#pool.release(buffer as CpuBuffer);
  }

  write(buffer: DeviceBuffer, data: Float32Array | Int32Array | Uint32Array): void {
    if (data.length === 0) return;
    checkBuffer("write()", buffer, data.length, CpuBuffer);
    const { address } = buffer;
    this.#queue.check();
    if (!this.#queue.idle && data.byteLength <= STAGING) {
      this.#staging ??= this.#allocateStaging();
      if (this.#staged + data.length > this.#staging.length) this.#queue.drain();
      else {
        const from = this.#staging.address + 4 * this.#staged;
        this.#bytes(from, data.byteLength).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
        this.#staged += Math.ceil(data.length / 64) * 64;
        copyWords(this.#queue, from, address, data.length);
        return;
      }
    } else this.#queue.drain();
    this.#staged = 0;
    this.#bytes(address, data.byteLength).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }

  async read(buffer: DeviceBuffer): Promise<Float32Array> {
    checkBuffer("read()", buffer, 1, CpuBuffer);
    const { address, length } = buffer;
    this.#queue.check();
    // A copy in queue order, since a later operation may overwrite the buffer before this promise resolves.
    const snapshot = this.#queue.heap.allocate(4 * length);
    if (!snapshot) {
      this.#queue.drain();
      return this.#floats(address, length);
    }
    try {
      copyWords(this.#queue, address, snapshot.address, length);
      await this.#queue.passed();
      return this.#floats(snapshot.address, length);
    } finally {
      this.#queue.heap.free(snapshot);
    }
  }

  async view(buffer: DeviceBuffer): Promise<Float32Array> {
    checkBuffer("view()", buffer, 1, CpuBuffer);
    await this.#queue.passed();
    return new Float32Array(this.#queue.memory.buffer, buffer.address, buffer.length);
  }

  flush(): void {
    this.#queue.check(); // workers start enqueued work at once
  }

  close(): void {
    this.#queue.stop();
  }

  #allocateStaging(): CpuBuffer {
    const block = this.#queue.heap.allocate(STAGING);
    if (!block) throw shortOfMemory(STAGING, "passing data on", this.#queue.memory);
    return new CpuBuffer(block.address, STAGING / 4);
  }

  #bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.#queue.memory.buffer, address, length);
  }

  #floats(address: number, length: number): Float32Array {
    return new Float32Array(this.#queue.memory.buffer, address, length).slice();
  }
}

/** Memory that may grow to 4 GiB, or to as much of that as the system lets a program reserve. */
function createMemory(shared: boolean): WebAssembly.Memory {
  for (let pages = 2 ** 32 / PAGE;; pages /= 2) {
    try {
      // The kernels declare the largest maximum; a smaller one is accepted.
      return new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: pages, shared });
    } catch (error) {
      if (pages <= 1024) throw error;
    }
  }
}
