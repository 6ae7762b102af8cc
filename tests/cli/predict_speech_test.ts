/** `deno task predict` with pauses, channels and live input, and its label files. */
import { assert, assertEquals, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { basename, join } from "@std/path";
import { channelOption, checkUsage, type PredictFlags } from "../../cli/predict_options.ts";
import { encodeWav } from "../../dsp/wav.ts";
import { writeModel } from "../../models/write_folder.ts";
import { profileStatistics } from "../../refinery/statistics.ts";
import { tinyCorpus, trainTinyModel } from "../models/tiny_model.ts";
import { device, emotions, model, predict, spawn, withModel } from "./predicting.ts";
import { UsageError } from "../../cli/common.ts";
import { InvalidArgumentError } from "commander";

const RATE = 16000;
const K = emotions.length;
const spoken = await Promise.all(tinyCorpus.utterances.slice(0, 4).map(async (one) => (await one.read()).samples));

/** A second of silence, an utterance, two seconds of silence. */
const paused = (which: number, before = 1, after = 2) =>
  Float32Array.from([...new Float32Array(RATE * before), ...spoken[which], ...new Float32Array(RATE * after)]);

/** A wav file with several channels. */
function encodeChannels(...channels: Float32Array[]): Uint8Array {
  const frames = Math.max(...channels.map(({ length }) => length)), n = channels.length;
  const bytes = encodeWav(
    Float32Array.from({ length: frames * n }, (_, i) => channels[i % n][Math.floor(i / n)] ?? 0),
    RATE,
  );
  const view = new DataView(bytes.buffer);
  view.setUint16(22, n, true);
  view.setUint32(28, 2 * n * RATE, true);
  view.setUint16(32, 2 * n, true);
  return bytes;
}

Deno.test("predict marks pauses and judges by the rest; --all judges them too", async () => {
  await withModel({ "paused.wav": encodeWav(paused(0), RATE) }, async (dir, options) => {
    const ask = async (...more: string[]) => {
      const { code, stdout, stderr } = await predict([
        join(dir, "paused.wav"),
        "--json",
        "--profile",
        ...more,
        ...options,
      ]);
      assertEquals([code, stderr], [0, ""]);
      return JSON.parse(stdout).recordings[0];
    };
    type Row = { start: number; probabilities: number[]; speech: boolean };
    const own = await ask(), all = await ask("--all"), rows: Row[] = own.profile;
    // an utterance of `long` seconds begins at 1 s; a segment lasts 0.335 s and counts if half of it is speech
    const long = spoken[0].length / RATE;
    for (const { start, speech } of rows) {
      if (start + 0.335 < 1 || start > 1 + long + 0.25) assert(!speech, `${start}`);
      if (start > 1.2 && start + 0.335 < 1 + long - 0.2) assert(speech, `${start}`);
    }
    assertEquals(own.speechSegments, rows.filter(({ speech }) => speech).length);
    assertEquals([all.speechSegments, all.segments], [rows.length, rows.length]);
    assert(all.profile.every(({ speech }: Row) => speech));
    // the forest's result on the rest, computed here
    const rest = Float32Array.from(rows.filter(({ speech }) => speech).flatMap(({ probabilities }) => probabilities));
    const wanted = model.forest.predictProbabilities(profileStatistics(rest, K));
    assertEquals(Object.values(own.probabilities), [...wanted]);
    const whole = Float32Array.from(rows.flatMap(({ probabilities }) => probabilities));
    const wantedOfAll = model.forest.predictProbabilities(profileStatistics(whole, K));
    assertEquals(Object.values(all.probabilities), [...wantedOfAll]);
  });
});

Deno.test("predict --channel uses one channel, or each separately, from files and from standard input", async () => {
  const [left, right] = [paused(1), paused(2, 0.5, 1)];
  const files = {
    "call.wav": encodeChannels(left, right),
    "left.wav": encodeWav(left, RATE),
    "right.wav": encodeWav(
      Float32Array.from({ length: Math.max(left.length, right.length) }, (_, i) => right[i] ?? 0),
      RATE,
    ),
    "half.wav": encodeChannels(left, new Float32Array(left.length), right),
  };
  await withModel(files, async (dir, options) => {
    const rows = async (args: string[], input?: Uint8Array) => {
      const { stdout, stderr, code } = await predict([...args, "--csv", ...options], input);
      return { code, stderr, rows: stdout.trimEnd().split("\n").slice(1).map((line) => line.split(",")) };
    };
    const alone = (await rows([join(dir, "left.wav"), join(dir, "right.wav")])).rows;
    const probabilities = (row: string[]) => [row[1], ...row.slice(5)];
    for (const [channel, which] of [["left", 0], ["2", 1]] as const) {
      const { code, rows: [row] } = await rows([join(dir, "call.wav"), "--channel", channel]);
      assertEquals([code, probabilities(row)], [0, probabilities(alone[which])]);
    }
    for (const input of [undefined, files["call.wav"]]) {
      const name = input ? "standard input" : join(dir, "call.wav");
      const each = await rows([input ? "-" : name, "--channel", "each"], input);
      assertEquals([each.code, each.stderr], [0, ""]);
      assertEquals(each.rows.map(([file]) => file), [`${name}:left`, `${name}:right`]);
      assertEquals(each.rows.map(probabilities), alone.map(probabilities));
    }
    const half = await rows([join(dir, "half.wav"), "--channel", "each"]);
    assertEquals([half.code, half.rows.map(([file]) => basename(file))], [1, [
      "half.wav:channel 1",
      "half.wav:channel 3",
    ]]);
    assertMatch(half.stderr, /^error: .*half\.wav:channel 2: silent: .*\n$/);
    const none = await rows([join(dir, "left.wav"), "--channel", "right"]);
    assertMatch(none.stderr, /^error: .*left\.wav: expected a channel 2, found one in all\n$/);
  });
});

Deno.test("predict --format prints one recording's labels, and writes those of many with --out", async () => {
  const files = {
    "a.wav": encodeWav(paused(0), RATE),
    "b/c.wav": encodeChannels(paused(1), paused(2)),
    "b/d.WAV": encodeWav(paused(3), RATE),
  };
  await withModel(files, async (dir, options) => {
    const printed = await predict([join(dir, "a.wav"), "--format", "audacity", ...options]);
    assertEquals([printed.code, printed.stderr], [0, ""]);
    const lines = printed.stdout.trimEnd().split("\n").map((line) => line.split("\t"));
    assertEquals([lines[0][2], lines.at(-1)![2]], ["no speech", "no speech"]);
    assertEquals([Number(lines[0][0]), Number(lines.at(-1)![1])], [0, paused(0).length / RATE]);
    assert(
      lines.length > 2 && lines.slice(1, -1).every(([, , text]) => emotions.some((one) => text.startsWith(`${one} `))),
    );

    const piped = await predict(["-", "--format", "vtt", ...options], files["a.wav"]);
    assertMatch(piped.stdout, /^WEBVTT\n\n00:00:00\.000 --> 00:00:\d\d\.\d{3}\nno speech\n/);

    const out = join(dir, "labels");
    const written = await predict([
      join(dir, "b"),
      "--format",
      "textgrid",
      "--out",
      out,
      "--channel",
      "each",
      ...options,
    ]);
    assertEquals(written.code, 0, written.stderr);
    assertEquals(written.stdout.trimEnd().split("\n").length, 3); // the lines for people are printed too
    assertEquals([...Deno.readDirSync(out)].map(({ name }) => name).sort(), [
      "c.left.TextGrid",
      "c.right.TextGrid",
      "d.channel_1.TextGrid",
    ]);
    const again = await predict([
      join(dir, "a.wav"),
      join(dir, "b/../a.wav"),
      "--format",
      "eaf",
      "--out",
      out,
      ...options,
    ]);
    assertEquals(again.code, 1);
    assertMatch(again.stderr, /^error: .*a\.wav: its labels would overwrite those of .*a\.wav: .*a\.eaf\n/);
  });
});

Deno.test("predict --explain prints the votes of the forest, from which the probability is recomputed", async () => {
  await withModel({ "paused.wav": encodeWav(paused(3), RATE) }, async (dir, options) => {
    const file = join(dir, "paused.wav"), trees = model.forest.trees.length;
    const { code, stdout, stderr } = await predict([file, "--explain", ...options]);
    assertEquals([code, stderr], [0, ""]);
    const [line, ...lines] = stdout.trimEnd().split("\n");
    const [, emotion, shown] = /\.wav +(\w+) +(\d+\.\d) %/.exec(line)!;
    // once from the table of votes, once from the trees' lines
    const votes = new Map(
      emotions.map((one) => [one, Number(/ ([\d.]+)$/.exec(lines.find((row) => row.startsWith(`${one} `))!)![1])]),
    );
    const said = lines.filter((row) => /^ +tree +\d+: /.test(row)), counted = new Map(emotions.map((one) => [one, 0]));
    assertEquals(said.length, trees);
    for (const row of said) {
      for (const one of row.replace(/^.*?: | since .*/g, "").split(", ")) {
        const [name, share = "1"] = one.split(" ");
        counted.set(name, counted.get(name)! + Number(share));
      }
    }
    const json = JSON.parse((await predict([file, "--explain", "--json", ...options])).stdout).recordings[0];
    for (const one of emotions) {
      for (const sum of [votes.get(one)!, counted.get(one)!, json.explanation.votes[one]]) {
        assert(
          Math.abs(sum / trees - json.probabilities[one]) < 1e-5,
          `${one}: ${sum} votes, ${json.probabilities[one]}`,
        );
      }
    }
    assertStrictEquals((100 * votes.get(emotion)! / trees).toFixed(1), shown);
    assertEquals(json.explanation.trees.length, trees);
  });
});

Deno.test("predict's options that contradict each other are refused", () => {
  const mistakes: [flags: Partial<PredictFlags>, names: string[], says: RegExp][] = [
    [{ out: "labels" }, ["a.wav"], /--out requires --format/],
    [{ format: "eaf", json: true }, ["a.wav"], /--format and --json exclude each other/],
    [{ format: "eaf", channel: "each" }, ["a.wav"], /--format requires one channel, found --channel each/],
    [{ svg: "x.svg", channel: "each" }, ["a.wav"], /--svg requires one channel, found --channel each/],
    [{ explain: true, decide: "mean" }, ["a.wav"], /--explain requires --decide forest, found --decide mean/],
    [{ explain: true, csv: true }, ["a.wav"], /--explain and --csv exclude each other/],
    [{ explain: true, format: "eaf" }, ["a.wav"], /--explain and --format both print/],
    [{ live: true }, ["a.wav"], /--live reads only standard input/],
    [{ live: true }, ["-", "a.wav"], /--live reads only standard input/],
    [{ live: true, json: true }, ["-"], /--live and --json exclude each other/],
    [{ live: true, channel: "each" }, ["-"], /--live requires one channel, found --channel each/],
  ];
  for (const [flags, names, says] of mistakes) {
    assertMatch(
      assertThrows(() => checkUsage({ top: 1, decide: "forest", device: "cpu", ...flags }, names), UsageError).message,
      says,
    );
  }
  checkUsage({ top: 1, decide: "forest", device: "cpu", live: true, csv: true, channel: 1, all: true }, ["-"]);
  assertEquals(["left", "right", "each", "1", "12"].map(channelOption), [0, 1, "each", 0, 11]);
  for (const wrong of ["middle", "0", "-1", "1.5", ""]) {
    assertMatch(
      assertThrows(() => channelOption(wrong), InvalidArgumentError).message,
      new RegExp(`Expected left, right, each or a number from 1, found "${wrong}"`),
    );
  }
});

/** Largest delay, in seconds, between a second's last sample and its line. */
const SOON = 1.5;

Deno.test(`predict --live prints a line a second within ${SOON} s of the sound, marks pauses, and ends with the whole`, async () => {
  const samples = Float32Array.from([...paused(0, 1.5, 3), ...spoken[3]]), file = encodeWav(samples, RATE);
  await withModel({ "all.wav": file }, async (dir, options) => {
    const args = options.filter((option) => option !== "--quiet"), child = spawn(["-", "--live", ...args]);
    const listening = Promise.withResolvers<void>();
    (async () => {
      for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
        if (text.includes("device ")) listening.resolve();
      }
      listening.resolve();
    })();
    const lines: { text: string; at: number }[] = [];
    const reading = (async () => {
      let rest = "";
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
        const whole = (rest + text).split("\n");
        rest = whole.pop()!;
        lines.push(...whole.map((text) => ({ text, at: performance.now() })));
      }
    })();
    await listening.promise;
    // at the sound's own pace, a tenth of a second at a time, like a microphone; its header has no length
    const header = file.slice(0, 44), writer = child.stdin.getWriter(), began = performance.now();
    new DataView(header.buffer).setUint32(40, 0xffffffff, true);
    await writer.write(header);
    for (let at = 44, n = 1; at < file.length; at += 3200, n++) {
      await new Promise((done) => setTimeout(done, began + 100 * n - performance.now()));
      await writer.write(file.subarray(at, at + 3200));
    }
    await writer.close();
    await reading;
    assertEquals((await child.status).code, 0);
    const whole = Math.floor(samples.length / RATE);
    assertEquals(lines.length, whole + 1, lines.map(({ text }) => text).join("\n"));
    for (let second = 1; second <= whole; second++) {
      const { text, at } = lines[second - 1], late = (at - began) / 1000 - second;
      assert(late < SOON, `second ${second} came ${late.toFixed(2)} s after its sound`);
      assertMatch(text, new RegExp(`^ {5}${second} s  (no speech|(${emotions.join("|")}) +\\d+\\.\\d %)$`));
    }
    // silence until 1.5 s, then `long` seconds of speech, then 3 s of silence. A second has no speech if none of the segments that
    // end in it has any; the hangover is 0.2 s, so 2 s after the speech one such second has passed
    const long = spoken[0].length / RATE, isQuiet = (second: number) => lines[second - 1].text.includes("no speech");
    assert(
      isQuiet(1) && isQuiet(Math.floor(1.5 + long + 3)) && !isQuiet(Math.floor(1.5 + long)),
      JSON.stringify(lines),
    );
    const end = lines.at(-1)!.text, length = (samples.length / RATE).toFixed(2);
    assertMatch(end, new RegExp(`^standard input {2}\\w+ +\\d+\\.\\d %  +${length} s$`));

    // if everything is judged, the whole equals the result for the file
    const live = await predict(["-", "--live", "--all", ...options], file);
    const known = await predict([join(dir, "all.wav"), "--all", ...options]);
    assertStrictEquals(
      live.stdout.trimEnd().split("\n").at(-1),
      known.stdout.trimEnd().replace(join(dir, "all.wav"), "standard input"),
    );
    const csv = (await predict(["-", "--live", "--csv", ...options], file)).stdout.trimEnd().split("\n");
    assertStrictEquals(csv[0], ["second", "emotion", "probability", ...emotions].join(","));
    assertEquals(
      csv.slice(1).map((row) => [row.split(",").length, row.split(",")[0]]),
      Array.from({ length: whole }, (_, i) => [3 + K, `${i + 1}`]),
    );
  });
});

