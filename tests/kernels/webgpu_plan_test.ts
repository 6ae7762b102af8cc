/** How WebGPU's programs are chosen and written, which needs no GPU: sizes of subgroups, plans of products, shader templates. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { subgroupSizes } from "../../kernels/webgpu/features.ts";
import { HARDWARE, plansFor, SOFTWARE } from "../../kernels/webgpu/plan.ts";
import { expand } from "../../kernels/webgpu/template.ts";
import { coreConstants, variantNamed, VARIANTS } from "../../kernels/webgpu/variants.ts";

Deno.test("subgroupSizes() trusts no Intel adapter to run 32 lanes", () => {
  const reported = { subgroupMinSize: 32, subgroupMaxSize: 32 };
  assertEquals(subgroupSizes({ vendor: "intel", ...reported }), { min: 8, max: 32 });
  assertEquals(subgroupSizes({ vendor: "32902", ...reported }), { min: 8, max: 32 });
  assertEquals(subgroupSizes({ vendor: "nvidia", ...reported }), { min: 32, max: 32 });
  assertEquals(subgroupSizes({ vendor: "" }), { min: 0, max: 0 });
});

Deno.test("plansFor() gives whole parts, none too long, of variants whose lanes divide their tiles evenly", () => {
  for (const model of [HARDWARE, SOFTWARE]) {
    for (const rows4 of [1, 9, 144, 65536]) {
      for (const cols4 of [1, 16, 128, 1024]) {
        for (const k4 of [1, 9, 144, 65536]) {
          const plans = plansFor({ kernel: "matmul", transposed: "", rows4, cols4, k4 }, model);
          assert(plans.length >= 3);
          for (const { splits } of plans) {
            assert(Number.isInteger(splits) && splits >= 1 && splits <= k4);
            assert(k4 / splits <= 4096, "a float32 sum of at most 16,384 products");
          }
        }
      }
    }
  }
  const subgroups = { min: 4, max: 4, enable: "" };
  for (const variant of VARIANTS) coreConstants(variant, subgroups);
  assertThrows(() => coreConstants(variantNamed("subgroup 32x8 of 8")), Error, "requires subgroups");
  const uneven = {
    name: "uneven",
    core: "tile" as const,
    sizes: { TX: 8, TY: 8, TM4: 3, TN4: 2, BK4: 4, STAGES: 1 as const },
  };
  assertThrows(() => coreConstants(uneven), Error, "64 lanes cannot share out uneven");
});

Deno.test("expand() unrolls, selects and substitutes, and names the line of a fault", () => {
  const text =
    "#if A\nyes ${N}\n#else\nno\n#end\n#for i in N\n#for j in 2\nx_${i}_${j}\n#end\n#end\n#for k in 0\nnever\n#end";
  assertEquals(expand(text, { A: true, N: 2 }), "yes 2\nx_0_0\nx_0_1\nx_1_0\nx_1_1");
  assertEquals(expand("#if !A\n${B}\n#else\nother\n#end", { A: true, B: 1 }), "other");
  assertThrows(() => expand("\n${B}", {}), Error, "line 2 uses B");
  assertThrows(() => expand("#if A\n", { A: true }), Error, "line 1 has no #end");
  assertThrows(() => expand("#end", {}), Error, "line 1 closes nothing");
  assertThrows(() => expand("#while", {}), Error, "line 1 is no directive");
});
