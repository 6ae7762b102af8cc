/** Tests specific to the CPU device: threads, instruction sets, memory, and failures. */
import { Worker } from "node:worker_threads";
import { assertOptionError } from "../option_errors.ts";
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { CpuBuffer } from "../../kernels/cpu/buffer.ts";
import wabt from "wabt";
import { movePanel } from "../../kernels/cpu/binary.ts";
import { createCpuDevice } from "../../kernels/cpu/create.ts";
import { startCpuDevice } from "../../kernels/cpu/device.ts";
import { INITIAL_PAGES, PANELS } from "../../kernels/cpu/layout.ts";
import { assembleKernels } from "../../kernels/cpu/modules.ts";
import type { KernelName } from "../../kernels/table.ts";
import { expandTemplate } from "../../kernels/cpu/template.ts";
import gemm from "../../kernels/wat/gemm.wat" with { type: "text" };
import { assertClose, define, type PlainArgs, runOn } from "./compare.ts";
import { largeCalls } from "./cpu_cases.ts";
import { DeviceLostError } from "../../kernels/device_lost.ts";

const calls = largeCalls().flatMap(([what, group]) =>
  (Object.entries(group) as [KernelName, PlainArgs][]).map(([kernel, args]) => ({ kernel, args, what }))
);

Deno.test("createCpuDevice() gives the same bits with 1, 2, 3 and 4 threads, kernel by kernel, and the right ones", async () => {
  const devices = await Promise.all([1, 2, 3, 4].map((threads) => createCpuDevice({ threads })));
  for (const { kernel, args, what } of calls) {
    const [one, ...others] = await Promise.all(devices.map((device) => runOn(device, kernel, args)));
    assertClose(one, define(kernel, args), 1e-5, `${kernel}, ${what}`);
    for (const found of others) assertEquals(bits(found), bits(one), `${kernel}, ${what}`);
  }
  for (const device of devices) device.close();
});

Deno.test("createCpuDevice() is right without relaxed SIMD too", async () => {
  const device = await createCpuDevice({ threads: 2, simd: "plain" });
  assertEquals(device.simd, "plain");
  for (const { kernel, args, what } of calls) {
    assertClose(await runOn(device, kernel, args), define(kernel, args), 1e-5, `${kernel}, ${what}`);
  }
  device.close();
});

/** A program without threads and shared memory, with kernels assembled in advance. */
const bare = { processors: 8, kernels: assembleKernels };

Deno.test("startCpuDevice() without worker threads gives the same bits, in memory that is not shared", async () => {
  for (const simd of ["relaxed", "plain"] as const) {
    const [one, inline] = [await createCpuDevice({ threads: 1, simd }), await startCpuDevice(bare, { simd })];
    assertEquals(inline.threads, 1);
    for (const { kernel, args, what } of calls) {
      const found = bits(await runOn(inline, kernel, args));
      assertEquals(found, bits(await runOn(one, kernel, args)), `${kernel}, ${what}, ${simd}`);
    }
    const words = await inline.view(inline.allocate(100, "x"));
    assert(words.buffer instanceof ArrayBuffer);
    one.close();
    inline.close();
  }
});

Deno.test("a device without worker threads reports a trap at the next call, missing memory, and that it is closed", async () => {
  const device = await startCpuDevice(bare, { memoryLimit: 2 ** 26 });
  assertThrows(() => device.allocate(2 ** 25, "activations"), Error, "out of memory: activations needs 128 MiB");
  const x = device.allocate(10, "x"), outside = new CpuBuffer(2 ** 32 - 4096, 2 ** 20);
  device.fill({ x: outside, length: outside.length, value: 1 });
  assertMatch(
    assertThrows(() => device.fill({ x, length: 10, value: 1 }), Error).message,
    /A kernel of the CPU device failed: .*out of bounds/,
  );
  await assertRejects(() => device.read(x), Error, "A kernel of the CPU device failed");
  const other = await startCpuDevice(bare);
  const y = other.allocate(10, "y");
  other.close();
  await assertRejects(() => other.read(y), Error, "closed");
  await assertOptionError(() => startCpuDevice(bare, { threads: 2 }), "threads", /from 1 to 1, found 2/);
});

