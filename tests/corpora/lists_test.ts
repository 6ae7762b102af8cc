/** Lists from other machines and programs: whatever their encoding and form, the same corpus is read. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { assertOptionError } from "../option_errors.ts";
import { basename, join, relative } from "@std/path";
import { decodeText, readTable } from "../../corpora/csv.ts";
import { extractFeatures } from "../../corpora/features.ts";
import { openCorpus } from "../../corpora/open.ts";
import { recogniseCorpus } from "../../corpora/recognise.ts";
import { logMel } from "../../dsp/log_mel.ts";
import { decodeRecording } from "../../dsp/recording.ts";
import { encodeWav } from "../../dsp/wav.ts";
import { assignFolds } from "../../refinery/folds.ts";
import { emodbDir, noEmodb } from "../emodb.ts";
import { tone, tones, withFolder } from "./folders.ts";
import { assertFileError } from "../file_errors.ts";

const files = tones("sub/angry0.wav", "sub/angry1.wav", "sub/sad0.wav", "sub/sad1.wav");
const rows = Object.keys(files).map((file) => [file, /[a-z]+/.exec(basename(file))![0]]);
const list = (separator: string, end: string, form = (file: string) => file) =>
  [["path", "emotion"], ...rows].map(([file, emotion], i) => [i === 0 ? file : form(file), emotion].join(separator))
    .join(end) + end;

/** 3 s with rising pitch, so that all parts differ. */
const long = encodeWav(Float32Array.from({ length: 48000 }, (_, i) => 0.3 * Math.sin(i * (i * 1e-6 + 0.1))), 16000);

function utf16(text: string, { little = true, mark = true } = {}): Uint8Array {
  const units = [...mark ? [0xfeff] : [], ...[...text].map((letter) => letter.charCodeAt(0))];
  const view = new DataView(new ArrayBuffer(2 * units.length));
  units.forEach((unit, i) => view.setUint16(2 * i, unit, little));
  return new Uint8Array(view.buffer);
}

/** One list in many forms. */
const forms: Record<string, string | Uint8Array> = {
  "BOM, CRLF and backslashes": "\uFEFF" + list(",", "\r\n", (file) => file.replaceAll("/", "\\")),
  "UTF-16, little-endian": utf16(list(",", "\r\n")),
  "UTF-16, big-endian": utf16(list("\t", "\r\n"), { little: false }),
  "UTF-16 without a mark": utf16(list(",", "\n"), { mark: false }),
  "big-endian UTF-16 without a mark": utf16(list(";", "\n"), { little: false, mark: false }),
  semicolons: list(";", "\r\n"),
  tabs: list("\t", "\n"),
  bars: list("|", "\n"),
  "old Macintosh line ends": list(",", "\r"),
  ".WAV for .wav": list(",", "\n", (file) => file.replace(".wav", ".WAV")),
  "no extension": list(",", "\n", (file) => file.replace(".wav", "")),
  "other case": list(",", "\n", (file) => file.replace("sub/", "Sub/")),
  "a dot before": list(",", "\n", (file) => `./${file}`),
  "a drive of another machine": list(",", "\r\n", (file) => `C:\\Users\\me\\corpus\\${file.replaceAll("/", "\\")}`),
  "a path of another machine": list(",", "\n", (file) => `/home/somebody/corpus/${file}`),
  "a separator at the end of each line": list(",", ",\n"),
};

for (const [form, content] of Object.entries(forms)) {
  Deno.test(`--corpus csv reads a list with ${form}`, async () => {
    await withFolder({ ...files, "list.csv": content }, async (dir) => {
      const corpus = await openCorpus("csv", { data: join(dir, "list.csv") });
      assertEquals(corpus.utterances.map(({ path: file, emotion }) => [relative(dir, file!), emotion]), [
        ["sub/angry0.wav", "anger"],
        ["sub/angry1.wav", "anger"],
        ["sub/sad0.wav", "sadness"],
        ["sub/sad1.wav", "sadness"],
      ]);
      assertEquals(corpus.skipped, []);
      assertEquals((await recogniseCorpus(dir)).kind, "csv");
    });
  });
}

Deno.test("--corpus csv finds a file whose name is in the other Unicode form, and gives it one id", async () => {
  const composed = "na\u00efve.wav", decomposed = "na\u0069\u0308ve.wav";
  for (const [there, listed] of [[composed, decomposed], [decomposed, composed]]) {
    const csv = `path,emotion\n${listed},tre\u0301s\nb.wav,tr\u00e9s\nc.wav,sad\n`;
    await withFolder({ ...tones(there, "b.wav", "c.wav"), "labels.csv": csv }, async (dir) => {
      const { utterances, emotions } = await openCorpus("csv", { data: dir });
      assertEquals(utterances.map(({ id }) => id), ["b", "c", "na\u00efve"]);
      assertEquals(emotions, ["sadness", "tr\u00e9s"]);
    });
  }
});