Deno.test("predict --live with a model that levels gives the same result 20 dB louder, once a second is over", async () => {
  const levelled = (await trainTinyModel(device, 32, "percentile")).bytes,
    how = ["--live", "--all", "--csv", "--decide", "mean"];
  const loud = Float32Array.from(spoken.flatMap((own) => [...own]), (x) => x / 2), soft = loud.map((x) => x / 10);
  await withModel({}, async (_, options) => {
    /** The rows of seconds, from the fifth on, whose three-second window excludes the first second. */
    const secondsOf = async (samples: Float32Array) => {
      const { code, stdout, stderr } = await predict(
        ["-", ...how, ...options],
        encodeWav(samples, RATE),
      );
      assertEquals(code, 0, stderr);
      return stdout.trimEnd().split("\n").slice(5).map((row) => row.split(",").slice(3).map(Number));
    };
    const apart = (a: number[][], b: number[][]) => Math.max(...a.flat().map((p, i) => Math.abs(p - b.flat()[i])));
    const plain = apart(await secondsOf(loud), await secondsOf(soft));
    await writeModel(options[options.indexOf("--model") + 1], levelled);
    const rows = await secondsOf(loud), own = apart(rows, await secondsOf(soft));
    assert(rows.length > 0 && own < plain / 4, `${rows.length} seconds: ${own} apart, without a level ${plain}`);
  });
});

Deno.test({
  name: "predict --live judges at Ctrl-C what it has read until then, and ends with 130",
  ignore: Deno.build.os === "windows", // has no such signal
  async fn() {
    await withModel({}, async (_, options) => {
      const child = spawn(["-", "--live", ...options]), writer = child.stdin.getWriter();
      const file = encodeWav(Float32Array.from([...spoken[0], ...spoken[1]]), RATE);
      new DataView(file.buffer).setUint32(40, 0xffffffff, true);
      await writer.write(file); // without an end
      let printed = "";
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
        const before = printed;
        printed += text;
        if (before === "") child.kill("SIGINT"); // after the first second's line
      }
      const { code } = await child.status;
      await child.stderr.cancel();
      await writer.close().catch(() => {});
      assertEquals(code, 130);
      assertMatch(printed, /^ {5}1 s [^]*\nstandard input {2}\w+ +\d+\.\d % +\d\.\d\d s\n$/);
    });
  },
});
