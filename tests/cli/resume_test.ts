/**
 * `deno task train` as a process among others: killed, stopped, without disk space, one of several on one run folder.
 */
import { assert, assertEquals, assertMatch, assertRejects, assertStrictEquals } from "@std/assert";
import { basename, join } from "@std/path";
import { encodeWav } from "../../dsp/wav.ts";
import { withFolder } from "../corpora/folders.ts";
import { inTemporary } from "../runs/folders.ts";
import { resultsOf, startTrain, train, trainUnderFire } from "../runs/killing.ts";

/** A run of about five seconds on the synthetic corpus. */
const small = [
  ...["--preset", "quick", "--batch", "32", "--learning-rate", "0.00025", "--width", "1/16", "--segment-hop", "24"],
  ...["--epochs", "3", "--folds", "2", "--device", "cpu"],
];

/** The results of an uninterrupted run. */
const alone = await (async () => {
  const dir = await Deno.makeTempDir({ prefix: "epr_alone_" });
  const out = join(dir, "run"), { code, stderr } = await train(...small, "--out", out);
  assertEquals(code, 0, stderr);
  const results = await resultsOf(out);
  await Deno.remove(dir, { recursive: true });
  return results;
})();

Deno.test("train that is killed at random moments and resumed ends with the results of an uninterrupted run", async () => {
  await inTemporary(async (dir) => {
    const out = join(dir, "run");
    const times = await trainUnderFire(small, out, 5, 8);
    assertEquals(await resultsOf(out), alone, `killed after ${times}`);
  });
});

/**
 * Starts an endless run, waits for its first epoch, and sends signals: their names, and the delay before each, in ms.
 *
 * @returns also the number of signals sent: on a fast machine the run may end before the last
 */
async function interrupt(out: string, signals: [name: Deno.Signal, after: number][]) {
  const endless = small.map((arg, i) => small[i - 1] === "--epochs" ? "100000" : arg);
  const child = startTrain([...endless, "--out", out, "--verbose"], "piped");
  const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  while (!said.includes("epoch 1:")) said += (await reader.read()).value;
  let sent = 0;
  for (const [name, after] of signals) {
    await new Promise((resolve) => setTimeout(resolve, after));
    try {
      child.kill(name);
    } catch (error) {
      if (sent === 0 || !/already terminated/.test(`${error}`)) throw error;
      break;
    }
    sent++;
  }
  for (let read; !(read = await reader.read()).done;) said += read.value;
  await child.stdout.cancel();
  return { code: (await child.status).code, said, sent };
}

Deno.test({
  name: "train keeps what it has at SIGTERM (143) and at a Ctrl-C (130) that arrives twice, and prints how to resume",
  ignore: Deno.build.os === "windows", // has no such signals
  async fn() {
    const stops: [Deno.Signal, number][][] = [[["SIGTERM", 0]], [["SIGINT", 0], ["SIGINT", 20]]];
    await Promise.all(stops.map((signals) =>
      inTemporary(async (dir) => {
        // repeats with shorter delays until every signal has reached a running process
        let out = "", told = { code: 0, said: "", sent: 0 };
        for (let tried = 1; told.sent < signals.length && tried <= 8; tried++) {
          out = join(dir, `run-${tried}`);
          told = await interrupt(out, signals.map(([name, after]) => [name, after / tried]));
        }
        const { code, said, sent } = told;
        assertEquals(sent, signals.length);
        const [status, what] = signals[0][0] === "SIGTERM" ? [143, "SIGTERM"] : [130, "Ctrl-C"];
        assertStrictEquals(code, status, said);
        assertMatch(
          said,
          new RegExp(
            `\nStopped by ${what}: 0 of 4 networks are finished; .* To resume: deno task train --resume --out ${out}\n$`,
          ),
        );
        const log = (await Deno.readTextFile(join(out, "log.jsonl"))).trimEnd().split("\n").map((l) => JSON.parse(l));
        assertEquals(log.at(-1).event, "stopped");
        assertEquals(log.at(-2).event, "checkpoint"); // where it stopped, not where its last epoch ended
        const again = await interruptResumed(out);
        assert(again.epoch > log.findLast(({ event }) => event === "epoch").epoch, "it went on");
      })
    ));
  },
});

/** Resumes a run for an epoch, and returns the first epoch reported. */
async function interruptResumed(out: string): Promise<{ epoch: number }> {
  const before = (await Deno.readTextFile(join(out, "log.jsonl"))).length;
  const child = startTrain(["--resume", "--out", out, "--quiet"]);
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const lines = (await Deno.readTextFile(join(out, "log.jsonl"))).slice(before).split("\n");
    const epoch = lines.find((line) => line.startsWith('{"event":"epoch"') && line.endsWith("}"));
    if (epoch === undefined) continue;
    child.kill("SIGKILL");
    await child.status;
    return JSON.parse(epoch);
  }
}

