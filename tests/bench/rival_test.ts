/** The other frameworks of `bench`: the messages for missing ones. Speed needs a quiet machine, and is not tested. */
import { assert, assertEquals } from "@std/assert";
import { Rival } from "../../bench/rival.ts";
import { encodeVggE } from "../../models/onnx/mod.ts";
import { uniformWeights } from "../../nn/parameters.ts";
import { vggEParameters } from "../../nn/vgg_e.ts";

Deno.test("Rival.start() lists every command that it tried, and why each failed", async () => {
  const found = await Rival.start("PyTorch", ["no-such-python", "deno"], ["run_pytorch.py"]);
  assert(typeof found === "string");
  assert(found.includes("no-such-python: no such command"), found);
  assert(/deno: the process ended without an answer; its last line: .+/.test(found), found);
});

Deno.test("a rival answers one job after the other, and ends when it is closed", async () => {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(
    file,
    `import { createInterface } from "node:readline";
     console.log(JSON.stringify({ version: "1" }));
     import process from "node:process";
     for await (const line of createInterface({ input: process.stdin })) console.log(JSON.stringify({ seconds: [JSON.parse(line).batch] }));`,
  );
  const rival = await Rival.start("double", ["deno"], [file]);
  try {
    assert(typeof rival !== "string", String(rival));
    assertEquals(rival.name, "double 1");
    const job = { seconds: 1, threads: 1 };
    for (const batch of [3, 5]) assertEquals(await rival.sample({ ...job, batch }), [batch]);
  } finally {
    if (typeof rival !== "string") await rival.close();
    await Deno.remove(file);
  }
});

Deno.test("bench refuses options that other frameworks would not follow, before it starts one", async () => {
  const refused = {
    "--filter conv": "--filter has no effect",
    "--tensorflow --device webgpu": "--tensorflow: expected --device cpu, found webgpu",
    "--onnxruntime --device webgpu": "--onnxruntime: expected --device cpu, found webgpu",
  };
  for (const [args, message] of Object.entries(refused)) {
    const { code, stderr } = await new Deno.Command("deno", {
      args: ["run", "-q", "-P=bench", "cli/bench.ts", "--pytorch", ...args.split(" ")],
      env: { NO_COLOR: "1" },
    }).output();
    const printed = new TextDecoder().decode(stderr);
    assertEquals(code, 2, printed);
    assert(printed.includes(message), printed);
  }
});

Deno.test("encodeVggE() contains every weight of the network: its file is a few kilobytes larger than these", () => {
  for (const width of [1 / 16, 1 / 8]) {
    const options = { width, classes: 7 }, weights = uniformWeights("glorot", vggEParameters(options), 1);
    const values = Object.values(weights).reduce((sum, { length }) => sum + length, 0);
    const { length } = encodeVggE(options, weights);
    assert(length > 4 * values && length < 4 * values + 20_000, `${length} bytes for ${values} values`);
  }
});
