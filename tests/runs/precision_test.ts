/** A run has one precision: its identity names it unless it is float32, and resuming in another is an error. */
import { assertEquals, assertNotStrictEquals } from "@std/assert";
import { PRESETS } from "../../refinery/presets.ts";
import { differences, identityOf, shortIdentity } from "../../runs/identity.ts";
import type { RunConfig } from "../../runs/run_config.ts";

const config = (device: RunConfig["device"]) =>
  identityOf({
    versions: { epr: "1", deno: "2", v8: "3" },
    started: "2026-11-26T00:00:00Z",
    corpus: { name: "synthetic", emotions: [], utterances: 0, segments: 0, seconds: 0, skipped: 0, digest: "d" },
    preset: "demo",
    settings: PRESETS.demo,
    device,
  });

Deno.test("runs of 16-bit floats and of float32 are different, and the difference is named", () => {
  const [f32, f16] = [
    config({ kind: "webgpu", description: "a" }),
    config({ kind: "webgpu", description: "a", precision: "f16" }),
  ];
  assertEquals(f32.precision, undefined);
  assertNotStrictEquals(shortIdentity(f32), shortIdentity(f16));
  assertEquals(differences(f32, f16), ["`precision` f32 there, f16 here"]);
  assertEquals(differences(f16, f32), ["`precision` f16 there, f32 here"]);
  assertEquals(differences(f16, f16), []);
});
