/** Results in a folder: the tables of `bench --table`, and the page that shows them. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { describeResultFolder, readResultFolder } from "../../bench/result_tables.ts";
import { assertFileError } from "../file_errors.ts";

const RESULTS = new URL("../../bench/results/", import.meta.url).pathname;

/** A folder of JSON files, for the duration of `body`. */
async function withFolder(files: Record<string, unknown>, body: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir({ prefix: "epr-bench-" });
  try {
    for (const [name, content] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/${name}`, typeof content === "string" ? content : JSON.stringify(content));
    }
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const spread = (median: number) => ({ median, lower: median, upper: median, count: 9 });
const machine = {
  ...{ processor: "a CPU", processors: 8, memory: 2 ** 34, system: "linux 6 x86_64", deno: "2.9.6", v8: "15" },
  ...{ device: "webgpu", description: "NVIDIA H200, subgroups of 32 lanes", driver: "NVIDIA 580.1", load: [0.25, 1] },
};
const row = { kernel: "conv2d", name: "conv forward", layer: "conv2", shape: "x", flops: 1, bytes: 1, checked: "all" };
const GPU = {
  ...{ schema: "epr-bench/1", date: "2027-01-02T03:04:05Z", machine, openSeconds: 1, tasks: [], peers: [] },
  settings: { width: 1 / 4, batch: 64, classes: 7, quick: false },
  peaks: { flops: spread(50e12), bytes: spread(4e12) },
  datasheet: { name: "H200", bytes: 4.8e12, bytesShare: 0.8, flops: 67e12, flopsShare: 0.75 },
  kernels: [1e-6, 3e-6].map((error) => ({ ...row, seconds: spread(1), compileSeconds: 0, error })),
  step: {
    ...{ seconds: spread(0.01), segmentsPerSecond: spread(6400), forwardSegmentsPerSecond: spread(20000) },
    ...{ flops: 0.2e12, memory: 1, shares: [], overhead: 0 },
  },
};
const beside = (batch: number, what: string, tf32: boolean) => ({
  ...{ width: 1, batch, batchNorm: true, what, epr: spread(0.02), theirs: spread(0.01), ratio: 0.5, tf32 },
  ...{ beside: `PyTorch 9 cuda, TF32 ${tf32 ? "on" : "off"}, nchw`, layout: "nchw" },
});
const BESIDE = {
  ...{
    schema: "epr-beside/1",
    date: "2027-01-02T03:04:05Z",
    processor: "a CPU",
    device: "NVIDIA H200",
    gpu: "NVIDIA H200",
  },
  ...{ threads: 8, load: 0.5 },
  rows: [
    beside(64, "training", false),
    ...[false, true].flatMap((on) => [
      ...[beside(128, "training", on), beside(128, "forward", on)],
    ]),
  ],
};

/** The cells of a Markdown table's lines. */
const cells = (table: string) =>
  table.split("\n").map((line) => line.slice(1, -1).split("|").map((cell) => cell.trim()));

Deno.test("bench/results/README.md shows what bench --table prints", async () => {
  const page = await Deno.readTextFile(`${RESULTS}README.md`), folder = await readResultFolder(RESULTS);
  const table = describeResultFolder(folder);
  assert(
    page.includes(`\n\n${table}\n\n`),
    "run `deno task bench --table bench/results`, and put what it prints there",
  );
  assert(folder.machines.size + folder.besides.size > 0);
});

Deno.test("describeResultFolder() has a line for each machine, and one for each way of training in the largest batch", async () => {
  await withFolder({ "h200.json": GPU, "h200-pytorch.json": BESIDE, "README.md": "# text" }, async (folder) => {
    const [machines, besides] = describeResultFolder(await readResultFolder(folder)).split("\n\n").map(cells);
    assertEquals(machines.length, 3);
    assertEquals(machines[2], [
      ...["[h200](h200.json)", "NVIDIA H200, subgroups of 32 lanes, NVIDIA 580.1", "width 1/4, batch 64"],
      ...["6400", "40.0 %", "20000", "50000 (75.0 % of the datasheet's)", "4000", "3.0e-6", "0.3", "2027-01-02"],
    ]);
    assertEquals(
      besides.slice(2),
      ["off", "on"].map((tf32) => [
        ...["[h200-pytorch](h200-pytorch.json)", "NVIDIA H200", "1", "128", "yes", "6400"],
        ...[`PyTorch 9 cuda, TF32 ${tf32}, nchw`, "12800", "0.50", "0.5", "2027-01-02"],
      ]),
    );
    for (const table of [machines, besides]) for (const line of table) assertEquals(line.length, table[0].length);
  });
});

Deno.test("docs/benchmarking.md describes every field of a comparison with other frameworks", async () => {
  const docs = await Deno.readTextFile(new URL("../../docs/benchmarking.md", import.meta.url));
  const described = docs.slice(docs.indexOf("the document has `schema` (`epr-beside/1`)")).split("\n\n")[0];
  const fields = [...Object.keys(BESIDE), ...Object.keys(BESIDE.rows[0])];
  assertEquals(fields.filter((field) => !described.includes(`\`${field}\``)), []);
});

Deno.test("readResultFolder() refuses smoke tests and other documents, and accepts an empty folder", async () => {
  await withFolder({}, async (folder) => {
    assertStrictEquals(describeResultFolder(await readResultFolder(folder)), "No results yet.");
  });
  const wrong: [unknown, { place?: string; expected: string; found: string }][] = [
    [{ ...GPU, settings: { ...GPU.settings, quick: true } }, {
      place: "settings.quick",
      expected: "false: a smoke test's figures mean nothing",
      found: "true",
    }],
    [{ schema: "epr-page-bench/1" }, {
      place: "schema",
      expected: '"epr-bench/1" or "epr-beside/1"',
      found: '"epr-page-bench/1"',
    }],
    [null, { place: "schema", expected: '"epr-bench/1" or "epr-beside/1"', found: "nothing" }],
    [{ ...BESIDE, rows: [{ ...BESIDE.rows[0], ratio: "1" }] }, {
      place: "rows.0.ratio",
      expected: "number",
      found: '"1"',
    }],
  ];
  for (const [document, error] of wrong) {
    await withFolder({ "x.json": document }, async (folder) => {
      await assertFileError(() => readResultFolder(folder), { file: `${folder}/x.json`, ...error });
    });
  }
});
