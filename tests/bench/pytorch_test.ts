/**
 * The PyTorch program of `bench --pytorch`: its jobs and answers on a CPU, if PyTorch is installed, and on CUDA with a `torch` that
 * imagines the GPU (`fake_cuda.py`) and its time. Speed is not tested.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { BesideResults } from "../../bench/beside.ts";
import { Rival } from "../../bench/rival.ts";
import { findAdapter } from "../../kernels/webgpu/mod.ts";

const file = (path: string) => new URL(path, import.meta.url).pathname;
const FAKE = file("fake_cuda.py"), PROGRAM = file("../../bench/rivals/run_pytorch.py");
const JOB = { width: 1 / 16, batch: 4, batchNorm: true, train: true, seconds: 0.3, threads: 1 };

/** Runs python3; undefined if there is none. */
async function python(args: string[], input = ""): Promise<{ out: string; log: string } | undefined> {
  try {
    const child = new Deno.Command("python3", { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
    const { stdout, stderr } = await child.output(), text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { out: text(stdout), log: text(stderr) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

const found = await python(["-c", "import importlib.util as i; print(i.find_spec('torch') is not None)"]);
const missing = found ? undefined : "no python3 here", adapter = await findAdapter();
const noTorch = found?.out.trim() === "True" ? undefined : missing ?? "no PyTorch here";

function test(name: string, missing: string | undefined, fn: () => Promise<void>) {
  Deno.test({ name: `${name}${missing ? ` (${missing})` : ""}`, ignore: missing !== undefined, fn });
}

test(
  "run_pytorch.py on CUDA waits only after a batch of calls, and follows each job's layout and TF32",
  missing,
  async () => {
    const jobs = [
      { ...JOB, layout: "nchw", tf32: true },
      { ...JOB, layout: "channels_last", tf32: false, train: false },
    ];
    const { out, log } =
      (await python([FAKE, PROGRAM, "cuda"], jobs.map((job) => JSON.stringify(job) + "\n").join("")))!;
    const [first, training, forward] = out.trim().split("\n").map((line) => JSON.parse(line));
    assertEquals(first, { version: "9.9 cuda", gpu: "an imagined GPU, CUDA 99, cuDNN 99000", tf32: true });
    // the GPU's time, not that until the calls have returned
    for (const [{ seconds }, each] of [[training, 0.02], [forward, 0.005]]) {
      assertEquals(seconds.map((s: number) => Math.round(1e6 * s) / 1e6), [each, each, each]);
    }
    const runs = [...log.matchAll(/((?:forward.*\n)+)wait (\w+) (\w+)\n/g)].map(([, calls, ...tf32]) => {
      const lines = calls.trim().split("\n");
      return [lines.length, lines[0], ...tf32].join(", ");
    });
    const [a, b] = [
      "forward of cuda nchw True True, True, True",
      "forward of cuda channels_last False False, False, False",
    ];
    // three calls to warm up, three to find how many are a tenth of a second, three samples
    assertEquals(runs, [3, 3, 5, 5, 5].map((n) => `${n}, ${a}`).concat([3, 3, 20, 20, 20].map((n) => `${n}, ${b}`)));
  },
);

test(
  "bench --pytorch beside the webgpu device has four rows for each of EPR's, with layout and TF32",
  missing ??
    (adapter ? undefined : "WebGPU finds no adapter here"),
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "epr-bench-" });
    try {
      const { out } = (await python(["-c", "import sys; print(sys.executable)"]))!;
      await Deno.writeTextFile(`${folder}/python3`, `#!/bin/sh\nexec '${out.trim()}' '${FAKE}' "$@"\n`, {
        mode: 0o755,
      });
      const { code, stdout, stderr } = await new Deno.Command("deno", {
        args: ["run", "-q", "-P=bench", "cli/bench.ts", "--pytorch", "--device", "webgpu"]
          .concat("--width 1/16 --batch 2 --tune off --quick --json -".split(" ")),
        env: { NO_COLOR: "1", PATH: `${folder}:${Deno.env.get("PATH")}` },
      }).output();
      const printed = new TextDecoder().decode(stderr);
      assertEquals(code, 0, printed);
      const { gpu, rows }: BesideResults = JSON.parse(new TextDecoder().decode(stdout));
      assertEquals(gpu, "an imagined GPU, CUDA 99, cuDNN 99000");
      const modes = ["TF32 off, nchw", "TF32 off, channels_last", "TF32 on, nchw", "TF32 on, channels_last"];
      const expected = ["false training", "false forward", "true training", "true forward"].flatMap((row) =>
        modes.map((mode) => `${row}, PyTorch 9.9 cuda, ${mode}`)
      );
      assertEquals(rows.map(({ batchNorm, what, beside }) => `${batchNorm} ${what}, ${beside}`), expected);
      for (const { what, tf32, layout, beside, epr, theirs, ratio } of rows) {
        assert(beside.endsWith(`, TF32 ${tf32 ? "on" : "off"}, ${layout}`), beside);
        assertEquals(Math.round(1e6 * theirs.median) / 1e6, what === "training" ? 0.02 : 0.005);
        assertEquals(ratio, theirs.median / epr.median);
      }
      assertMatch(printed, /EPR on .*beside PyTorch 9\.9 cuda \(an imagined GPU, CUDA 99, cuDNN 99000\)/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

test("a GPU without TF32 has no rows with TF32", missing, async () => {
  const { out } = (await python([FAKE, PROGRAM, "cuda", "old"]))!;
  assertEquals(JSON.parse(out).tf32, false);
});

test("run_pytorch.py gives seconds in either layout on a CPU, and names what it misses on CUDA", noTorch, async () => {
  const rival = await Rival.start("PyTorch", ["python3"], ["run_pytorch.py"]);
  assert(typeof rival !== "string", String(rival));
  try {
    assertEquals(rival.gpu, undefined);
    for (const layout of ["nchw", "channels_last"] as const) {
      const seconds = await rival.sample({ ...JOB, layout, seconds: 0.05 });
      assert(seconds.length >= 2 && seconds.every((s) => s > 1e-4 && s < 10), String(seconds));
    }
  } finally {
    await rival.close();
  }
  const onGpu = await Rival.start("PyTorch", ["python3"], ["run_pytorch.py", "cuda"]);
  if (typeof onGpu !== "string") {
    assertMatch(onGpu.gpu!, /CUDA/);
    await onGpu.close();
  } else assertMatch(onGpu, /^python3: expected a GPU for CUDA, found none \(torch \d/);
});
