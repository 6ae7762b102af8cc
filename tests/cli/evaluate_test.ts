/** `deno task evaluate`: judges a model on a corpus, and a run by its folds, on unchanged and changed recordings. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { InvalidArgumentError } from "commander";
import { Codecs } from "../../cli/codecs.ts";
import { parseConditions } from "../../cli/conditions.ts";
import { openSynthetic } from "../../corpora/synthetic.ts";
import { logMel } from "../../dsp/log_mel.ts";
import { decodeRecording } from "../../dsp/recording.ts";
import { Predictor } from "../../models/predictor.ts";
import { tone } from "../corpora/folders.ts";
import { inTemporary } from "../runs/folders.ts";
import { train } from "../runs/killing.ts";
import { device, model, predict, withModel } from "./predicting.ts";

async function evaluate(...args: string[]) {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-P=evaluate", join(import.meta.dirname!, "../../cli/evaluate.ts"), "--threads", "1", ...args],
  });
  const { code, stdout, stderr } = await command.output(), text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

Deno.test("evaluate judges a model over the emotions that a corpus shares with it, and lists them", async () => {
  const files = Object.fromEntries(
    ["angry", "sad", "calm"].flatMap((emotion, e) =>
      [1, 2, 3].map((n) => [`${emotion}/a/${n}.wav`, tone(0.5 + 0.1 * n, 300 + 500 * e)])
    ),
  );
  await withModel(
    { ...files, "sad/a/bad.wav": "no wav", "two/calm/1.wav": null, "two/surprise/1.wav": null },
    async (dir, options) => {
      const data = ["--corpus", "folder", "--data", dir];
      const { code, stdout, stderr } = await predict([...data, ...options], undefined, "evaluate");
      assertEquals(code, 0, stderr);
      assertMatch(stdout, /^shared emotions: anger, sadness\nonly in the corpus: calm/m);
      assertMatch(
        stdout,
        /only in the model: fear, happiness, neutral \(left out of the choice; otherwise the model would/,
      );
      assertMatch(stdout, /WA \d+\.\d % of 6 utterances \(95 % interval .*\), UA \d+\.\d %; chance is 50\.0 %/);
      assertMatch(stdout, /skipped 1 file, the first .*bad\.wav: not a wav file/);
      const json = JSON.parse((await predict([...data, "--json", ...options], undefined, "evaluate")).stdout);
      const byMean = await predict([...data, "--json", "--decide", "mean", ...options], undefined, "evaluate");
      const predictor = new Predictor(model, device);
      for (const [decide, judged] of [["forest", json], ["mean", JSON.parse(byMean.stdout)]] as const) {
        const confusion = [[0, 0], [0, 0]];
        for (const [name, content] of Object.entries(files)) {
          if (name.startsWith("calm")) continue;
          const { probabilities } = await predictor.predict(decodeRecording(content, name).samples, { decide });
          const [anger, sadness] = [0, 4].map((k) => probabilities[k]);
          confusion[name.startsWith("angry") ? 0 : 1][sadness > anger ? 1 : 0]++;
        }
        const { emotions, utterances } = judged;
        assertEquals([emotions, judged.confusion, utterances], [["anger", "sadness"], confusion, 6]);
        assertStrictEquals(judged.decidedBy, decide);
      }
      predictor.close();
      const none = await predict(
        ["--corpus", "folder", "--data", join(dir, "two"), ...options],
        undefined,
        "evaluate",
      );
      assertEquals(none.code, 1);
      assertMatch(
        none.stderr,
        /^error: Expected at least two emotions that model and corpus share, found none: .*the corpus has surprise, calm\n$/,
      );
    },
  );
});

Deno.test("evaluate judges a run's utterances as its results do; the same under a gain if it levels; and differently under noise", async () => {
  await inTemporary(async (dir) => {
    const run = join(dir, "run");
    const settings = ["--preset", "quick", "--width", "1/32", "--segment-hop", "24", "--epochs", "2", "--folds", "2"];
    const options = [
      "--batch-norm",
      "--stages",
      "1",
      "--level",
      "percentile",
      "--batch",
      "16",
      "--device",
      "cpu",
      "--quiet",
    ];
    const trained = await train(...settings, ...options, "--out", run);
    assertEquals(trained.code, 0, trained.stderr);
    const { stages: [own] } = JSON.parse(await Deno.readTextFile(join(run, "results.json")));
    const clean = await evaluate(run, "--device", "cpu", "--json");
    assertEquals(clean.code, 0, clean.stderr);
    assertEquals(JSON.parse(clean.stdout).confusion, own.confusion);
    // By the mean: a gain rounds samples otherwise, which moves log-mel values by up to 1e-4, and a forest of such a network has
    // votes so near a tie that one may turn.
    const asked = ["--device", "cpu", "--decide", "mean", "--under"];
    const { code, stdout, stderr } = await evaluate(run, ...asked, "gain:-15,gain:15,babble:-20", "--json");
    assertEquals(code, 0, stderr);
    const { confusion, under: [quiet, loud, crowd] } = JSON.parse(stdout);
    for (const gained of [quiet, loud]) {
      assertEquals([gained.confusion, gained.change, gained.won, gained.lost], [confusion, 0, 0, 0]);
    }
    assertEquals([quiet.condition, loud.condition, crowd.condition], ["gain:-15", "gain:15", "babble:-20"]);
    assert(crowd.won + crowd.lost > 0);
    const judged = (of: number[][]) => of.reduce((sum, row, k) => sum + row[k], 0);
    assertEquals(crowd.won - crowd.lost, judged(crowd.confusion) - judged(confusion));
    const shown = await evaluate(run, ...asked, "gain:-15,babble:-20");
    const percents = (shares: number[]) => shares.map((share) => `${(100 * share).toFixed(1)} %`).join(" +");
    assertMatch(
      shown.stdout,
      new RegExp(`\\nbabble:-20 +${percents([crowd.weightedAccuracy, crowd.unweightedAccuracy])} `),
    );
    assertMatch(
      shown.stdout,
      /\nunder +WA +UA +most often +change +won +lost +p\nclean .*\ngain:-15 .*\+0\.0 +0 +0 +1\.000\n/,
    );
    const both = await evaluate(run, "--corpus", "synthetic");
    assertEquals([both.code, /a run is judged on its own corpus/.test(both.stderr)], [2, true]);
  });
});

const fetched = await new Deno.Command(Deno.execPath(), {
  args: ["cache", "-q", "--config", "cli/codecs/deno.json", "cli/codecs/main.ts"],
  cwd: join(import.meta.dirname!, "../.."),
}).output();
const unfetched = fetched.success ? "" : " (the packages of cli/codecs are not here and can't be fetched)";

Deno.test({
  name:
    `what went through MP3 or Opus is what was sent, at the same time, and the nearer the more bits it had${unfetched}`,
  ignore: unfetched !== "",
  fn: testCodecs,
});

async function testCodecs() {
  const { samples } = await openSynthetic(3, { utterances: 5, speakers: 1 }).utterances[0].read(),
    sent = logMel(samples);
  /** Root mean square distance of log-mel frames, with an offset in frames. */
  const distance = (decoded: Float32Array, late = 0) => {
    const frames = logMel(decoded), from = 64 * 10, to = sent.length - from;
    let sum = 0;
    for (let i = from; i < to; i++) sum += (frames[i + 64 * late] - sent[i]) ** 2;
    return Math.sqrt(sum / (to - from));
  };
  const codecs = new Codecs();
  for (const [codec, low, high] of [["mp3", 16, 64], ["opus", 8, 64]] as const) {
    const [poor, good] = [await codecs.through(codec, samples, low), await codecs.through(codec, samples, high)];
    assertEquals([poor.length, good.length], [samples.length, samples.length]);
    const found = [distance(poor), distance(good)], others = [distance(good, -1), distance(good, 1)];
    assert(found[1] > 0 && found[1] < 0.8 * found[0], `${codec}: ${found}`);
    assert(Math.min(...others) > 1.2 * found[1], `${codec} is late: ${others}, ${found}`);
  }
  await codecs.close();
}

Deno.test("parseConditions() reads kinds and amounts, and names an invalid one", () => {
  const read = parseConditions("gain:-15, noise:20,telephone,room,room:0.8,mp3:32");
  assertEquals(read.map(({ name, amount }) => [name, amount]), [
    ["gain:-15", -15],
    ["noise:20", 20],
    ["telephone", 0],
    ["room", 0.5],
    ["room:0.8", 0.8],
    ["mp3:32", 32],
  ]);
  for (
    const wrong of ["", "echo", "gain", "gain:", "gain:x", "gain:61", "mp3:33", "opus:16.5", "telephone:8", "room:1:2"]
  ) {
    try {
      parseConditions(`noise:10,${wrong}`);
      throw new Error(`${wrong} was read`);
    } catch (error) {
      assert(error instanceof InvalidArgumentError && error.message.includes(`found "${wrong}"`), `${wrong}: ${error}`);
    }
  }
});
