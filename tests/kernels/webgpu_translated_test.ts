/**
 * Metal and Direct3D 12: naga translates every kernel to their languages. Their own compilers, and GPUs, are not at hand, so the
 * results are not run.
 */
import { assert, assertEquals } from "@std/assert";
import { findNaga, translate, type Translation } from "./naga.ts";
import { type ShaderText, shaderTexts } from "./shader_texts.ts";

const WGSL = new URL("../../kernels/wgsl/", import.meta.url);
const naga = await findNaga(), collected = shaderTexts();

/** What a text declares must be in its translation: the bindings, the lanes of a workgroup, and barriers. */
function lost({ code }: ShaderText, { metal, hlsl }: Translation): string | undefined {
  const calls = code.replace(/\/\/.*/g, "");
  if (!metal.includes("kernel void main_") || !/\[numthreads\(\d+, \d+, \d+\)\]/.test(hlsl)) return "main()";
  const bindings = calls.match(/@binding/g)!.length;
  const registers = hlsl.match(/: register\([tub]\d+/g)?.length ?? 0;
  if (registers !== bindings) return `${bindings} bindings: ${registers} registers in HLSL`;
  const barriers = calls.match(/workgroupBarrier\(\)/g)?.length ?? 0;
  if ((metal.match(/threadgroup_barrier\(/g)?.length ?? 0) < barriers) return `${barriers} barriers in MSL`;
  if ((hlsl.match(/GroupMemoryBarrierWithGroupSync\(/g)?.length ?? 0) < barriers) return `${barriers} barriers in HLSL`;
  const passed = calls.match(/subgroupBroadcast\(/g)?.length ?? 0;
  if ((metal.match(/simd_broadcast\(/g)?.length ?? 0) !== passed) return `${passed} broadcasts in MSL`;
  if ((hlsl.match(/WaveReadLaneAt\(/g)?.length ?? 0) < passed) return `${passed} broadcasts in HLSL`;
}

Deno.test({
  name: `naga translates every kernel to MSL and HLSL${typeof naga === "string" ? ` (${naga})` : ""}`,
  ignore: typeof naga === "string",
  fn: async () => {
    if (typeof naga === "string") return;
    const texts = await collected, waiting = [...texts.entries()], failures: string[] = [];
    const folder = await Deno.makeTempDir();
    const work = async () => {
      for (let next = waiting.pop(); next; next = waiting.pop()) {
        const [number, text] = next;
        try {
          const missing = lost(text, await translate(naga, folder, String(number), text.code));
          if (missing) failures.push(`${text.label}: lost ${missing}`);
        } catch (error) {
          failures.push(`${text.label}: ${(error as Error).message}`);
        }
      }
    };
    try {
      await Promise.all([work(), work()]);
      assertEquals(failures, []);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("the texts to translate contain every file of wgsl/, and both sides of every #if, but for 16-bit floats", async () => {
  const texts = await collected, missing: string[] = [];
  for await (const { name, isFile } of Deno.readDir(WGSL)) {
    if (!isFile || ["largest.wgsl", "pack_half.wgsl", "probe_f16.wgsl"].includes(name)) continue;
    const source = await Deno.readTextFile(new URL(name, WGSL));
    // the first comment names the file's texts: it has no constants
    const head = source.split("\n").find((line) => line.startsWith("// "))!;
    const own = texts.filter(({ code }) => code.includes(head));
    if (own.length === 0) missing.push(name);
    for (const [, constant] of source.matchAll(/^#if !?(\w+)/gm)) {
      for (const value of constant === "HALF" ? [false] : [false, true]) {
        if (!own.some(({ label }) => ` ${label} `.includes(` ${constant}=${value} `))) {
          missing.push(`${name}: ${constant}=${value}`);
        }
      }
    }
  }
  assertEquals(missing, []);
  assert(texts.length > 600, `${texts.length} texts`);
});
