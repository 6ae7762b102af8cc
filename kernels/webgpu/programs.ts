/**
 * Kernels as programs: a `.wgsl` source with its constants is compiled to a pipeline once. The program's bindings and
 * parameters are read from the source itself, so they are declared in one place:
 *
 *     @group(0) @binding(i) var<storage, read|read_write> name: ...     buffers, by name
 *     struct Params { name: u32|i32|f32, ... }                          parameters, by name, one word each
 *
 * @module
 */
import type { Faults } from "./faults.ts";
import { type Constants, expand } from "./template.ts";

/** A parameter of a kernel. */
export interface Parameter {
  name: string;
  type: "u32" | "i32" | "f32";
}

/** A buffer that a kernel binds. */
export interface Binding {
  name: string;
  binding: number;
  written: boolean;
}

/** A compiled kernel. */
export interface Program {
  name: string;
  /** Its source as written, with `#` directives. */
  source: string;
  /** Its text as compiled. */
  code: string;
  pipeline: GPUComputePipeline;
  /** Layout of its buffers, shared by all programs with the same bindings. */
  layout: GPUBindGroupLayout;
  /** Identifies that layout. */
  layoutKey: string;
  bindings: Binding[];
  parameters: Parameter[];
}

/** A kernel's text with its constants inserted. */
interface Text {
  /** Identifies it. */
  key: string;
  code: string;
  bindings: Binding[];
  /** The program if no two bindings share a buffer. */
  program?: Program;
}

/** Most constants objects remembered per source. */
const OBJECTS = 256;

/** Size of a kernel's parameters in bytes: 16 words. */
export const PARAMETER_BYTES = 64;

/** Compiles programs and caches them. */
export class Programs {
  /** Layout of the parameters: one uniform buffer at a dynamic offset. */
  readonly parameterLayout: GPUBindGroupLayout;
  #device: GPUDevice;
  #faults: Faults;
  #texts = new Map<string, Map<Constants, Text>>(); // by source, then by constants: the object itself
  #programs = new Map<string, Program>();
  #layouts = new Map<string, GPUBindGroupLayout>();

  /** @param faults receives every shader that does not compile */
  constructor(device: GPUDevice, faults: Faults) {
    this.#device = device;
    this.#faults = faults;
    this.parameterLayout = device.createBindGroupLayout({
      label: "parameters",
      entries: [{
        binding: 0,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: "uniform", hasDynamicOffset: true, minBindingSize: PARAMETER_BYTES },
      }],
    });
  }

  /** Number of programs compiled so far. */
  get count(): number {
    return this.#programs.size;
  }

  /**
   * The program of a source and its constants. Passing the same constants object again is fastest.
   *
   * @param name name of the kernel's file, for messages
   * @param sharing the bindings that are only read, but share a buffer with a written one: WebGPU allows such a
   *   buffer in a dispatch only if every binding to it is declared as written
   */
  get(
    name: string,
    source: string,
    constants: Constants,
    sharing: (bindings: Binding[]) => readonly string[],
  ): Program {
    const text = this.#text(name, source, constants);
    const shared = sharing(text.bindings);
    if (shared.length === 0 && text.program) return text.program;
    const key = [text.key, ...shared].join(" ");
    let program = this.#programs.get(key);
    if (!program) this.#programs.set(key, program = this.#compile(key, name, source, text.code, shared));
    if (shared.length === 0) text.program = program;
    return program;
  }

  #text(name: string, source: string, constants: Constants): Text {
    let texts = this.#texts.get(source);
    if (!texts) this.#texts.set(source, texts = new Map());
    let text = texts.get(constants);
    if (!text) {
      const key = [name, ...Object.entries(constants).map(([k, v]) => `${k}=${v}`)].join(" ");
      text = [...texts.values()].find((known) => known.key === key);
      if (!text) {
        const code = expand(source, constants);
        text = { key, code, bindings: readBindings(code) };
      }
      if (texts.size < OBJECTS) texts.set(constants, text);
    }
    return text;
  }

  #compile(key: string, name: string, source: string, code: string, shared: readonly string[]): Program {
    for (const binding of shared) {
      code = code.replace(new RegExp(`var<storage, read> ${binding}\\b`), `var<storage, read_write> ${binding}`);
    }
    const bindings = readBindings(code);
    const layoutKey = bindings.map(({ binding, written }) => binding + (written ? "w" : "r")).join("");
    const layout = this.#layout(layoutKey, bindings);
    const pipeline = this.#faults.guard(
      () => {
        const module = this.#device.createShaderModule({ label: key, code });
        const pipelineLayout = this.#device.createPipelineLayout({
          bindGroupLayouts: [layout, this.parameterLayout],
        });
        const pipeline = this.#device.createComputePipeline({
          label: key,
          layout: pipelineLayout,
          compute: { module, entryPoint: "main" },
        });
        return { pipeline, module };
      },
      async ({ module }, message) => new Error(await explain(key, code, module, message)),
    ).pipeline;
    return { name, source, code, pipeline, layout, layoutKey, bindings, parameters: readParameters(code) };
  }

  #layout(key: string, bindings: Binding[]): GPUBindGroupLayout {
    let layout = this.#layouts.get(key);
    if (!layout) {
      layout = this.#device.createBindGroupLayout({
        label: key,
        entries: bindings.map(({ binding, written }) => ({
          binding,
          visibility: GPUShaderStage.COMPUTE,
          buffer: { type: written ? "storage" as const : "read-only-storage" as const },
        })),
      });
      this.#layouts.set(key, layout);
    }
    return layout;
  }
}

/** The buffers that a source declares. */
export function readBindings(code: string): Binding[] {
  const declared = code.matchAll(/@group\(0\)\s*@binding\((\d+)\)\s*var<storage,\s*(read_write|read)>\s*(\w+)\s*:/g);
  return [...declared].map(([, binding, access, name]) => ({
    name,
    binding: Number(binding),
    written: access === "read_write",
  }));
}

/** The parameters that a source declares. */
export function readParameters(code: string): Parameter[] {
  const body = /struct Params \{([^}]*)\}/.exec(code.replace(/\/\/.*/g, ""))?.[1] ?? "";
  const fields = [...body.matchAll(/(\w+)\s*:\s*(u32|i32|f32)\s*,/g)];
  if (4 * fields.length > PARAMETER_BYTES) {
    throw new RangeError(`A kernel takes at most ${PARAMETER_BYTES / 4} parameters, found ${fields.length}`);
  }
  return fields.map(([, name, type]) => ({ name, type: type as Parameter["type"] }));
}

/** Explains a shader's fault, with its position and line. */
async function explain(key: string, code: string, module: GPUShaderModule, message: string): Promise<string> {
  const lines = code.split("\n");
  const { messages } = await module.getCompilationInfo();
  const places = messages.filter(({ type }) => type === "error").map(({ lineNum, linePos, message }) =>
    `${lineNum}:${linePos} ${message}\n    ${lines[lineNum - 1] ?? ""}`
  );
  return `The kernel ${key} does not compile: ${places.length > 0 ? places.join("\n") : message}`;
}
