/** Stretches by hand, and label files read back: by praatio and pympi, and by the grammars of Audacity and WebVTT. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { frontEnd } from "../../dsp/settings.ts";
import { labelFile, type LabelFormat } from "../../report/label_files.ts";
import { NO_SPEECH, stretchesOf } from "../../report/stretches.ts";
import { withFolder } from "../corpora/folders.ts";

// names that each format has to write in its own way
const emotions = ["anger", `say "so" & <go>`, "tab\tbed"];

/** Nine segments, a tenth of a second apart: two of silence, three of anger, one, two, and one more of silence. */
const profile = Float32Array.from([
  [0.9, 0.1, 0],
  [0.9, 0.1, 0],
  [0.5, 0.3, 0.2],
  [0.6, 0.3, 0.1],
  [1, 0, 0],
  [0.25, 0.5, 0.25],
  [0, 0.25, 0.75],
  [0, 0.5, 0.5],
  [0, 1, 0],
].flat());
profile[7 * 3 + 2] = 0.51;
const speech = Uint8Array.of(0, 0, 1, 1, 1, 1, 1, 1, 0);
const seconds = 1.2;
const stretches = stretchesOf({ profile, segmentHop: 10, speech }, seconds, { emotions, frontEnd });
const media = { url: "file:///a%20b/call&1.wav", type: "audio/x-wav" };
const date = new Date("2020-08-12T14:05:06Z");

/** By hand: the middle of segment s is at 0.1 s + 0.1675; a stretch ends half a hop before the middle of the next one's first segment. */
const wanted: [start: number, end: number, text: string, probability?: number][] = [
  [0, 0.3175, NO_SPEECH],
  [0.3175, 0.6175, emotions[0], 0.7],
  [0.6175, 0.7175, emotions[1], 0.5],
  [0.7175, 0.9175, emotions[2], 0.63],
  [0.9175, 1.2, NO_SPEECH],
];

/** Numbers to a digit, so that what is read can be compared. */
const rounded = (rows: (number | string)[][], digits: number) =>
  rows.map((row) => row.map((one) => typeof one === "number" ? Number(one.toFixed(digits)) : one));
const times = (digits: number) => rounded(wanted.map(([start, end, text]) => [start, end, text]), digits);

Deno.test("stretchesOf() joins neighbours with the same likeliest emotion, separates those without speech, and covers the recording", () => {
  assertEquals(
    rounded(stretches.map(({ start, end, emotion }) => [start, end, emotion ?? NO_SPEECH]), 6),
    times(6),
  );
  stretches.forEach(({ probability }, i) => {
    if (wanted[i][3] === undefined) assertEquals(probability, undefined);
    else assert(Math.abs(probability! - wanted[i][3]!) < 1e-6);
  });
  assertEquals(stretches.map(({ firstSegment, segmentCount }) => [firstSegment, segmentCount]), [
    [0, 2],
    [2, 3],
    [5, 1],
    [6, 2],
    [8, 1],
  ]);
  // all judged: the first two are anger like the next three
  const all = stretchesOf({ profile, segmentHop: 10 }, seconds, { emotions, frontEnd });
  assertEquals(all.map(({ firstSegment }) => firstSegment), [0, 5, 6, 8]);
});

Deno.test("an Audacity label track has a line for each stretch: start, end and text, separated by tabs", () => {
  const text = labelFile("audacity", { stretches, seconds, date });
  assert(text.endsWith("\n"));
  const rows = text.trimEnd().split("\n").map((line) => {
    const match = /^(\d+\.\d{6})\t(\d+\.\d{6})\t([^\t]+)$/.exec(line);
    assert(match, line);
    return [Number(match[1]), Number(match[2]), match[3]];
  });
  const percents = ["", " 70 %", " 50 %", " 63 %", ""];
  assertEquals(
    rounded(rows, 4),
    times(4).map(([a, b, own], i) => [a, b, `${own}`.replace("\t", " ") + percents[i]]),
  );
});

Deno.test("WebVTT captions follow its grammar: a header, cues in order with ends after their starts, text with escapes", () => {
  const text = labelFile("vtt", {
    stretches: [...stretches, { ...stretches[0], start: 1.2, end: 3725.5 }],
    seconds,
    date,
  });
  const [header, ...blocks] = text.split("\n\n");
  assertEquals(header, "WEBVTT");
  assertEquals(blocks.length, 6);
  let before = -1;
  const cues = blocks.map((block) => {
    const match = /^(\d\d+):([0-5]\d):([0-5]\d)\.(\d{3}) --> (\d\d+):([0-5]\d):([0-5]\d)\.(\d{3})\n([^\n]+)\n?$/.exec(
      block,
    );
    assert(match, block);
    const [start, end] = [1, 5].map((at) => {
      const [h, m, s, ms] = match.slice(at, at + 4).map(Number);
      return 3600 * h + 60 * m + s + ms / 1000;
    });
    assert(start >= before && end > start, block);
    before = start;
    const payload = match[9];
    assert(!/<|-->|&(?!(amp|lt|gt|quot);)/.test(payload), payload);
    return [start, end, payload];
  });
  assertEquals(cues[2], [0.618, 0.718, "say &quot;so&quot; &amp; &lt;go&gt; 50 %"]);
  assertEquals(cues[5], [1.2, 3725.5, NO_SPEECH]);
});

const python = await pythonWithReaders();

/** A Python that has praatio and pympi: python3, or what LABELS_PYTHON names. */
async function pythonWithReaders(): Promise<string | undefined> {
  const python = Deno.env.get("LABELS_PYTHON") ?? "python3";
  const importing = new Deno.Command(python, { args: ["-c", "import praatio, pympi"], stderr: "null", stdout: "null" });
  return await importing.output().then(({ success }) => success, () => false) ? python : undefined;
}

Deno.test({
  name: `praatio reads the TextGrid back and pympi the EAF, every stretch${
    python ? "" : " (no Python with praatio and pympi here: LABELS_PYTHON)"
  }`,
  ignore: python === undefined,
  async fn() {
    await withFolder({}, async (dir) => {
      const read = async (format: LabelFormat) => {
        const file = join(dir, `labels.${format}`);
        await Deno.writeTextFile(file, labelFile(format, { stretches, seconds, media, date }));
        const script = join(import.meta.dirname!, "read_labels.py");
        const { success, stdout, stderr } = await new Deno.Command(python!, { args: [script, format, file] }).output();
        assert(success, new TextDecoder().decode(stderr));
        return JSON.parse(new TextDecoder().decode(stdout));
      };
      const grid = await read("textgrid");
      assertStrictEquals(grid.seconds, seconds);
      assertEquals(rounded(grid.tiers.emotion, 6), times(6));
      const probabilities = ["", "0.7000", "0.5000", "0.6300", ""];
      assertEquals(rounded(grid.tiers.probability, 6), times(6).map(([a, b], i) => [a, b, probabilities[i]]));

      const eaf = await read("eaf");
      const inMilliseconds = wanted.map((
        [a, b, text],
      ) => [Math.round(1000 * a) / 1000, Math.round(1000 * b) / 1000, text]);
      assertEquals(eaf.tiers.emotion, inMilliseconds);
      assertEquals(
        eaf.tiers.probability,
        inMilliseconds.map(([a, b], i) => [a, b, probabilities[i]]).filter(([, , text]) => text !== ""),
      );
      assertEquals(eaf.parent, "emotion");
      assertEquals(eaf.media.map((one: Record<string, string>) => [one.MEDIA_URL, one.MIME_TYPE]), [[
        media.url,
        media.type,
      ]]);
    });
  },
});
