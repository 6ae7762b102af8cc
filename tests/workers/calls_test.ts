/** Calls to a worker of the web. */
import { assert, assertEquals, assertMatch, assertRejects, assertStrictEquals } from "@std/assert";
import { DeviceLostError } from "../../kernels/device_lost.ts";
import { WorkerCalls } from "../../workers/calls.ts";
import type { OddCall } from "./calling_worker.ts";

/** Runs a test with a worker, and ends it. */
async function withCalls(
  test: (ask: (call: OddCall) => Promise<unknown>, received: { messages: unknown[]; faults: Error[] }) => Promise<void>,
): Promise<void> {
  const worker = new Worker(new URL("./calling_worker.ts", import.meta.url), { type: "module" });
  const messages: unknown[] = [], faults: Error[] = [];
  const calls = new WorkerCalls(worker, {
    name: "The worker",
    classes: { DeviceLostError },
    onMessage: (message) => messages.push(message),
    onFault: (error) => faults.push(error),
  });
  const ended = new Error("the end");
  try {
    await test((call) => calls.ask(call), { messages, faults });
    const late = calls.ask({ double: 1, after: 1e6 });
    calls.end(ended);
    assertStrictEquals(await assertRejects(() => late), ended);
  } finally {
    calls.end(ended);
  }
  assertStrictEquals(await assertRejects(() => calls.ask({ double: 1 })), ended);
}

Deno.test("WorkerCalls gives each call its own answer, in any order, and passes on other messages", async () => {
  await withCalls(async (ask, { messages }) => {
    assertEquals(await Promise.all([ask({ double: 1, after: 50 }), ask({ double: 2 })]), [2, 4]);
    assertEquals(messages, ["started"]);
  });
});

Deno.test("WorkerCalls rejects a call with the worker's error, of its class if known, and stays usable", async () => {
  await withCalls(async (ask) => {
    const lost = await assertRejects(() => ask({ fail: "DeviceLostError", message: "gone" }), DeviceLostError);
    assertEquals([lost.name, lost.message], ["DeviceLostError", "gone"]);
    const other = await assertRejects(() => ask({ fail: "OddError", message: "odd" }), Error);
    assert(!(other instanceof DeviceLostError));
    assertEquals([other.name, other.message], ["OddError", "odd"]);
    assertEquals(await ask({ double: 4 }), 8);
    await assertRejects(() => ask({ double: (() => {}) as unknown as number }), DOMException); // can't be sent
  });
});

Deno.test("WorkerCalls rejects the waiting calls if the worker fails", async () => {
  await withCalls(async (ask, { faults }) => {
    const waiting = ask({ double: 1, after: 1e6 });
    const crash = ask({ crash: true });
    const { message } = await assertRejects(() => waiting, Error);
    assertMatch(message, /^The worker failed: .*out of luck/);
    await assertRejects(() => crash, Error);
    assertEquals(faults.map((fault) => fault.message), [message]);
  });
});