Deno.test("train: ten processes of one fold each, three at a time in one folder, and a merge give what one process gives", async () => {
  await inTemporary(async (dir) => {
    const settings = ["--folds", "10", "--stages", "1", "--epochs", "1", "--width", "1/32", "--segment-hop", "24"];
    const options = [...settings, "--device", "cpu", "--threads", "1", "--quiet"];
    const [one, many, jobs] = ["one", "many", "jobs"].map((name) => join(dir, name));
    const left = Array.from({ length: 10 }, (_, i) => i + 1);
    await Promise.all(Array.from({ length: 3 }, async () => {
      for (let fold; (fold = left.shift());) {
        const { code, stderr } = await train(...options, "--only-fold", String(fold), "--out", many);
        assertEquals(code, 0, stderr);
        if (fold > 1) continue;
        const early = await train("--merge", "--out", many);
        assertMatch(
          early.stderr,
          /error: .*many: folds \d+(, \d+)* are not finished; --resume with --only-fold \d+ runs it\n$/,
        );
      }
    }));
    const merged = await train("--merge", "--out", many, "--json");
    assertEquals(merged.code, 0, merged.stderr);
    const whole = await train(...options, "--out", one);
    assertEquals(whole.code, 0, whole.stderr);
    const expected = await resultsOf(one);
    assertEquals(await resultsOf(many), expected);
    assertStrictEquals(JSON.parse(merged.stdout).run, many);
    for (const file of ["profiles/stage-1.arrow", "forest.json", "predictions.csv"]) {
      assertEquals(await Deno.readFile(join(many, file)), await Deno.readFile(join(one, file)), file);
    }

    const atOnce = await train(...options, "--threads", "2", "--jobs", "3", "--out", jobs);
    assertEquals(atOnce.code, 0, atOnce.stderr);
    assertEquals(await resultsOf(jobs), expected);

    // a fold with other settings is not merged
    const foreign = join(dir, "foreign");
    await train(
      ...options.map((arg, i) => options[i - 1] === "--width" ? "1/16" : arg),
      "--only-fold",
      "3",
      "--out",
      foreign,
    );
    await Deno.copyFile(join(foreign, "folds/fold-3-stage-1.json"), join(many, "folds/fold-3-stage-1.json"));
    const refused = await train("--merge", "--out", many);
    await Deno.remove(join(many, "results.json"));
    const refusedAgain = await train("--merge", "--out", many);
    assertEquals(refused.code, 0); // it is complete: nothing is read
    assertMatch(
      refusedAgain.stderr,
      /error: .*fold-3-stage-1\.json is of another run than config\.json: --width 0\.0625 there, 0\.03125 here\n$/,
    );
  });
});

