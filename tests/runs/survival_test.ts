/** What befalls a run, and that it ends in the results of one that nothing befell. */
import { assert, assertEquals, assertMatch, assertRejects, fail } from "@std/assert";
import { join } from "@std/path";
import { createCpuDevice } from "../../kernels/cpu/create.ts";
import type { Device, DeviceBuffer } from "../../kernels/device.ts";
import { LABEL_SOURCES } from "../../refinery/choices.ts";
import type { Settings } from "../../refinery/settings.ts";
import { identify, openRun } from "../../runs/begin.ts";
import { FoldFiles } from "../../runs/fold_files.ts";
import { HeldError, Lease } from "../../runs/lease.ts";
import type { RunConfig } from "../../runs/run_config.ts";
import { RunFolder } from "../../runs/run_folder.ts";
import { webgpu } from "../devices.ts";
import { inTemporary, names } from "./folders.ts";
import { meddle, trapWorker } from "./meddling.ts";
import { experiment, features, plain, run, runEpochs, settings } from "./small_experiment.ts";
import { assertFileError } from "../file_errors.ts";
import { assertOptionError } from "../option_errors.ts";
import { NonFiniteError } from "../../nn/pass.ts";
import { DeviceLostError } from "../../kernels/device_lost.ts";

/** Results of a run that nothing befalls. */
const expected = await (async () => {
  const dir = await Deno.makeTempDir();
  const outcome = plain(await run(join(dir, "run"), "new"));
  await Deno.remove(dir, { recursive: true });
  return outcome;
})();

Deno.test("a run that is stopped after each epoch and resumed gives the same results and leaves no extra files", async () => {
  await inTemporary(async (dir) => {
    const out = join(dir, "run");
    await runEpochs(out, "new", 1);
    for (let i = 0; i < 10; i++) await runEpochs(out, "resume", 1);
    assertEquals(plain(await run(out, "resume")), expected);
    assertEquals(plain(await run(out, "resume")), expected); // once more: nothing is left to do
    assertEquals(names(out).filter((name) => ["checkpoints", "locks"].includes(name)), []);
  });
});

Deno.test("a run with views, averages, members and each source of labels resumes to the bit after every epoch of every network", async () => {
  const everything: Partial<Settings> = {
    ...{ validationShare: 0, monitor: "nothing", epochs: 2, schedule: "cosine", warmUp: 0.5, average: 0.9 },
    ...{ batchNorm: true, batchNormDense: true, randomStart: true, stretch: 0.1, maskBands: 8, noise: 0.02 },
    ...{ mixup: 0.2, labelSmoothing: 0.05, balance: true, members: 2, averageStages: true },
  };
  for (const labelsFrom of LABEL_SOURCES) {
    const changes = { settings: { ...settings, ...everything, labelsFrom } };
    await inTemporary(async (dir) => {
      const whole = plain(await run(join(dir, "whole"), "new", changes)), out = join(dir, "run");
      await runEpochs(out, "new", 1, changes);
      let stops = 1;
      for (;; stops++) {
        const left = await runEpochs(out, "resume", 1, changes).then(() => true, (error) => {
          assertMatch(String(error), /ended before it was stopped/);
          return false;
        });
        if (!left) break;
      }
      assert(stops >= 2 * 2 * 2 * 2, `${stops} epochs: folds x stages x members x epochs`);
      assertEquals(plain(await run(out, "resume", changes)), whole, labelsFrom);
      assertEquals(names(out).filter((name) => ["checkpoints", "locks"].includes(name)), []);
    });
  }
});

Deno.test("two checkpoints are kept, and a run resumes from the first if the last is missing, cut or damaged", async () => {
  const spoil: Record<string, (file: string) => Promise<void>> = {
    deleted: (file) => Deno.remove(file),
    truncated: (file) => Deno.truncate(file, 10000),
    emptied: (file) => Deno.truncate(file, 0),
    "flipped in a weight": (file) => flip(file, 20000, 0x10),
    "flipped in the header": (file) => flip(file, 40, 0x01),
  };
  for (const [what, how] of Object.entries(spoil)) {
    await inTemporary(async (dir) => {
      const out = join(dir, "run");
      await runEpochs(out, "new", 3);
      const checkpoints = names(join(out, "checkpoints"));
      assertEquals(checkpoints, [
        "fold-1-stage-1-epoch-2-step-0.safetensors",
        "fold-1-stage-1-epoch-3-step-0.safetensors",
      ]);
      await how(join(out, "checkpoints", checkpoints[1]));
      const notes: string[] = [], epochs: number[] = [];
      const hooks = {
        onNote: (line: string) => void notes.push(line),
        onEpoch: (e: { epoch: number }) => void epochs.push(e.epoch),
      };
      assertEquals(plain(await run(out, "resume", {}, hooks)), expected, what);
      assertEquals(epochs[0], 2, what); // only the third epoch is made again
      if (what === "deleted") assertEquals(notes, []);
      else assertMatch(notes.join("\n"), /^.*epoch-3-step-0\.safetensors: .*; using the one before it$/, what);
    });
  }
});

