/** Turns at the device. */
import { assertEquals, assertRejects } from "@std/assert";
import { Turns } from "../../web/engine/turns.ts";

Deno.test("turns come in order, one at a time; yielding lets those who wait go first", async () => {
  const turns = new Turns(), said: string[] = [];
  const long = turns.with(async (turn) => {
    said.push("long");
    await turn.pass();
    said.push("long again");
  });
  const short = ["a", "b"].map((name) => turns.with(() => void said.push(name)));
  await Promise.all([long, ...short]);
  assertEquals(said, ["long", "a", "b", "long again"]);
});

Deno.test("an error ends a turn too, and a cancelled turn blocks nobody", async () => {
  const turns = new Turns();
  await assertRejects(() => turns.with(() => Promise.reject(new Error("failed"))), Error, "failed");
  const [held, other] = [await turns.take(), turns.take()];
  held.giveBack();
  const waiting = await other;
  await held.retake(Promise.resolve()); // while another has it
  waiting.giveBack();
  assertEquals(await turns.with(() => "next"), "next");
});
