/** `deno task paper` and `deno task report` from a user's view, on corpora in the layouts of CASIA and SAVEE. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { openSynthetic } from "../../corpora/synthetic.ts";
import { encodeWav } from "../../dsp/wav.ts";
import { PRESETS } from "../../refinery/presets.ts";
import { withFolder } from "../corpora/folders.ts";

const root = join(import.meta.dirname!, "..", "..");

async function run(task: "paper" | "report", ...args: string[]) {
  const permissions = task === "paper" ? "train" : "report";
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", `-P=${permissions}`, `cli/${task}.ts`, ...args],
    cwd: root,
    env: { NO_COLOR: "1" },
  }).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** Half a second of synthetic speech with an emotion, or the nearest that exists. */
const spoken = openSynthetic(3, { utterances: 40, speakers: 4 }).utterances;
async function speech(emotion: string, take: number): Promise<Uint8Array<ArrayBuffer>> {
  const nearest = { disgust: "anger", surprise: "happiness" }[emotion] ?? emotion;
  const takes = spoken.filter((utterance) => utterance.emotion === nearest);
  const { samples } = await takes[take % takes.length].read();
  const from = nearest === emotion ? 4000 : 4800; // never the same recording with two labels
  return encodeWav(samples.subarray(from, from + 8000), 16000);
}

/** Folders as in the corpora's own documentation, with two sentences for each emotion and speaker. */
async function casia(): Promise<Record<string, Uint8Array>> {
  const words = {
    angry: "anger",
    fear: "fear",
    happy: "happiness",
    neutral: "neutral",
    sad: "sadness",
    surprise: "surprise",
  };
  const files: Record<string, Uint8Array> = {};
  for (const [s, speaker] of ["liuchanhg", "wangzhe", "zhaoquanyin", "ZhaoZuoxiang"].entries()) {
    for (const [word, emotion] of Object.entries(words)) {
      for (const text of [201, 202]) files[`${speaker}/${word}/${text}.wav`] = await speech(emotion, 2 * s + text % 2);
    }
  }
  return files;
}
async function savee(): Promise<Record<string, Uint8Array>> {
  const codes = { a: "anger", d: "disgust", f: "fear", h: "happiness", n: "neutral", sa: "sadness", su: "surprise" };
  const files: Record<string, Uint8Array> = {};
  for (const [s, speaker] of ["DC", "JE", "JK", "KL"].entries()) {
    for (const [code, emotion] of Object.entries(codes)) {
      for (const n of [1, 2]) files[`AudioData/${speaker}/${code}0${n}.wav`] = await speech(emotion, 2 * s + n);
    }
  }
  return files;
}

const small = ["--preset", "paper", "--width", "1/32", "--epochs", "1", "--folds", "2", "--device", "cpu"];
const readJson = async (dir: string, ...names: string[]) => JSON.parse(await Deno.readTextFile(join(dir, ...names)));

Deno.test("paper runs CASIA with the paper's settings, and report --check recomputes every number of every table", async () => {
  await withFolder(await casia(), async (dir) => {
    const out = join(dir, "out");
    const { code, stdout, stderr } = await run("paper", "--corpus", "casia", "--data", dir, ...small, "--out", out);
    assertEquals(code, 0, stderr);
    for (const number of [2, 3, 4]) assertMatch(stdout, new RegExp(`^Table ${number}\\. `, "m"));
    assertMatch(stdout, /^VGG\*⁵ .* 94\.24\s\/ 94\.24$/m);

    const config = await readJson(out, "seed-1", "pEPR", "config.json");
    const changed = { width: 1 / 32, epochs: 1, folds: 2, segmentHop: 3 };
    assertEquals(config.settings, { ...PRESETS.paper, ...changed });
    assertEquals(config.corpus.utterances, 4 * 6 * 2);
    assertEquals(config.corpus.segments, 48 * 6); // 48 frames: 1 + floor((48 - 32) / 3)

    const checked = await run("report", out, "--check");
    assertEquals(checked.code, 0, checked.stderr);
    assertMatch(checked.stdout, /^\d+ numbers in 8 tables recomputed: all as shown\n$/);

    // a number that differs from the run's is found and named, on the page and in the run's files
    const page = join(out, "report.html"), html = await Deno.readTextFile(page);
    await Deno.writeTextFile(page, html.replace(/(<th scope="row">VGG²<\/th><td class="n">)[^<]*/, "$199.99"));
    const forged = await run("report", out, "--check");
    assertEquals(forged.code, 1);
    assertMatch(
      forged.stderr,
      /^Table 2\. Standard refinery \(sEPR\), VGG², WA: shown 99\.99, recomputed \d+\.\d\d\n$/,
    );
    const file = join(out, "seed-1", "sEPR", "results.json"), results = await readJson(file);
    results.stages[2].labelEntropy += 0.01;
    await Deno.writeTextFile(file, JSON.stringify(results));
    assertEquals((await run("report", out)).code, 0);
    assertMatch((await run("report", out, "--check")).stderr, /^Labels and profiles, .*, Label entropy: shown .*\n$/);
  });
});