Deno.test("movePanel() equals gemm.wat assembled for that thread", async () => {
  const bytes = await assembleKernels({ simd: "plain", memory: "shared" }), assembler = await wabt();
  for (const thread of [0, 1, 2, 63]) {
    const values = { panel: PANELS.at + thread * PANELS.bytes, pages: INITIAL_PAGES };
    const text = expandTemplate(gemm, "plain", values);
    const parsed = assembler.parseWat("gemm.wat", text, { simd: true, threads: true, bulk_memory: true });
    assertEquals(movePanel(bytes, thread), new Uint8Array(parsed.toBinary({}).buffer), `thread ${thread}`);
    parsed.destroy();
  }
});

Deno.test("allocate() reports the size and the purpose if memory is insufficient", async () => {
  const device = await createCpuDevice({ threads: 1, memoryLimit: 2 ** 26 });
  const held = device.allocate(2 ** 23, "a first half"); // 32 MiB
  assertMatch(
    assertThrows(() => device.allocate(2 ** 23 + 2 ** 20, "activations of conv3"), Error).message,
    /out of memory: activations of conv3 needs 36 MiB, and \d+ MiB are in use.*`batch` or `width`/,
  );
  // The device continues, and its contents can still be used and read.
  device.fill({ x: held, length: held.length, value: 2 });
  assertEquals((await device.read(held))[held.length - 1], 2);
  device.close();
});

Deno.test("a trap in a worker is an error by the next read() and of every call after it, not a hang", async () => {
  for (const threads of [1, 3]) {
    const device = await createCpuDevice({ threads });
    const good = device.allocate(10, "a buffer");
    const outside = new CpuBuffer(2 ** 32 - 4096, 2 ** 20); // there is no memory there
    device.fill({ x: good, length: 10, value: 1 });
    device.fill({ x: outside, length: outside.length, value: 1 });
    const next = async () => {
      device.fill({ x: good, length: 10, value: 3 }); // throws if the trap is already known
      await device.read(good);
    };
    assertMatch(
      (await assertRejects(() => next(), Error)).message,
      /A worker of the CPU device failed: .*out of bounds/,
    );
    assertThrows(
      () => device.fill({ x: good, length: 10, value: 1 }),
      DeviceLostError,
      "A worker of the CPU device failed",
    );
    await assertRejects(() => device.read(good), DeviceLostError, "A worker of the CPU device failed");
    assertThrows(() => device.allocate(10, "another"), DeviceLostError, "A worker of the CPU device failed");
    device.close();
  }
});

Deno.test("a worker that dies is an error, not a hang", async () => {
  // The device hides its workers: one is intercepted as the device writes to it.
  const workers: Worker[] = [];
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function (...args: Parameters<typeof postMessage>) {
    workers.push(this);
    return postMessage.apply(this, args);
  };
  const device = await createCpuDevice({ threads: 2 }).finally(() => Worker.prototype.postMessage = postMessage);
  const x = device.allocate(100, "x");
  device.fill({ x, length: 100, value: 1 });
  assertEquals((await device.read(x))[99], 1);
  await workers[0].terminate();
  const read = async () => {
    for (let i = 0; i < 100; i++) { // until the message arrives
      device.fill({ x, length: 100, value: 2 });
      await device.read(x);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  await assertRejects(() => read(), DeviceLostError, "A worker of the CPU device has ended");
  device.close();
});

Deno.test("after close() every call throws", async () => {
  const device = await createCpuDevice({ threads: 2 });
  const x = device.allocate(10, "a buffer");
  device.close();
  assertThrows(() => device.fill({ x, length: 10, value: 1 }), Error, "closed");
  await assertRejects(() => device.read(x), Error, "closed");
});

Deno.test("a program that forgets close() ends anyway, even with work under way", async () => {
  const device = new URL("../../kernels/cpu/create.ts", import.meta.url);
  const config = new URL("../../deno.json", import.meta.url);
  const program = `import { createCpuDevice } from ${JSON.stringify(device.href)};
    const device = await createCpuDevice({ threads: 2 });
    const x = device.allocate(1000, "x");
    device.fill({ x, length: 1000, value: 1 });
    console.log((await device.read(x))[999]);
    for (let i = 0; i < 500; i++) device.fill({ x, length: 1000, value: 1 });`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--config", config.pathname, "--allow-read", "--allow-env", "--ext=ts", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const limit = setTimeout(() => child.kill("SIGKILL"), 30_000);
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(program));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  clearTimeout(limit);
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  assertEquals(new TextDecoder().decode(stdout).trim(), "1");
});

Deno.test("with keepAlive the results are the same, a trap is an error too, and after close() nothing is left", async () => {
  const outputs: Float32Array[] = [];
  for (const keepAlive of [false, true]) {
    const device = await createCpuDevice({ threads: 2, keepAlive });
    const x = device.allocate(1000, "x"), y = device.allocate(1000, "y");
    device.write(x, Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i)));
    device.fill({ x: y, length: 1000, value: 0.1 });
    device.add({ a: x, b: y, y, length: 1000 });
    outputs.push(await device.read(y));
    device.fill({ x: new CpuBuffer(2 ** 32 - 4096, 2 ** 20), length: 2 ** 20, value: 1 });
    await assertRejects(() => device.read(y), DeviceLostError, "A worker of the CPU device failed");
    device.close(); // the test's sanitizers report threads that are left
  }
  assertEquals(bits({ y: outputs[0] }), bits({ y: outputs[1] }));
  assertEquals(outputs[1][500], Math.fround(Math.fround(Math.sin(500)) + Math.fround(0.1)));
});

