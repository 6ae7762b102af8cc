/**
 * The kernel table: its comments agree with its shapes, and a new kernel is reported by name wherever it is missing.
 */
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { CPU_KERNELS } from "../../kernels/cpu/kernels.ts";
import { methodsOf, SIGNATURES } from "../../kernels/methods.ts";
import { Random } from "../../kernels/random.ts";
import { reference } from "../../kernels/reference.ts";
import { ReferenceBuffer } from "../../kernels/reference_device.ts";
import { bytesOf, signaturesOf } from "../../kernels/signature.ts";
import { KERNELS, type KernelTable, METRICS, VIEW } from "../../kernels/table.ts";
import { WEBGPU_KERNELS } from "../../kernels/webgpu/kernels.ts";
import { kernelCase } from "../../lab/cases.ts";
import { largeCalls } from "./cpu_cases.ts";
import { drawCall } from "./draw.ts";
import { simpleCalls } from "./webgpu_variants.ts";

const root = join(import.meta.dirname!, "../..");
const files = ["layers", "training", "memory"];
const texts = await Promise.all(files.map((file) => Deno.readTextFile(join(root, `kernels/table/${file}.ts`))));

Deno.test("the comment on each buffer of the table begins with its shape", () => {
  const stated = texts.join("\n").matchAll(
    /\/\*\* (\[[^\]]*\])[^\n]*\*\/\n\s+(\w+): \{ (?:read|write|update): "([^"]*)"/g,
  );
  let count = 0;
  for (const [, comment, name, shape] of stated) {
    const sizes = Object.fromEntries(
      shape.split(" ").flatMap((word) => word.match(/[a-z]\w*/gi) ?? []).map((s) => [s, "size"]),
    );
    const table = { one: { flops: "0", arguments: { ...sizes, buffer: { read: shape } } } } as KernelTable;
    assertStrictEquals(signaturesOf(table).one.buffers[0].shape.text, comment, name);
    count++;
  }
  assertEquals(count, Object.values(SIGNATURES).reduce((sum, { buffers }) => sum + buffers.length, 0));
  const all = Object.values(SIGNATURES).flatMap(({ buffers }) => buffers);
  const rowOf = (buffer: string) => all.find(({ name }) => name === buffer)!.shape.of({ batch: 1 });
  assertEquals([rowOf("metrics"), rowOf("views")], [METRICS.length, VIEW.length]);
});

Deno.test("an entry with an unknown name is an error with its place", () => {
  const of = (entry: Record<string, unknown>, flops = "0") =>
    signaturesOf({ toy: { flops, arguments: { rows: "size", ...entry } } } as KernelTable);
  assertThrows(() => of({ x: { read: "rosw" } }), Error, "toy: x: expected one of rows, found rosw");
  assertThrows(() => of({}, "2 m"), Error, "toy: flops: expected one of rows, found m");
  assertThrows(() => of({ y: { write: "rows", over: "x" } }), Error, "toy: y: expected one of y, found x");
  assertThrows(() => of({ count: { upTo: "row" } }), Error, "toy: count: expected one of rows, count, found row");
  assertThrows(() => of({ x: {} }), Error, "toy: x: expected one of read, write, update, found 0");
});

/** The places where a kernel of a table is missing. */
async function missing(table: KernelTable): Promise<string[]> {
  const lines = await Deno.readTextFile(join(root, "docs/kernels.md"));
  const large = largeCalls().flatMap(([, calls]) => Object.keys(calls)),
    simple = simpleCalls().map(([name]) => name as string);
  const places: [place: string, has: (kernel: string) => boolean][] = [
    ["kernels/reference.ts: its definition", (kernel) => kernel in reference],
    ["kernels/cpu/kernels.ts: its CPU version", (kernel) => kernel in CPU_KERNELS],
    ["kernels/webgpu/kernels.ts: its WebGPU version", (kernel) => kernel in WEBGPU_KERNELS],
    ["tests/kernels/cpu_cases.ts: a large call", (kernel) => large.includes(kernel)],
    [
      "tests/kernels/webgpu_variants.ts: a call past a workgroup",
      (kernel) => /^(conv2d|matmul)/.test(kernel) || simple.includes(kernel),
    ],
    ["docs/kernels.md: its line", (kernel) => new RegExp(`^\\| \`${kernel}\` +\\|`, "m").test(lines)],
  ];
  return Object.keys(table).flatMap((kernel) =>
    places.filter(([, has]) => !has(kernel)).map(([place]) => `${kernel}: ${place}`)
  );
}

const TOY: KernelTable = {
  ...KERNELS,
  toy: { flops: "2 rows", arguments: { rows: "size", x: { read: "rows" }, y: { write: "rows", over: "x" } } },
};

Deno.test("a toy kernel in a copy of the table is reported missing in every place, and no kernel of the table is", async () => {
  assertEquals(await missing(KERNELS), []);
  assertEquals(await missing(TOY), [
    "toy: kernels/reference.ts: its definition",
    "toy: kernels/cpu/kernels.ts: its CPU version",
    "toy: kernels/webgpu/kernels.ts: its WebGPU version",
    "toy: tests/kernels/cpu_cases.ts: a large call",
    "toy: tests/kernels/webgpu_variants.ts: a call past a workgroup",
    "toy: docs/kernels.md: its line",
  ]);
});

Deno.test("a toy kernel gets its method, its checks, its random calls and its bench case from its entry alone", () => {
  const buffers = { own: ReferenceBuffer, unwrap: ({ values }: ReferenceBuffer) => values }, toys = signaturesOf(TOY);
  const definitions = Object.fromEntries(
    Object.entries(reference).map(([name, define]) => [name, (_: undefined, args: never) => define(args)]),
  );
  assertThrows(() => methodsOf(toys, definitions, buffers), Error, "toy: expected a version for each kernel");
  const toy = (_: undefined, { x, y }: { x: Float64Array; y: Float64Array }) => x.forEach((v, i) => y[i] = 2 * v + 1);
  const Device = methodsOf(toys, { ...definitions, toy }, buffers);
  const device = new Device(() => undefined) as Record<string, (args: unknown) => void>;
  const [x, y] = [Float64Array.of(1, 2, 3), new Float64Array(3)].map((values) => new ReferenceBuffer(values));
  device.toy({ rows: 3, x, y });
  assertEquals([...y.values], [3, 5, 7]);
  assertThrows(
    () => device.toy({ rows: 4, x, y }),
    RangeError,
    "toy: x: expected [rows], 4 words, found a buffer of 3",
  );
  const drawn = drawCall(new Random(1), toys.toy), rows = drawn.rows as number;
  assertEquals((drawn.x as Float64Array).length, rows);
  assert((drawn.x as Float64Array).some((value) => value !== 0));
  assertEquals([toys.toy.flops.of(drawn), bytesOf(toys.toy, drawn)], [2 * rows, 8 * rows]);
  assertEquals(kernelCase(toys.toy, { rows: 5 }) as unknown, {
    ...{ kernel: "toy", name: "toy", layer: "", shape: "5", flops: 10, bytes: 40, scalars: { rows: 5 } },
    buffers: { x: { length: 5, content: "noise" }, y: { length: 5, content: "output" } },
  });
});
