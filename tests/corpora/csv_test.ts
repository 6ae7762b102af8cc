/** CSV as people write it: the cases of RFC 4180, and mistakes. */
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { parseCsv } from "../../corpora/csv.ts";
import { openCorpus } from "../../corpora/open.ts";
import { tones, withFolder } from "./folders.ts";
import { assertOptionError } from "../option_errors.ts";
import { assertFileError, type FileErrorParts } from "../file_errors.ts";

const fields = (text: string) => parseCsv(text, "x.csv").map((record) => record.fields);

Deno.test("parseCsv() reads quotes, doubled quotes, commas and line ends in quotes, and empty fields", () => {
  assertEquals(fields('a,"b,c","d ""e"""\n"f\ng",,h'), [["a", "b,c", 'd "e"'], ["f\ng", "", "h"]]);
  assertEquals(fields('"",a,\n'), [["", "a", ""]]);
  assertEquals(fields(""), []);
});

Deno.test("parseCsv() reads a byte order mark, CRLF, CR, empty lines and a last line without an end", () => {
  const expected = [["a", "b"], ["c", "d"]];
  for (const text of ["a,b\nc,d", "a,b\r\nc,d\r\n", "a,b\rc,d\r", "\uFEFFa,b\n\n \nc,d\n\n"]) {
    assertEquals(fields(text), expected, JSON.stringify(text));
  }
});

Deno.test("parseCsv() counts lines within quotes too", () => {
  assertEquals(parseCsv('a,"1\n2\n3"\n\nb,c\n', "x").map((record) => record.line), [1, 5]);
});

Deno.test("parseCsv() names the line of a quote that never closes, or is followed by text", async () => {
  const place = { file: "x.csv", line: 2 };
  await assertFileError(() => parseCsv('a\nb,"c\nd', "x.csv"), {
    ...place,
    expected: "a closing quote",
    found: "none",
  });
  await assertFileError(
    () => parseCsv('a\n"b"c', "x.csv"),
    { ...place, expected: "a separator after a closing quote", found: '"c"' },
  );
});

Deno.test("openCsv() reads columns by name in any order, paths relative to the CSV, and skips missing files", async () => {
  const csv =
    '\uFEFFspeaker,Emotion,text,path,age\r\nanna,Angry,"Oh, no",a.wav,40\r\n,sad,,deep/b.wav,\r\nx,joy,,gone.wav,\r\n';
  await withFolder({ ...tones("a.wav", "deep/b.wav"), "labels.csv": csv }, async (dir) => {
    for (const data of [join(dir, "labels.csv"), dir]) {
      const corpus = await openCorpus("csv", { data });
      assertEquals(corpus.utterances.map((u) => [u.id, u.emotion, u.speaker, u.text]), [
        ["a", "anger", "anna", "Oh, no"],
        ["deep/b", "sadness", "unknown", ""],
      ]);
      assertEquals(corpus.skipped, [{
        path: join(dir, "gone.wav"),
        reason: "no such file (labels.csv, line 4)",
      }]);
      assertEquals((await corpus.utterances[1].read()).samples.length, 6400);
    }
  });
});

Deno.test("openCsv() names the line of each mistake", async () => {
  const TWO = "at least two emotions";
  const cases: [csv: string, parts: FileErrorParts][] = [
    ["", { expected: /^a header "path,emotion/, found: "an empty file" }],
    ["sound,emotion\na.wav,sad", { line: 1, expected: /^a column "path" /, found: "sound, emotion" }],
    ["path,mood\na.wav,sad", { line: 1, expected: /^a column "emotion" /, found: "path, mood" }],
    [
      "path,emotion,start\na.wav,sad,1",
      { line: 1, expected: 'columns "start" and "end" together', found: 'only "start"' },
    ],
    ["path,emotion,start,end\na.wav,sad,2,1", { line: 2, expected: /^a start and a later end/, found: '"2" and "1"' }],
    ["path,anger,sadness\na.wav,1,many", { line: 2, expected: /^votes for sadness/, found: '"many"' }],
    ["path,anger,angry\na.wav,1,2", { line: 1, expected: "one column of votes for anger", found: /^two: / }],
    ["path,emotion\na.wav,sad\nb.wav", { line: 3, expected: "2 fields, as in the header", found: "1" }],
    ["path,emotion\na.wav,", { line: 2, expected: "an emotion", found: "an empty field" }],
    ["path,emotion\na.wav,sad\n", { expected: TWO, found: "only one emotion, sadness (1 utterance)" }],
    ["path,emotion\na.wav,sad\na.wav,happy\n", { expected: TWO, found: /^only one emotion.*the same utterance as/ }],
    ["path,emotion\n", { expected: TWO, found: "no utterance that can be used" }],
  ];
  for (const [csv, parts] of cases) {
    await withFolder({ ...tones("a.wav", "b.wav"), "x.csv": csv }, async (dir) => {
      const file = join(dir, "x.csv");
      await assertFileError(() => openCorpus("csv", { data: file }), { file, ...parts });
    });
  }
  await assertOptionError(
    () => openCorpus("csv", { data: "/no/such.csv" }),
    "data",
    /^\/no\/such\.csv: `data`: expected a CSV file, found nothing/,
  );
  await withFolder({ "a.csv": "", "b.csv": "" }, async (dir) => {
    await assertOptionError(() => openCorpus("csv", { data: dir }), "data", /a folder with 2 CSV files in it/);
  });
});