Deno.test("--corpus csv does not guess between two files, and prefers an exact name to a folded one", async () => {
  const csv = "path,emotion\nA.wav,angry\na.wav,sad\nA.WAV,sad\n";
  await withFolder({ ...tones("A.wav", "a.wav"), "labels.csv": csv }, async (dir) => {
    const { utterances, skipped } = await openCorpus("csv", { data: dir });
    assertEquals(utterances.map(({ path: file }) => basename(file!)), ["A.wav", "a.wav"]);
    assertMatch(skipped[0].reason, /no such file \(labels\.csv, line 4\)/);
  });
});

Deno.test("--corpus csv finds columns by their usual names", async () => {
  const headers = [
    "file,label,spk,transcript",
    "Filename,Category,Actor,Sentence",
    "WAV,Target,Speaker ID,Text",
    "audio,Emotion Label,speaker_id,transcription",
  ];
  for (const header of headers) {
    const csv = `n,${header},more\n1,a.wav,joy,anna,Oh,x\n2,b.wav,sad,ben,No,y\n`;
    await withFolder({ ...tones("a.wav", "b.wav"), "labels.csv": csv }, async (dir) => {
      const { utterances } = await openCorpus("csv", { data: dir });
      assertEquals(utterances.map(({ emotion, speaker, text }) => [emotion, speaker, text]), [
        ["happiness", "anna", "Oh"],
        ["sadness", "ben", "No"],
      ], header);
    });
  }
});

Deno.test("--corpus csv cuts parts from long recordings, in seconds, milliseconds or minutes", async () => {
  const other = tone(2, 500);
  const tables = [
    "path,emotion,start,end\nlong.wav,angry,0.5,1.25\nlong.wav,sad,1.25,2\nother.wav,sad,,\n",
    "path,emotion,start_ms,end_ms\nlong.wav,angry,500,1250\nlong.wav,sad,1250,2000\nother.wav,sad,,\n",
    "path,emotion,start,duration\nlong.wav,angry,0.5,0.75\nlong.wav,sad,1.25,0.75\nother.wav,sad,,9\n",
    "path;emotion;begin;stop\nlong.wav;angry;0,5;1,25\nlong.wav;sad;0:01,25;00:00:02\nother.wav;sad;;\n",
  ];
  for (const table of tables) {
    await withFolder({ "long.wav": long, "other.wav": other, "labels.csv": table }, async (dir) => {
      const corpus = await openCorpus("csv", { data: dir });
      assertEquals(corpus.utterances.map(({ id }) => id), ["long#0.5-1.25", "long#1.25-2", "other"]);
      const { samples } = decodeRecording(long, "long");
      const cut = await corpus.utterances[0].read();
      assertEquals(cut.samples, samples.slice(8000, 20000));
      assertEquals(cut.seconds, 0.75);
      for (const threads of [1, 2]) {
        const features = await extractFeatures(corpus, { threads });
        const { frames, utterances } = features, [first] = utterances;
        assertEquals(frames.subarray(0, 64 * first.frameCount), logMel(samples.slice(8000, 20000)));
        assertEquals(utterances.map(({ seconds }) => seconds), [0.75, 0.75, 2]);
        assertEquals(new Set(utterances.map(({ digest }) => digest)).size, 3);
      }
    });
  }
});

Deno.test("a part outside its recording is skipped and reported", async () => {
  const table =
    "path,emotion,start,end\nlong.wav,angry,0.5,1.5\nlong.wav,sad,2,3.05\nlong.wav,sad,1,9\nlong.wav,sad,4,5\n";
  await withFolder({ "long.wav": long, "labels.csv": table }, async (dir) => {
    const { utterances, skipped } = await extractFeatures(await openCorpus("csv", { data: dir }), { threads: 1 });
    // half a tenth of a second beyond the end counts as rounding
    assertEquals(utterances.map(({ id, seconds }) => `${id} ${seconds}`), ["long#0.5-1.5 1", "long#2-3.05 1"]);
    assertEquals(skipped.map(({ reason }) => reason), [
      "expected a part within the recording's 3 s, found 1 to 9 s",
      "expected a part within the recording's 3 s, found 4 to 5 s",
    ]);
  });
});

Deno.test("columns with the names of emotions are votes: the most likely is the label, a tie follows the order of emotions", async () => {
  const table = 'path,Angry,sad,neutral,speaker\na.wav,3,1,0,x\nb.wav,0,2,2,x\nc.wav,,,,x\nd.wav,"0,5",0,1.5,y\n';
  await withFolder({ ...tones("a.wav", "b.wav", "c.wav", "d.wav"), "labels.csv": table }, async (dir) => {
    const corpus = await openCorpus("csv", { data: dir });
    assertEquals(corpus.utterances.map(({ emotion }) => emotion), ["anger", "neutral", "neutral"]);
    assertMatch(corpus.skipped[0].reason, /it has no votes \(labels\.csv, line 4\)/);
    const { utterances, emotions } = await extractFeatures(corpus, { threads: 1 });
    assertEquals(emotions, ["anger", "neutral", "sadness"]);
    assertEquals(utterances.map(({ votes }) => votes), [[0.75, 0, 0.25], [0, 0.5, 0.5], [0.25, 0.75, 0]]);
    const hard = await openCorpus("csv", { data: dir, softLabels: false });
    assertEquals(hard.utterances.map(({ emotion, votes }) => [emotion, votes]), [
      ["anger", undefined],
      ["neutral", undefined],
      ["neutral", undefined],
    ]);
  });
});

