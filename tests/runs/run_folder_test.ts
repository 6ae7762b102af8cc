/** The run folder: whole files, formats that others read, and a folder that is nobody else's. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { assertOptionError } from "../option_errors.ts";
import { dirname, join } from "@std/path";
import { tableFromIPC, Utf8 } from "apache-arrow";
import { writeAtomically } from "../../files/atomic.ts";
import { emotionColumn } from "../../runs/columns.ts";
import { decodeProfiles, encodeProfiles } from "../../runs/profiles_arrow.ts";
import { requireVacant, RunFolder } from "../../runs/run_folder.ts";

async function inTemporary(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "epr_runs_" });
  try {
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const names = (dir: string) => [...Deno.readDirSync(dir)].map(({ name }) => name).sort();

const table = {
  utterances: [{ id: "a", segmentCount: 2 }, { id: 'b, or "B"', segmentCount: 1 }],
  segmentHop: 3,
  emotions: ["anger", "sadness"],
  profiles: new Float32Array([0.25, 0.75, 0.5, 0.5, 1, 0]),
};

Deno.test("encodeProfiles() makes an Arrow file with one row for each segment and the documented column types", () => {
  const bytes = encodeProfiles(table);
  assertEquals(new TextDecoder().decode(bytes.subarray(0, 6)), "ARROW1"); // a file, not a stream
  const read = tableFromIPC(bytes);
  assertEquals(
    read.schema.fields.map(({ name, type }) => `${name}: ${type}`),
    ["utterance: Utf8", "segment: Int32", "start_s: Float32", "anger: Float32", "sadness: Float32"],
  );
  assert(read.schema.fields[0].type instanceof Utf8);
  const rows = read.toArray().map((row) => ({ ...row.toJSON() }));
  assertEquals(rows, [
    { utterance: "a", segment: 0, start_s: 0, anger: 0.25, sadness: 0.75 },
    { utterance: "a", segment: 1, start_s: Math.fround(0.03), anger: 0.5, sadness: 0.5 },
    { utterance: 'b, or "B"', segment: 0, start_s: 0, anger: 1, sadness: 0 },
  ]);
});

Deno.test("encodeProfiles() refuses profiles of another size", () => {
  assertEquals(
    assertThrows(() => encodeProfiles({ ...table, profiles: new Float32Array(4) }), RangeError).message,
    "Profiles of 3 segments x 2 emotions, found 4 numbers",
  );
});

Deno.test("writeAtomically() leaves only the old file if it cannot replace it", async () => {
  await inTemporary(async (dir) => {
    const file = join(dir, "deep", "results.json");
    await writeAtomically(file, "old");
    await writeAtomically(file, new TextEncoder().encode("new"));
    assertEquals(await Deno.readTextFile(file), "new");
    assertEquals(names(dirname(file)), ["results.json"]);
    // a folder that is not empty can't be replaced by a file
    await assertRejects(() => writeAtomically(join(dir, "deep"), "x"), Error, "deep: can't be written");
    assertEquals(names(dir), ["deep"]);
    assertEquals(await Deno.readTextFile(file), "new");
  });
});

Deno.test("a reader never sees half a file of writeAtomically()", async () => {
  await inTemporary(async (dir) => {
    const file = join(dir, "weights");
    const versions = [1, 2].map((value) => new Uint8Array(2 ** 20).fill(value));
    await writeAtomically(file, versions[0]);
    let writing = true;
    const writer = (async () => {
      for (let i = 0; i < 20; i++) await writeAtomically(file, versions[i % 2]);
      writing = false;
    })();
    let reads = 0;
    while (writing) {
      const bytes = await Deno.readFile(file);
      assertEquals(bytes.length, 2 ** 20);
      assert(bytes.every((byte) => byte === bytes[0]));
      reads++;
    }
    await writer;
    assert(reads > 0);
  });
});

Deno.test("RunFolder.create() accepts only a new or an empty folder, and says what is wrong with another", async () => {
  await inTemporary(async (dir) => {
    await RunFolder.create(join(dir, "new", "deep"));
    await RunFolder.create(join(dir, "new", "deep")); // empty
    await Deno.writeTextFile(join(dir, "file"), "");
    await assertOptionError(() => RunFolder.create(join(dir, "new")), "out", /new: .* an empty folder, found deep$/);
    await assertOptionError(() => requireVacant(join(dir, "file")), "out", /file: .* found a file$/);
    await assertOptionError(() => RunFolder.create(join(dir, "file", "run")), "out", /run: .* found a file$/);
  });
});

Deno.test("RunFolder writes predictions as CSV, with quotes where they are required", async () => {
  await inTemporary(async (dir) => {
    const folder = await RunFolder.create(join(dir, "run"));
    const utterances = [{ id: "a", speaker: "s", emotion: 0 }, { id: 'b, "B"', speaker: "t", emotion: 1 }];
    await folder.writePredictions({
      emotions: table.emotions,
      utterances,
      predictions: [[0, 0], Int32Array.of(1, 1)],
      votes: [[1, 0], [0, 1]],
    });
    assertEquals(
      await Deno.readTextFile(join(folder.path, "predictions.csv")),
      "utterance,speaker,emotion,stage_1,stage_2,mean_1,mean_2\n" +
        'a,s,anger,anger,sadness,sadness,anger\n"b, ""B""",t,sadness,anger,sadness,anger,sadness\n',
    );
  });
});

Deno.test("RunFolder logs one JSON object per line, each with its time", async () => {
  await inTemporary(async (dir) => {
    const folder = await RunFolder.create(join(dir, "run"));
    folder.log({ event: "fold", fold: 0, seconds: 2 });
    folder.log({ event: "end", seconds: 3 });
    const lines = (await Deno.readTextFile(join(folder.path, "log.jsonl"))).trimEnd().split("\n");
    const events = lines.map((line) => JSON.parse(line));
    assertEquals(events.map(({ time: _, ...event }) => event), [
      { event: "fold", fold: 1, seconds: 2 },
      { event: "end", seconds: 3 },
    ]);
    for (const { time } of events) assert(Math.abs(Date.parse(time) - Date.now()) < 60000);
  });
});

Deno.test("an emotion may have a column's name or be a number: columns keep their order, profiles their values", () => {
  const emotions = ["anger", "utterance", "segment", "start_s", "emotion_segment", "10", "2"];
  // so many rows that the library cuts them into batches
  const long = 3000, profiles = Float32Array.from({ length: 7 * (long + 1) }, (_, i) => i / 32);
  const bytes = encodeProfiles({
    emotions,
    profiles,
    utterances: [{ id: "a", segmentCount: 1 }, { id: "b", segmentCount: long }],
    segmentHop: 1,
  });
  const read = tableFromIPC(bytes);
  assertEquals(read.schema.fields.map(({ name }) => name), [
    ...["utterance", "segment", "start_s", "anger", "emotion_utterance", "emotion_segment", "emotion_start_s"],
    ...["emotion_emotion_segment", "10", "2"],
  ]);
  assertEquals([...read.getChild("utterance")!], ["a", ...Array(long).fill("b")]);
  assertEquals([...read.getChild("segment")!.toArray()], [0, ...Array(long).keys()]);
  assertEquals(decodeProfiles(bytes, emotions), profiles);
});

Deno.test("emotionColumn() gives each emotion a column of its own, different from the table's columns", () => {
  const own = ["file", "emotion", "probability"];
  const emotions = ["anger", "file", "emotion", "emotion_file", "emotion_emotion_file", "probability", "10"];
  const columns = emotions.map((emotion) => emotionColumn(emotion, own));
  assertEquals(new Set([...own, ...columns]).size, own.length + emotions.length);
  assertEquals([columns[0], columns[6]], ["anger", "10"]);
});