Deno.test("paper runs SAVEE with the paper's settings, by speaker and for two seeds, and resumes after a stop", async () => {
  await withFolder(await savee(), async (dir) => {
    const out = join(dir, "out"), data = ["--corpus", "savee", "--data", join(dir, "AudioData")];
    const args = [...data, ...small, "--split", "speaker", "--out", out];
    await Deno.mkdir(join(out, "seed-1", "pEPR"), { recursive: true });
    // the folder of a paper that was killed before its first run
    await Deno.writeTextFile(join(out, "paper.json"), '{"chains":[{"method":"pEPR","stages":5}],"seeds":[1]}');
    const first = await run("paper", ...args, "--quiet");
    assertEquals(first.code, 0, first.stderr);
    const config = await readJson(out, "seed-1", "sEPR", "config.json");
    const changed = { method: "sEPR", stages: 3, split: "speaker", width: 1 / 32, epochs: 1, folds: 2, segmentHop: 1 };
    assertEquals(config.settings, { ...PRESETS.paper, ...changed });
    assertEquals(config.corpus.segments, 4 * 7 * 2 * 17); // 48 frames: 1 + (48 - 32)

    // another run in the folder is refused; one that was stopped in its last chain is resumed, and a seed is added
    assertMatch((await run("paper", ...args)).stderr, /^error: .*: --out: expected a new or an empty folder/);
    await Deno.remove(join(out, "seed-1", "soft-static"), { recursive: true });
    const log = join(out, "seed-1", "pEPR", "log.jsonl"), before = await Deno.readTextFile(log);
    const again = await run("paper", "--resume", "--out", out, "--seeds", "2", "--json");
    assertEquals(again.code, 0, again.stderr);
    assertStrictEquals(await Deno.readTextFile(log), before);
    const [two] = JSON.parse(again.stdout);
    assertEquals(two.head, ["Model", "WA", "UA", "The paper: WA / UA"]);
    const pair = await Promise.all([1, 2].map((seed) => readJson(out, `seed-${seed}`, "sEPR", "results.json")));
    const [a, b] = pair.map(({ stages }) => 100 * stages[1].weightedAccuracy);
    const half = 12.7062 * Math.abs(a - b) / 2; // t with one degree of freedom, times s / sqrt(2)
    assertEquals(two.rows[1][1], `${((a + b) / 2).toFixed(2)} ± ${half.toFixed(2)}`);
    assertEquals(two.rows[1][3], "71.88\u00a0/ 70.64");

    // the report works without the recordings
    await Deno.rename(join(dir, "AudioData"), join(dir, "elsewhere"));
    const report = await run("report", out);
    assertEquals(report.code, 0, report.stderr);
    assertMatch(await Deno.readTextFile(join(out, "report.html")), /Its recording was not available/);
    const checked = await run("report", out, "--check");
    assertEquals(checked.code, 0, checked.stderr);
  });
});

Deno.test("paper runs only the requested table up to the requested stage, and adds another's", async () => {
  await withFolder(await savee(), async (dir) => {
    const out = join(dir, "out"), data = ["--corpus", "savee", "--data", join(dir, "AudioData")];
    const first = await run("paper", ...data, ...small, "--tables", "2", "--stages", "2", "--out", out, "--json");
    assertEquals(first.code, 0, first.stderr);
    type Table = { id: string; rows: string[][] };
    const ids = (tables: Table[]) => tables.map(({ id }) => id).filter((id) => id.startsWith("table-"));
    const wa = ({ rows }: Table) => rows.map(([, weighted]) => weighted);
    const alone: Table[] = JSON.parse(first.stdout), [two] = alone;
    assertEquals(ids(alone), ["table-2", "table-3"]); // two rows of Table 3 are those of Table 2
    assertMatch(wa(two).join(" "), /^\d+\.\d\d \d+\.\d\d –$/);

    const longer = await run("paper", "--resume", "--out", out, "--tables", "2");
    assertEquals(longer.code, 2);
    assertMatch(
      longer.stderr,
      /--stages: expected at most 2, as the chain sEPR in .* has, found 3; a chain can't be made longer/,
    );

    const log = () => Deno.readTextFile(join(out, "seed-1", "sEPR", "log.jsonl")), before = await log();
    const added = await run("paper", "--resume", "--out", out, "--tables", "4", "--stages", "2", "--json");
    assertEquals(added.code, 0, added.stderr);
    assertMatch(added.stderr, /^networks {2}6$/m); // two folds: stage 1, stage 2 of sEPR and of pEPR
    assertStrictEquals(await log(), before);
    const tables: Table[] = JSON.parse(added.stdout);
    assertEquals(ids(tables), ["table-2", "table-3", "table-4"]);
    assertEquals(wa(tables[0]), wa(two));
    assertEquals((await readJson(out, "paper.json")).chains, [
      { method: "sEPR", stages: 2 },
      { method: "pEPR", stages: 2 },
    ]);
    assertEquals((await run("report", out, "--check")).code, 0);
  });
});

Deno.test("paper and report print a user's mistake in one line", async () => {
  await withFolder({ "empty/note.txt": "" }, async (dir) => {
    const mistakes: [task: "paper" | "report", args: string[], code: number, says: RegExp][] = [
      ["paper", ["--method", "sEPR"], 2, /unknown option '--method'/],
      ["paper", ["--tables", "2,5"], 2, /Expected numbers of tables from 2 to 4, as in 2,4, found "5"/],
      ["paper", ["--stages", "1"], 2, /Expected a whole number from 2 to 5/],
      ["paper", ["--resume"], 2, /--resume requires --out/],
      ["paper", ["--resume", "--out", dir], 1, /--out .*: expected a folder of deno task paper, found no paper\.json/],
      ["report", [], 2, /missing required argument 'run'/],
      ["report", [join(dir, "empty")], 1, /empty: expected the folder of a run/],
    ];
    for (const [task, args, code, says] of mistakes) {
      const said = await run(task, ...args);
      assertMatch(said.stderr, says);
      assertStrictEquals(said.code, code, said.stderr);
    }
  });
});