/** Runs a shell script that may mount; undefined if the system does not allow it. */
async function withMounts(script: string, ...args: string[]): Promise<string | undefined> {
  const run = async (script: string) => {
    const command = new Deno.Command("unshare", {
      args: ["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", ...args],
      cwd: join(import.meta.dirname!, "..", ".."),
      env: { NO_COLOR: "1", DENO: Deno.execPath() },
    });
    return await command.output().catch(() => undefined);
  };
  const able = await run('mount -t tmpfs tmpfs "$1"');
  if (!able?.success) return undefined;
  const { stdout, stderr } = (await run(script))!;
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

const mounts = await (async () => {
  const dir = await Deno.makeTempDir();
  const said = await withMounts("echo able", dir);
  await Deno.remove(dir);
  return said !== undefined;
})();
const noMounts = mounts ? "" : " (ignored: nothing can be mounted here)";

Deno.test({
  name: `train reports a full disk, and when there is room resumes to the same results${noMounts}`,
  ignore: !mounts,
  async fn() {
    await inTemporary(async (dir) => {
      const train = '"$DENO" run -q -P=train cli/train.ts --quiet --out "$1/run"';
      const said = await withMounts(
        `mount -t tmpfs -o size=4000k tmpfs "$1"
        ${train} ${small.join(" ")} 2>&1; echo "status $?"
        ls "$1/run/checkpoints"
        mount -o remount,size=64m "$1"
        ${train} --resume >/dev/null; echo "status $?"
        cp "$1/run/results.json" "$2"`,
        dir,
        join(dir, "..", `${basename(dir)}_results.json`),
      );
      const [error, hint, first, ...rest] = said!.trimEnd().split("\n");
      assertMatch(error, /^error: .*\/run\/.*safetensors: can't be written: No space left on device/);
      assertMatch(hint, /^To resume: deno task train --resume --out /);
      assertEquals(first, "status 1");
      assertEquals(rest, [
        "fold-1-stage-1-epoch-2-step-0.safetensors", // only complete ones
        "fold-1-stage-1-epoch-3-step-0.safetensors",
        "status 0",
      ]);
      const file = `${dir}_results.json`, { seconds: _, ...results } = JSON.parse(await Deno.readTextFile(file));
      assertEquals(results, alone);
      await Deno.remove(file);
    });
  },
});

Deno.test({
  name: `train reports a folder that can't be written${noMounts}`,
  ignore: !mounts,
  async fn() {
    await inTemporary(async (dir) => {
      const said = await withMounts(
        `mount -t tmpfs -o ro tmpfs "$1"
        "$DENO" run -q -P=train cli/train.ts --quiet ${small.join(" ")} --out "$1/run"; echo "status $?"`,
        dir,
      );
      assertEquals(
        said,
        `status 1\nerror: ${dir}/run: --out: expected a folder that can be created, found Read-only file system (os error 30): mkdir '${dir}/run'\n`,
      );
    });
  },
});

/** Two emotions, distinguished by pitch, with four utterances each. */
const recordings = Object.fromEntries(
  ["angry", "sad"].flatMap((emotion, e) =>
    [1, 2, 3, 4].map((n) => {
      const hz = 300 + 900 * e + 20 * n;
      const samples = Float32Array.from({ length: 8000 + 800 * n }, (_, i) =>
        0.3 * Math.sin(2 * Math.PI * hz * i / 16000));
      return [`${emotion}/${n}.wav`, encodeWav(samples, 16000)];
    })
  ),
);

Deno.test("train lists the recordings that changed or are missing since the run began, and the options that differ", async () => {
  await withFolder(recordings, async (dir) => {
    const out = join(dir, "..", `${basename(dir)}_run`);
    const settings = [...small, "--folds", "2", "--segment-hop", "2", "--epochs", "1", "--stages", "1"];
    const begun = await train(...settings, "--corpus", "folder", "--data", dir, "--only-fold", "1", "--out", out);
    assertEquals(begun.code, 0, begun.stderr);
    const resume = async (...args: string[]) => (await train("--resume", "--out", out, "--quiet", ...args)).stderr;
    assertEquals(
      await resume("--epochs", "7", "--width", "1/8", "--device", "webgpu"),
      `error: --out ${out}: expected a run with these options, found another: --device cpu there, webgpu here; ` +
        "--width 0.0625 there, 0.125 here; --epochs 1 there, 7 here\n",
    );
    const file = join(dir, "sad/2.wav"), bytes = await Deno.readFile(file);
    bytes[1000] ^= 4;
    await Deno.writeFile(file, bytes);
    await Deno.remove(join(dir, "angry/3.wav"));
    assertEquals(
      await resume(),
      `error: ${out}: --data: expected the corpus that the run started with, found utterances that are 1 changed (sad/2), ` +
        "1 gone (angry/3); restore the recordings, or name a new folder (--out)\n",
    );
    await Deno.writeFile(file, recordings["sad/2.wav"]);
    await Deno.writeFile(join(dir, "angry/3.wav"), recordings["angry/3.wav"]);
    assertEquals(await resume(), "");
    await resultsOf(out);
    await Deno.remove(out, { recursive: true });
  });
});

Deno.test("train names what it lacks: memory and the option that reduces it, a run to resume, the folder's name", async () => {
  await inTemporary(async (dir) => {
    const out = join(dir, "run");
    const large = await train(...small, "--width", "4", "--out", out, "--quiet");
    assertEquals(large.code, 1);
    assertMatch(
      large.stderr,
      /^error: .* out of memory: .* needs \d+ MiB, .* A smaller --batch or --width needs less\n/,
    );
    const nothing = await train("--resume", "--out", join(dir, "nowhere"));
    assertEquals(nothing.code, 1);
    assertMatch(
      nothing.stderr,
      /^error: .*nowhere: expected the folder of a run, found no config\.json in it\n$/,
    );
    for (const option of ["--resume", "--merge"]) {
      const nameless = await train(option);
      assertEquals(nameless.code, 2);
      assertEquals(nameless.stderr, `error: ${option} requires --out, the folder of the run\n`);
    }
    await assertRejects(() => Deno.stat(join(dir, "nowhere")), Deno.errors.NotFound);
  });
});
