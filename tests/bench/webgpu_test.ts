/** What only rows of a GPU have. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { parseShape } from "../../lab/cases.ts";
import { benchKernel } from "../../lab/kernels.ts";
import { type BenchResults, parseResults } from "../../lab/results.ts";
import { kernelTable } from "../../lab/show.ts";
import { spread, type Stopwatch } from "../../lab/timing.ts";
import { webgpu } from "../devices.ts";
import { assertFileError } from "../file_errors.ts";

const { missing } = webgpu;

/** A document without rows. */
const DOCUMENT = {
  ...{ schema: "epr-bench/1", date: "today", openSeconds: 1, kernels: [], tasks: [], peers: [] },
  machine: {
    ...{ processor: "p", processors: 2, memory: 2 ** 30, system: "s", deno: "2", v8: "1", load: [0, 0] },
    ...{ device: "webgpu", description: "a GPU" },
  },
  settings: { width: 1, batch: 128, classes: 7, quick: false },
  peaks: { flops: spread([1e9]), bytes: spread([1e9]) },
};

Deno.test({
  name: `the row of each product of a GPU names its plan, in the table and in the document${
    missing ? ` (${missing})` : ""
  }`,
  ignore: missing !== undefined,
  fn: async () => {
    const device = await webgpu.open();
    // durations do not matter here
    const watch = { wait: 0, settle: async () => {}, time: () => spread([1]) } as unknown as Stopwatch;
    const cases = ["conv:2x8x4x4:8", "matmul:32x32x512", "adam:64"].flatMap(parseShape);
    const kernels = [];
    for (const of of cases) kernels.push(await benchKernel(device, watch, of, async () => {}));
    const results: BenchResults = parseResults({ ...DOCUMENT, kernels: JSON.parse(JSON.stringify(kernels)) }, "made");
    const lines = kernelTable(results.kernels, results).split("\n"), at = lines[0].indexOf("plan");
    assert(at > 0);
    results.kernels.forEach(({ name, plan }, i) => {
      if (name === "Adam") assertEquals(plan, undefined);
      else assertMatch(plan!, /^(Winograd, )?(tile|lane|uniform|subgroup) \d+x\d+[^,]*(, \d+ parts)?$/);
      assertEquals(lines[1 + i].slice(at).trim(), plan ?? "");
    });
    assertEquals(kernels.length, 5);
  },
});

Deno.test("parseResults() refuses a plan that is not a text", async () => {
  const [of] = parseShape("adam:64"), { kernel, name, layer, shape, flops, bytes } = of;
  const row = {
    kernel,
    name,
    layer,
    shape,
    flops,
    bytes,
    seconds: spread([1]),
    compileSeconds: 0,
    error: 0,
    checked: "",
  };
  const document = (plan: unknown) => ({ ...DOCUMENT, kernels: [{ ...row, plan }] });
  parseResults(document("tile 64x64x16"), "x.json");
  const place = { place: "kernels.0.plan", expected: "string", found: "3" };
  await assertFileError(() => parseResults(document(3), "x.json"), { file: "x.json", ...place });
});
