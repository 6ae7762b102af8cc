/** `deno task corpus` from a user's view: its output on stdout and stderr, and its exit status. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { emodbDir, noEmodb } from "../emodb.ts";
import { tone, tones, withFolder } from "../corpora/folders.ts";

const root = join(import.meta.dirname!, "..", "..");

async function corpus(args: string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-P=corpus", "cli/corpus.ts", ...args],
    cwd: root,
    env: { NO_COLOR: "1", ...env },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  // not from the command: the runtime warns of permissions in deno.json
  const own = text(stderr).split("\n").filter((line) => !/^Warning Permissions in the config/.test(line)).join("\n");
  return { code, stdout: text(stdout), stderr: own };
}

Deno.test("corpus --json prints one document on stdout and nothing else there, even if files are skipped", async () => {
  await withFolder({ ...tones("angry/a.wav", "sad/b.wav"), "sad/c.wav": tone(0.01) }, async (dir) => {
    const { code, stdout, stderr } = await corpus([
      "--corpus",
      "folder",
      "--data",
      dir,
      "--segment-hop",
      "3",
      "--json",
    ]);
    assertEquals(code, 0, stderr);
    assertEquals(stderr, "");
    assertEquals(JSON.parse(stdout), {
      corpus: "folder",
      utterances: 2,
      seconds: 0.8,
      segments: 6,
      segmentHop: 3,
      emotions: ["anger", "sadness"],
      speakers: ["unknown"],
      texts: [],
      sessions: [],
      folds: [],
      perEmotion: {
        anger: { utterances: 1, seconds: 0.4, segments: 3 },
        sadness: { utterances: 1, seconds: 0.4, segments: 3 },
      },
      files: [
        { id: "angry/a", emotion: "anger", speaker: "unknown", seconds: 0.4, segments: 3 },
        { id: "sad/b", emotion: "sadness", speaker: "unknown", seconds: 0.4, segments: 3 },
      ],
      skipped: [{
        path: join(dir, "sad/c.wav"),
        reason: "expected at least 335 ms of sound, one segment, found 10 ms",
      }],
      findings: [],
    });
  });
});

Deno.test("corpus prints a table, and the skipped files with the reasons", async () => {
  await withFolder({ ...tones("angry/anna/a.wav", "sad/anna/b.wav"), "sad/anna/c.wav": tone(0.01) }, async (dir) => {
    const { code, stdout } = await corpus(["--corpus", "folder", "--data", dir]);
    assertEquals(code, 0);
    assertStrictEquals(
      stdout,
      [
        "corpus folder, 1 speaker (anna), segments every 1 frame (10 ms)",
        "",
        "emotion  utterances  seconds  segments",
        "anger             1      0.4         7",
        "sadness           1      0.4         7",
        "all               2      0.8        14",
        "",
        "skipped 1 file:",
        `  ${join(dir, "sad/anna/c.wav")}: expected at least 335 ms of sound, one segment, found 10 ms`,
        "",
      ].join("\n"),
    );
  });
});

Deno.test("corpus prints a mistake in one line without a stack; wrong usage is status 2, bad data status 1", async () => {
  await withFolder(tones("angry/a.wav"), async (dir) => {
    const cases: [args: string[], status: number, stderr: RegExp][] = [
      [["--sead", "3"], 2, /^error: unknown option '--sead'\n\(Did you mean --seed\?\)\n$/],
      [["--corpus", "emod"], 2, /^error: option '--corpus <kind>' argument 'emod' is invalid\. .*emodb.*\n$/],
      [["--corpus", "auto"], 2, /^error: --corpus auto requires --data, .*\n$/],
      [
        ["--corpus", "pattern", "--data", dir],
        2,
        /^error: The corpus pattern: --pattern: expected .*, found nothing\n$/,
      ],
      [
        ["--data", dir, "--pattern", "{speaker}"],
        2,
        /^error: --pattern: .*, found '\{speaker\}': expected \{emotion\}.*\n$/,
      ],
      [["--corpus", "tess", "--pattern", "{emotion}"], 2, /^error: --pattern is for --corpus pattern, .*\n$/],
      [["--data", dir, "--labels", "no.json"], 1, /\nerror: --labels no\.json: can't be read as JSON: .*\n$/],
      [["--seed", "1.5"], 2, /Expected a whole number >= 0, found "1\.5"\.\n$/],
      [["--segment-hop", "0"], 2, /Expected a whole number >= 1, found "0"\.\n$/],
      [
        ["--corpus", "emodb"],
        2,
        /^error: The corpus emodb: --data: expected the folder of the recordings, found nothing\n$/,
      ],
      [
        ["--corpus", "synthetic", "--data", dir],
        2,
        /^error: --data: expected none, since the corpus synthetic reads no recordings, .* --corpus .*\n$/,
      ],
      [
        ["--data", dir],
        1,
        /^corpus {4}folder: its folders are named by emotions: angry\nerror: .*: expected at least two emotions, found only one emotion, anger .*\n$/,
      ],
      [
        ["--corpus", "folder", "--data", dir, "--write", dir],
        2,
        /^error: --write requires --corpus synthetic, found .*\n$/,
      ],
      [
        ["--corpus", "emodb", "--data", join(dir, "none")],
        1,
        /^error: .*none: --data: expected the folder of the corpus, found nothing\n$/,
      ],
      [
        ["--corpus", "emodb", "--data", dir],
        1,
        /^error: .*: expected names like 03a01Fa\.wav .*, found 1 WAV file with other names .*\n$/,
      ],
      [["--corpus", "folder", "--data", dir], 1, /^error: .* only one emotion, anger .*\n$/],
    ];
    const results = await Promise.all(cases.map(([args]) => corpus(args)));
    for (const [i, [args, status, stderr]] of cases.entries()) {
      assertStrictEquals(results[i].code, status, args.join(" "));
      assertMatch(results[i].stderr, stderr);
      assertEquals(results[i].stdout, "");
    }
  });
  await withFolder({}, async (dir) => {
    const { code, stderr } = await corpus(["--corpus", "folder", "--data", dir]);
    assertEquals(code, 1);
    assertMatch(stderr, /^error: .*: expected one folder for each emotion.*, found no WAV file in it\n$/);
  });
});

Deno.test("corpus shows the stack with --debug, and with EPR_DEBUG=1", async () => {
  const wrong = ["--corpus", "emodb", "--data", "no such folder"];
  for (const { stderr } of [await corpus([...wrong, "--debug"]), await corpus(wrong, { EPR_DEBUG: "1" })]) {
    assertMatch(stderr, /^error: no such folder: --data: expected .*, found nothing\nOptionError: .*\n {4}at /);
  }
});

Deno.test("corpus --help shows every option, and examples", async () => {
  const { code, stdout } = await corpus(["--help"]);
  assertEquals(code, 0);
  for (const part of ["--corpus", "--data", "--segment-hop", "--json", "--write", "--seed", "Examples:\n", "emodb"]) {
    assert(stdout.includes(part), part);
  }
});

Deno.test("corpus --write writes recordings that --corpus csv reads as the same corpus, and the true emotion over time", async () => {
  await withFolder({}, async (dir) => {
    const made = await corpus(["--seed", "3", "--write", dir, "--json"]);
    assertEquals(made.code, 0, made.stderr);
    const read = await corpus(["--corpus", "csv", "--data", join(dir, "labels.csv"), "--json"]);
    assertEquals(read.code, 0, read.stderr);
    assertEquals({ ...JSON.parse(read.stdout), corpus: "synthetic" }, JSON.parse(made.stdout));

    const { seconds } = JSON.parse(made.stdout);
    const rows = (await Deno.readTextFile(join(dir, "truth.csv"))).trim().split("\n").slice(1);
    const told = rows.map((row) => row.split(",")).reduce(
      (sum, [, start, end]) => sum + Number(end) - Number(start),
      0,
    );
    assert(Math.abs(told - seconds) < 0.1, `truth.csv speaks of ${told} s of ${seconds}`);

    const again = await corpus(["--seed", "3", "--write", dir]);
    assertEquals(again.code, 1);
    assertMatch(again.stderr, /^error: --write .*: expected a new or an empty folder, found files in it\n$/);
  });
});

const emodb = emodbDir();
Deno.test({
  name: `corpus --json says of Emo-DB what the paper does: 535 utterances, 131,053 segments (${noEmodb})`,
  ignore: emodb === undefined,
  async fn() {
    const golden = JSON.parse(await Deno.readTextFile(join(root, "tests/golden/emodb_segments.json")));
    const { code, stdout, stderr } = await corpus(["--corpus", "emodb", "--data", emodb!, "--json"]);
    assertEquals(code, 0, stderr);
    const said = JSON.parse(stdout);
    assertEquals(said.utterances, 535);
    assertEquals(said.emotions.length, 7);
    assertEquals(said.speakers.length, 10);
    assertEquals(said.seconds.toFixed(1), "1487.1");
    assertEquals(said.segments, 131053);
    const files = said.files.map((file: { id: string; segments: number }) => [`${file.id}.wav`, file.segments]);
    assertEquals(Object.fromEntries(files), golden.segments_per_file);
  },
});