Deno.test("allocate() creates nothing new when the same steps repeat", async () => {
  const device = await createCpuDevice({ threads: 2 });
  const step = async () => {
    const [x, y] = [1000, 2000].map((length) => device.allocate(length, "a step's"));
    device.write(x, new Float32Array(1000).fill(1));
    device.fill({ x: y, length: 2000, value: 1 });
    device.add({ a: x, b: y.slice(64, 1000), y: x, length: 1000 });
    assertEquals((await device.read(x))[999], 2);
    device.release(y);
    device.release(x);
  };
  await step();
  const { createdBuffers, createdBytes } = device.memory;
  for (let i = 0; i < 20; i++) await step();
  assertEquals(device.memory, { liveBuffers: 0, liveBytes: 0, createdBuffers, createdBytes });
  device.close();
});

Deno.test("read() returns a buffer's contents at the time of the call, and write() copies its data at once", async () => {
  const device = await createCpuDevice({ threads: 2 });
  const x = device.allocate(100_000, "x"), data = new Float32Array(100_000);
  const reads: Promise<Float32Array>[] = [];
  // More than the staging memory, so that it is used up and restarted.
  for (let i = 0; i < 40; i++) {
    device.fill({ x, length: x.length, value: -1 });
    device.write(x, data.fill(i));
    reads.push(device.read(x));
  }
  data.fill(NaN);
  for (const [i, values] of (await Promise.all(reads)).entries()) {
    assert(values.every((value) => value === i), `${i}`);
  }
  device.close();
});

Deno.test("view() waits for enqueued work, and returns the words in place", async () => {
  const device = await createCpuDevice({ threads: 2 });
  const x = device.allocate(1000, "x");
  device.fill({ x, length: 1000, value: 3 });
  const words = await device.view(x.slice(64, 100));
  assertEquals(words, new Float32Array(100).fill(3));
  device.fill({ x, length: 1000, value: 4 });
  await device.read(x);
  assertEquals(words[99], 4); // the same memory
  device.close();
});

Deno.test("more phases than the ring has slots run in order", async () => {
  const device = await createCpuDevice({ threads: 2 });
  const [x, one] = [device.allocate(1, "x"), device.allocate(1, "one")];
  device.fill({ x, length: 1, value: 0 });
  device.fill({ x: one, length: 1, value: 1 });
  for (let i = 0; i < 10_000; i++) device.add({ a: x, b: one, y: x, length: 1 });
  assertEquals((await device.read(x))[0], 10_000);
  device.close();
});

Deno.test("createCpuDevice() names an invalid number of threads", async () => {
  await assertOptionError(() => createCpuDevice({ threads: 0 }), "threads", /found 0/);
});

function bits(outputs: Record<string, Float32Array>): Record<string, Uint32Array> {
  return Object.fromEntries(Object.entries(outputs).map(([name, values]) => [name, new Uint32Array(values.buffer)]));
}