Deno.test("a column of emotions beside the votes is the label, and --no-soft-labels uses it alone", async () => {
  const table = "path,emotion,anger,fear\na.wav,fear,3,1\nb.wav,anger,0,0\n";
  await withFolder({ ...tones("a.wav", "b.wav"), "labels.csv": table }, async (dir) => {
    const { utterances } = await openCorpus("csv", { data: dir });
    assertEquals(utterances.map(({ emotion, votes }) => [emotion, votes]), [
      ["fear", { anger: 3, fear: 1 }],
      ["anger", undefined],
    ]);
    const hard = await openCorpus("csv", { data: dir, softLabels: false });
    assert(hard.utterances.every(({ votes }) => votes === undefined));
  });
});

Deno.test("--folds-file gives any corpus the folds of a list, by id or by file, and lists missing ones", async () => {
  const names = ["03a01Fa.wav", "03a01Wa.wav", "08a01Fa.wav", "08a01Wa.wav"];
  await withFolder(
    { ...tones(...names), "folds.csv": "utterance,fold\n03a01Fa,2\n03a01Wa.wav,10\nsub\\08a01Fa,2\n" },
    async (dir) => {
      const foldsFile = join(dir, "folds.csv"), open = () => openCorpus("emodb", { data: dir, foldsFile });
      await assertFileError(
        open,
        { file: foldsFile, expected: "a fold for each of 4 utterances", found: "none for 1, the first 08a01Wa" },
      );
      await Deno.writeTextFile(foldsFile, "utterance,fold\n03a01Fa,2\n03a01Wa.wav,10\n08a01Fa,2\n08a01Wa,10\ngone,2\n");
      const corpus = await open();
      assertEquals(corpus.utterances.map(({ fold }) => fold), ["2", "10", "2", "10"]);
      assertMatch(corpus.notes![0], /1 row without an utterance in the corpus/);
      await Deno.writeTextFile(foldsFile, "utterance,fold\n03a01Fa,2\n03a01Fa,3\n");
      await assertFileError(open, { place: "03a01Fa", expected: "one fold", found: "2 (line 2) and 3 (line 3)" });
      await Deno.writeTextFile(foldsFile, "utterance,part\n03a01Fa,2\n");
      await assertFileError(open, { line: 1, expected: "columns utterance and fold", found: "utterance, part" });
      await assertOptionError(() => openCorpus("emodb", { data: dir, foldsFile: `${foldsFile}x` }), "foldsFile");
    },
  );
});

Deno.test("decodeText() distinguishes UTF-8, UTF-16 and single bytes, with a mark or without", () => {
  const text = "Stra\u00dfe;\u00e9t\u00e9\n", bytes = new TextEncoder().encode(text);
  const latin = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  for (const form of [bytes, utf16(text), utf16(text, { little: false }), utf16(text, { mark: false }), latin]) {
    assertEquals(decodeText(form).replace(/^\uFEFF/, ""), text);
  }
});

Deno.test("readTable() keeps quotes within a field, and names the line with too few fields", async () => {
  const read = (text: string) => readTable(new TextEncoder().encode(text), "x.tsv");
  assertEquals(read('path\ttext\na.wav\the said "no"\n').rows[0].value("text"), 'he said "no"');
  const parts = { file: "x.tsv", expected: "2 fields, as in the header" };
  await assertFileError(() => read("path\ttext\na.wav\tx\nb.wav\n"), { ...parts, line: 3, found: "1" });
  await assertFileError(() => read("path\ttext\na.wav\tx\ty\n"), { ...parts, line: 2, found: "3" });
});

const emodb = emodbDir(), emobox = emodb && join(emodb, "emobox_folds.csv");
const known = emobox !== undefined && await Deno.stat(emobox).then(() => true, () => false);
Deno.test({
  name: `EmoBox's five folds of Emo-DB are those of its list, 107 utterances each (${noEmodb}, with emobox_folds.csv)`,
  ignore: !known,
  async fn() {
    const { utterances, emotions } = await openCorpus("emodb", { data: emodb!, foldsFile: emobox! });
    const drawn = utterances.map((own) => ({ ...own, emotion: emotions.indexOf(own.emotion), votes: undefined }));
    const folds = assignFolds(drawn, emotions, { folds: 5, split: "official", seed: 1 });
    const listed = Object.fromEntries(
      (await Deno.readTextFile(emobox!)).trim().split(/\r?\n/).slice(1).map((line) => line.split(",")),
    );
    assertEquals(Object.fromEntries(utterances.map(({ id }, u) => [id, String(folds[u] + 1)])), listed);
    for (let fold = 0; fold < 5; fold++) assertEquals(folds.filter((own) => own === fold).length, 107);
  },
});
