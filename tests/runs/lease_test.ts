/** Leases: one holder at a time, on one host and between hosts, and none that is dead. */
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { HeldError, Lease, readLeases } from "../../runs/lease.ts";
import { inTemporary, names } from "./folders.ts";

const what = "Fold 1";

Deno.test("one process of a host holds a lease, until it releases it", async () => {
  await inTemporary(async (dir) => {
    const lease = await Lease.take(dir, "fold-1", { what });
    lease.check();
    const held = await assertRejects(() => Lease.take(dir, "fold-1", { what }), HeldError);
    assertEquals([held.host, held.pid], [Deno.hostname(), Deno.pid]);
    assertMatch(held.message, /^Fold 1 is in use by process .*, since 20..-/);
    const other = await Lease.take(dir, "fold-10", { what: "Fold 10" }); // another name
    other.release();
    lease.release();
    (await Lease.take(dir, "fold-1", { what })).release();
    assertEquals(names(dir), []);
  });
});

/** Starts a process that holds a lease, and waits until it does. */
async function startHolder(dir: string, host = ""): Promise<Deno.ChildProcess> {
  const script = join(import.meta.dirname!, "lease_holder.ts");
  const args = ["run", "-q", "--allow-read", "--allow-write", "--allow-sys=hostname", script, dir, host];
  const child = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  reader.releaseLock();
  return child;
}

async function kill(child: Deno.ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await child.status;
  await child.stdout.cancel();
}

Deno.test("a lease is free as soon as its process on this host was killed", async () => {
  await inTemporary(async (parent) => {
    const dir = join(parent, "locks");
    const holder = await startHolder(dir);
    try {
      const { pid } = await assertRejects(() => Lease.take(dir, "fold-1", { what }), HeldError);
      assertEquals(pid, holder.pid);
    } finally {
      await kill(holder);
    }
    assertEquals(names(dir), ["fold-1.1.json"]); // it had no time to give it back
    const began = performance.now();
    const lease = await Lease.take(dir, "fold-1", { what });
    assert(performance.now() - began < 1000);
    assertEquals(names(dir), ["fold-1.2.json"]);
    lease.release();
  });
});

Deno.test("a lease of another host is valid while it is renewed, and free some time after its last renewal", async () => {
  await inTemporary(async (parent) => {
    const dir = join(parent, "locks");
    const holder = await startHolder(dir, "elsewhere");
    const options = { what, patience: 1 };
    const watched: string[] = [];
    try {
      const { host, pid } = await assertRejects(
        () => Lease.take(dir, "fold-1", { ...options, onWatch: ({ host }) => watched.push(host) }),
        HeldError,
      );
      assertEquals([host, pid], ["elsewhere", holder.pid]);
      assertEquals(watched, ["elsewhere"]);
    } finally {
      await kill(holder);
    }
    const began = performance.now();
    const lease = await Lease.take(dir, "fold-1", options);
    const waited = performance.now() - began;
    assert(waited > 900 && waited < 5000, `${waited} ms`);
    lease.release();
  });
});

Deno.test("a holder that was silent for too long finds that it has lost its lease, and leaves the new one unchanged", async () => {
  await inTemporary(async (dir) => {
    const late = await Lease.take(dir, "fold-1", { what, host: "elsewhere", beat: 1000 });
    const lease = await Lease.take(dir, "fold-1", { what, patience: 0.3 });
    assertThrows(() => late.check(), Error, "Fold 1 was taken over by another process");
    assert(late.lost.aborted);
    late.release();
    lease.check();
    assertEquals(names(dir), ["fold-1.2.json"]);
    lease.release();
  });
});

Deno.test("of many that request a lease, one at a time gets it", async () => {
  await inTemporary(async (dir) => {
    let held = 0, most = 0;
    await Promise.all(Array.from({ length: 8 }, async () => {
      const lease = await Lease.take(dir, "setup", { what: "The folder", wait: true });
      most = Math.max(most, ++held);
      await new Promise((resolve) => setTimeout(resolve, 5));
      held--;
      lease.release();
    }));
    assertEquals(most, 1);
    assertEquals(names(dir), []);
  });
});

Deno.test("readLeases() lists each holder, what it holds, what it does and when it last reported", async () => {
  await inTemporary(async (dir) => {
    const lease = await Lease.take(dir, "fold-2", { what: "Fold 2", beat: 0.05 });
    lease.tell({ stage: 1 });
    await new Promise((resolve) => setTimeout(resolve, 200));
    const { pid, host, doing, beat, age, alive } = readLeases(dir).get("fold-2")!;
    assertEquals({ pid, host, doing, alive }, {
      pid: Deno.pid,
      host: Deno.hostname(),
      doing: { stage: 1 },
      alive: true,
    });
    assert(beat > 0 && age < 10);
    lease.release();
    assertEquals(readLeases(dir).size, 0);
    assertEquals(readLeases(join(dir, "nowhere")).size, 0);
  });
});
