/** The template language of the `.wat` files. */
import { assertEquals, assertNotEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { expandTemplate } from "../../kernels/cpu/template.ts";
import { hasRelaxedSimd, withPlainMemory } from "../../kernels/cpu/binary.ts";
import { assembleKernels } from "../../kernels/cpu/modules.ts";

Deno.test("expandTemplate() unrolls nested repetitions and evaluates sums", () => {
  assertEquals(
    expandTemplate("{{#i 0 2}}{{#k 1 3}}{{i}}{{k}}:{{16*i+4*k+1}} {{/k}}{{/i}}", "plain"),
    "01:5 02:9 11:21 12:25 ",
  );
});

Deno.test("expandTemplate() lowers madd to a product and a sum, also within operands", () => {
  const text = "(local.set $c (f32x4.madd (local.get $a) (f32x4.madd $x (f $y) $z) (local.get $c)))";
  assertEquals(
    expandTemplate(text, "plain"),
    "(local.set $c (f32x4.add (f32x4.mul (local.get $a) (f32x4.add (f32x4.mul $x (f $y)) $z)) (local.get $c)))",
  );
  assertStrictEquals(expandTemplate(text, "relaxed"), text.replaceAll("madd", "relaxed_madd"));
});

Deno.test("expandTemplate() refuses invalid templates", () => {
  assertThrows(() => expandTemplate("{{#i 0 2}}", "plain"), SyntaxError);
  assertThrows(() => expandTemplate("{{j+1}}", "plain"), Error, '"j"');
  assertThrows(() => expandTemplate("(f32x4.madd $a $b)", "plain"), SyntaxError);
});

Deno.test("hasRelaxedSimd() detects that this V8 supports it", () => {
  assertEquals(hasRelaxedSimd(), true); // Chrome 114 and every Deno since 1.34
});

Deno.test("withPlainMemory() gives what the assembler makes for plain memory, of every kernel", async () => {
  for (const simd of ["relaxed", "plain"] as const) {
    const [shared, plain] = await Promise.all(
      (["shared", "plain"] as const).map((memory) => assembleKernels({ simd, memory })),
    );
    assertEquals(shared.shared.map(withPlainMemory), plain.shared);
    assertEquals(withPlainMemory(shared.own), plain.own);
    assertNotEquals(shared.own, plain.own);
  }
});