async function flip(file: string, at: number, bit: number): Promise<void> {
  const bytes = await Deno.readFile(file);
  bytes[at] ^= bit;
  await Deno.writeFile(file, bytes);
}

Deno.test("a run recomputes a finished stage, its labels or all checkpoints if they are damaged", async () => {
  await inTemporary(async (dir) => {
    const out = join(dir, "run");
    await runEpochs(out, "new", 4); // in the second stage
    const labels = join(out, "checkpoints", "fold-1-stage-2-labels.safetensors");
    for (const name of names(join(out, "checkpoints"))) {
      await Deno.truncate(join(out, "checkpoints", name), 300);
    }
    assert((await Deno.stat(labels)).isFile);
    const notes: string[] = [];
    const onNote = (line: string) => void notes.push(line);
    await runEpochs(out, "resume", 1);
    await flip(join(out, "profiles", "fold-1-stage-1.arrow"), 700, 1);
    assertEquals(plain(await run(out, "resume", {}, { onNote })), expected);
    assertMatch(notes[0], /profiles\/fold-1-stage-1\.arrow: damaged: .*; fold 1, stage 1 is made again$/);
  });
});

Deno.test("a run folder names how an experiment differs from it: settings, version, device, recordings", async () => {
  await inTemporary(async (dir) => {
    const out = join(dir, "run");
    await runEpochs(out, "new", 1);
    const open = (changes: Partial<typeof experiment>) => openRun(out, { ...experiment, ...changes }, "resume");
    await assertOptionError(
      () => open({ settings: { ...settings, epochs: 5, learningRate: 0.5, method: "sEPR" } }),
      "out",
      /found another: `method` pEPR there, sEPR here; `epochs` 3 there, 5 here; `learningRate` 0\.00025 there, 0\.5 here; /,
    );
    const device = { ...experiment.device, kind: "webgpu" as const };
    await assertOptionError(() => open({ device }), "out", /`device` cpu there, webgpu here/);
    const utterances = features.utterances.map((u) => ({ ...u }));
    utterances[3].digest = utterances[4].digest;
    const name = utterances[3].id;
    await assertOptionError(
      () => open({ features: { ...features, utterances } }),
      "data",
      new RegExp(`corpus that the run started with, found utterances that are 1 changed \\(${name}\\); restore`),
    );
    utterances.splice(7, 2);
    await assertOptionError(
      () => open({ features: { ...features, utterances } }),
      "data",
      /1 changed \(.*\), 2 gone \(the first /,
    );
    const file = join(out, "config.json"), config: RunConfig = JSON.parse(await Deno.readTextFile(file));
    config.versions.epr = "0.0.1";
    await Deno.writeTextFile(file, JSON.stringify(config));
    await assertOptionError(() => open({}), "out", /version 0\.0\.1 there, \d+\.\d+\.\d+ here/);
    await Deno.writeTextFile(file, "{");
    await assertFileError(() => open({}), { file, expected: "JSON" });
    await Deno.remove(file);
    await assertFileError(() => open({}), {
      file: out,
      expected: "the folder of a run",
      found: "no config.json in it",
    });
  });
});

Deno.test("one process at a time runs a fold, and a fold is begun once", async () => {
  await inTemporary(async (dir) => {
    const out = join(dir, "run");
    await runEpochs(out, "new", 1);
    const lease = await Lease.take(join(out, "locks"), "fold-1", { what: "Fold 1" });
    const held = await assertRejects(() => run(out, "resume"), HeldError);
    assertEquals([held.host, held.pid], [Deno.hostname(), Deno.pid]);
    assertMatch(held.message, /^Fold 1 of .*run is in use by process \d+ on .*, since 20/);
    lease.release();
    await assertOptionError(
      () => run(out, "join", { onlyFold: 0 }),
      "out",
      /expected a run whose fold 1 has not started, found one that has; `resume: true` resumes it/,
    );
    assertEquals(plain(await run(out, "resume")), expected);
  });
});

Deno.test("a run whose device is lost resumes from its checkpoint on another, and stops at the third loss", async () => {
  await inTemporary(async (dir) => {
    const notes: string[] = [];
    const onNote = (line: string) => void notes.push(line);
    const opened: Device[] = [];
    const open = async (at: number) => {
      const device = await createCpuDevice({ threads: 1 });
      opened.push(device);
      return meddle(device, "adam", at, trapWorker);
    };
    const out = join(dir, "run");
    let losses = 0;
    const reopen = () => open(++losses < 2 ? 10 : Infinity);
    assertEquals(plain(await run(out, "new", { device: await open(6), reopen }, { onNote })), expected);
    assertEquals(notes.length, 2);
    for (const note of notes) {
      assertMatch(
        note,
        /^The device was lost \(A worker of the CPU device failed: .*\); opened it again; fold . resumes/,
      );
    }

    const hopeless = join(dir, "hopeless");
    assertMatch(
      (await assertRejects(
        async () => run(hopeless, "new", { device: await open(20), reopen: () => open(3) }),
        DeviceLostError,
      ))
        .message,
      /^The device was lost 3 times; the last fault: A worker of the CPU device failed/,
    );
    assertEquals(plain(await run(hopeless, "resume")), expected); // nothing is lost
    for (const device of opened) device.close();
  });
});

Deno.test({
  name: `a run whose GPU is lost resumes on another${webgpu.missing ? ` (${webgpu.missing})` : ""}`,
  ignore: webgpu.missing !== undefined,
  async fn() {
    const { createWebGpuDevice } = await import("../../kernels/webgpu/mod.ts");
    await inTemporary(async (dir) => {
      const open = () => createWebGpuDevice({ allowSoftware: true });
      const short = { settings: { ...settings, epochs: 1, stages: 1 } };
      const whole = plain(await run(join(dir, "whole"), "new", { ...short, device: await open(), reopen: open }));
      const lost = meddle(await open(), "adam", 2, (device) => (device as unknown as { gpu: GPUDevice }).gpu.destroy());
      const notes: string[] = [];
      const hooks = { onNote: (line: string) => void notes.push(line) };
      assertEquals(
        plain(await run(join(dir, "lost"), "new", { ...short, device: lost, reopen: open }, hooks)),
        whole,
      );
      assertMatch(
        notes[0],
        /^The device was lost \(.+\); opened it again; fold 1 resumes from its last checkpoint$/,
      );
      assertEquals(notes.length, 1);
    });
  },
});

Deno.test("NaN in a weight stops the run, naming fold, stage, epoch, step and layer; earlier checkpoints stay valid", async () => {
  await inTemporary(async (dir) => {
    const out = join(dir, "run");
    await runEpochs(out, "new", 2);
    // as if the memory had changed a weight: the next checkpoint holds it, and it is there each time
    const folder = await RunFolder.at(out);
    const options = {
      identity: identify(experiment),
      emotions: features.emotions,
      check: () => {},
      onNote: (line: string) => fail(line),
    };
    const files = await FoldFiles.open(folder, 0, options);
    const state = (await files.state(0))!;
    const conv2 = 64 * Math.ceil(9 * 2 / 64) + 64; // conv1.w and conv1.b come first, each padded to 64
    state.weights[conv2 + 7] = NaN;
    await files.keepState(0, { ...state, step: 0 });
    const { message, cause } = await assertRejects(() => run(out, "resume"), Error);
    assert(cause instanceof NonFiniteError);
    assertEquals([cause.epoch, cause.step], [2, 1]);
    assertMatch(message, /^Fold 1, stage 1: .* NaN or infinity appears first in conv2\.w: try a lower/);
    await Deno.remove(join(out, "checkpoints", "fold-1-stage-1-epoch-2-step-0.safetensors"));

    // once, in the middle: made again, the steps are sound
    const spoil = (device: Device, args: unknown) =>
      device.write((args as { weights: DeviceBuffer }).weights.slice(0, 64), new Float32Array([NaN]));
    const log = join(out, "log.jsonl");
    assertMatch(
      (await assertRejects(() => run(out, "resume", { device: meddle(experiment.device, "adam", 3, spoil) }), Error))
        .message,
      /^Fold 1, stage 1: The loss of epoch \d, step \d+ is not finite; the same steps, repeated, give finite numbers, so the device/,
    );
    assertEquals(JSON.parse((await Deno.readTextFile(log)).trimEnd().split("\n").at(-1)!).event, "stopped");
    assertEquals(plain(await run(out, "resume")), expected);
  });
});
