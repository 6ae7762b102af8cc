/**
 * Corpora as their authors distribute them: each is recognised, read, and split by speaker, whatever else its folders
 * contain.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { assertOptionError } from "../option_errors.ts";
import { join, relative } from "@std/path";
import type { Corpus } from "../../corpora/corpus.ts";
import { extractFeatures } from "../../corpora/features.ts";
import { LAYOUTS } from "../../corpora/layouts.ts";
import { openCorpus } from "../../corpora/open.ts";
import { recogniseCorpus } from "../../corpora/recognise.ts";
import { createCpuDevice } from "../../kernels/cpu/create.ts";
import { CrossValidation } from "../../refinery/cross_validation.ts";
import { runFold } from "../../refinery/fold.ts";
import { segmentation } from "../../refinery/derived_settings.ts";
import { PRESETS } from "../../refinery/presets.ts";
import type { Settings } from "../../refinery/settings.ts";
import { AUTHORS, makeAuthorsCorpus } from "./authors.ts";
import { tones, withFolder } from "./folders.ts";
import { assertFileError } from "../file_errors.ts";

/** Runs `body` with a layout's corpus. */
async function withCorpus(name: string, body: (dir: string) => Promise<void>): Promise<void> {
  await withFolder({}, async (dir) => {
    await makeAuthorsCorpus(dir, AUTHORS[name]);
    await body(dir);
  });
}

function labels({ utterances }: Corpus): string[] {
  return utterances.map(({ id, emotion, speaker, text, session, fold }) => {
    const further = fold !== undefined ? [session ?? "-", fold] : session !== undefined ? [session] : [];
    return [id, emotion, speaker, text || "-", ...further].join(" ");
  });
}

Deno.test("every layout of the table has a corpus here", () => {
  assertEquals(Object.keys(AUTHORS).sort(), LAYOUTS.map(({ name }) => name).sort());
});

for (const { name, inner = "" } of LAYOUTS) {
  Deno.test(`--corpus auto recognises ${name}; its utterances are read, and other files are reported`, async () => {
    await withCorpus(name, async (dir) => {
      assertEquals((await recogniseCorpus(dir)).kind, name);
      for (const kind of [name, "auto"]) {
        const corpus = await openCorpus(kind, { data: dir });
        assertEquals(labels(corpus), AUTHORS[name].labels);
        const skipped = new Map(corpus.skipped.map(({ path: file, reason }) => [relative(dir, file), reason]));
        assertEquals([...skipped.keys()].sort(), Object.keys(AUTHORS[name].skipped).sort());
        for (const [file, reason] of Object.entries(AUTHORS[name].skipped)) assertMatch(skipped.get(file)!, reason);
      }
      // the same, from the folder of the recordings itself
      if (inner) {
        assertEquals(labels(await openCorpus(name, { data: join(dir, inner) })), AUTHORS[name].labels);
      }
    });
  });
}

const settings: Settings = {
  ...PRESETS.quick,
  ...{ width: 1 / 64, folds: 2, stages: 1, epochs: 1, batch: 16, segmentHop: 12, split: "speaker" },
  ...{ monitor: "nothing", validationShare: 0 },
};

Deno.test("networks are trained by speaker on each of them", async () => {
  const device = await createCpuDevice({ threads: 1 });
  try {
    for (const { name } of LAYOUTS) {
      await withCorpus(name, async (dir) => {
        const features = await extractFeatures(await openCorpus("auto", { data: dir }), {
          ...segmentation(settings),
          threads: 1,
        });
        const cv = new CrossValidation(features, settings), { folds } = cv;
        const speakers = features.utterances.map(({ speaker }, i) => `${speaker} ${folds[i]}`);
        assertEquals(new Set(speakers).size, new Set(features.utterances.map(({ speaker }) => speaker)).size, name);
        const { stages: [{ profiles }] } = await runFold(cv, 0, device);
        assert(profiles.length > 0 && profiles.every((p) => p >= 0 && p <= 1), name);
      });
    }
  } finally {
    device.close();
  }
});

Deno.test("crema-d uses the votes on the voice alone as soft labels on request, and names Git LFS pointers", async () => {
  await withCorpus("crema-d", async (dir) => {
    const corpus = await openCorpus("crema-d", { data: dir, softLabels: true });
    const features = await extractFeatures(corpus, { threads: 1 });
    assertEquals(features.emotions, ["anger", "disgust", "neutral", "sadness"]);
    assertEquals(features.utterances.map(({ votes }) => votes), [
      [0.8, 0.1, 0.1, 0],
      [0, 0, 0.25, 0.75],
      [0, 0, 1, 0],
      [0, 0, 0, 1],
    ]);
    const pointer = features.skipped.find(({ path: file }) => file.endsWith("1001_IEO_NEU_XX.wav"));
    assertMatch(pointer!.reason, /^expected a recording, found a Git LFS pointer to 84044 bytes; git lfs pull/);
    const hard = await openCorpus("crema-d", { data: dir });
    assert(hard.utterances.every(({ votes }) => votes === undefined));
    await assertFileError(
      () => hard.utterances[1].read(),
      { file: /1001_IEO_NEU_XX\.wav$/, expected: "a recording", found: /^a Git LFS pointer/ },
    );
    await Deno.remove(join(dir, "processedResults"), { recursive: true });
    await assertOptionError(
      () => openCorpus("crema-d", { data: dir, softLabels: true }),
      "softLabels",
      /tabulatedVotes\.csv .* found nothing/,
    );
  });
});

Deno.test("iemocap: listeners' votes as soft labels, further classes with --labels, and missing label files", async () => {
  await withCorpus("iemocap", async (dir) => {
    const soft = await openCorpus("iemocap", { data: dir, softLabels: true });
    // the actor's own vote (C-F1) does not count as a listener's; frustration is not a class
    assertEquals(soft.utterances.map(({ votes }) => ({ ...votes })), [
      { neutral: 2, sadness: 1 },
      { happiness: 2 },
      { neutral: 1 },
      { anger: 1 },
    ]);
    const five = await openCorpus("iemocap", {
      data: dir,
      labels: { frustration: "frustration", excitement: "excitement", neu: null },
    });
    assertEquals(five.utterances.map(({ id, emotion }) => `${id.slice(-4)} ${emotion}`), [
      "F002 frustration",
      "M001 excitement",
      "M010 anger",
    ]);
    for (const session of [1, 2]) await Deno.remove(join(dir, `Session${session}/dialog`), { recursive: true });
    await assertFileError(
      () => openCorpus("iemocap", { data: dir }),
      { expected: /^IEMOCAP's label files, Session1\/dialog/, found: "none" },
    );
  });
});

Deno.test("meld reports missing tables, and films that have to be converted", async () => {
  await withFolder(tones("train/dia0_utt0.wav"), (dir) => {
    return assertFileError(
      () => openCorpus("meld", { data: dir }),
      { file: dir, expected: /^MELD's labels, train_sent_emo\.csv/, found: "none" },
    );
  });
  await withFolder({ "train/dia0_utt0.mp4": "film" }, (dir) => {
    return assertFileError(
      () => openCorpus("meld", { data: dir }),
      { file: dir, expected: /ffmpeg -i /, found: /but no WAV file in it/ },
    );
  });
});

Deno.test("--corpus folder refuses a folder without emotions, and names the corpus that it resembles", async () => {
  const folders = { ravdess: "ravdess", tess: "tess", emovo: "emovo", shemo: "shemo", savee: "savee", emodb: "emodb" };
  for (const [name, looks] of Object.entries(folders)) {
    await withCorpus(name, (dir) => {
      return assertOptionError(
        () => openCorpus("folder", { data: dir }),
        "corpus",
        new RegExp(`folders named by emotions.*\`corpus: ${looks}\` reads it`),
      );
    });
  }
  await withFolder(tones("03-01-05-01-01-01-01.wav", "03-01-04-01-01-01-02.wav"), (dir) => {
    return assertOptionError(
      () => openCorpus("folder", { data: dir }),
      "corpus",
      /found no folders.*`corpus: ravdess`/,
    );
  });
  await withCorpus("urdu", async (dir) => {
    const { notes, emotions } = await openCorpus("folder", { data: dir });
    assertEquals(emotions, ["anger", "sadness"]);
    assertMatch(notes![0], /named like URDU.*`corpus: urdu` reads more/);
  });
  await withFolder(tones("anna/a1.wav", "ben/a2.wav", "ben/b3.wav"), async (dir) => {
    await assertOptionError(
      () => openCorpus("folder", { data: dir }),
      "corpus",
      /found anna, ben.*its files look like this: anna\/a1\.wav \(3 such\).*`pattern: /,
    );
    await assertOptionError(() => recogniseCorpus(dir), "corpus", /found names like this: anna\/a1\.wav/);
    // numbered folders, which the user maps to emotions
    const corpus = await openCorpus("folder", { data: dir, labels: { anna: "anger", ben: "calm" } });
    assertEquals(corpus.emotions, ["anger", "calm"]);
  });
});

Deno.test("--corpus folder finds emotions at any depth, parts around them, and one name in two Unicode forms", async () => {
  const deep = tones("data/train/angry/x.wav", "data/test/angry/anna/y.wav", "data/train/sad/z.wav");
  await withFolder(deep, async (dir) => {
    const { utterances } = await openCorpus("folder", { data: dir });
    assertEquals(utterances.map(({ emotion, speaker, fold }) => [emotion, speaker, fold]), [
      ["anger", "anna", "test"],
      ["anger", "unknown", "train"],
      ["sadness", "unknown", "train"],
    ]);
    assertEquals((await recogniseCorpus(dir)).kind, "folder");
  });
  await withFolder(tones("angry/x.wav", "e\u0301tonne\u0301/y.wav", "\u00e9tonn\u00e9/z.wav"), async (dir) => {
    const corpus = await openCorpus("folder", { data: dir });
    assertEquals(corpus.emotions, ["anger", "\u00e9tonn\u00e9"]);
  });
});

Deno.test("--pattern reads names, folders and stars, and reports if no emotion is known", async () => {
  const files = tones("s1/anna_angry_01.wav", "s1/anna_sad_02.WAV", "s2/ben_angry_01.wav", "s2/ben.wav");
  await withFolder(files, async (dir) => {
    const corpus = await openCorpus("pattern", { data: dir, pattern: "{session}/{speaker}_{emotion}_{text}.wav" });
    assertEquals(labels(corpus), [
      "s1/anna_angry_01 anger anna 01 s1",
      "s1/anna_sad_02 sadness anna 02 s1",
      "s2/ben_angry_01 anger ben 01 s2",
    ]);
    assertMatch(corpus.skipped[0].reason, /unknown name: expected names that fit `pattern: /);
    const stars = await openCorpus("pattern", { data: dir, pattern: "*_{emotion}_*" });
    assertEquals(stars.utterances.map(({ emotion, speaker }) => `${emotion} ${speaker}`), [
      "anger unknown",
      "sadness unknown",
      "anger unknown",
    ]);
    await assertOptionError(
      () => openCorpus("pattern", { data: dir, pattern: "{emotion}_{speaker}_{text}.wav" }),
      "labels",
      /has \{emotion\}, found anna, ben; `labels: map\.json`/,
    );
    for (
      const [pattern, fault] of [["{speaker}.wav", "expected {emotion}"], ["{emotion}{mood}", "found {mood}"]].map((
        [own, fault],
      ) => [own, fault.replace("{", "\\{")])
    ) {
      await assertOptionError(() => openCorpus("pattern", { data: dir, pattern }), "pattern", new RegExp(fault));
    }
  });
});

Deno.test("labels are mapped, left out, and a misspelt one is reported with the nearest known name", async () => {
  await withFolder(tones("angry/a.wav", "angry/b.wav", "sad/c.wav", "hapy/d.wav", "awe/e.wav"), async (dir) => {
    const corpus = await openCorpus("folder", { data: dir });
    assertEquals(corpus.emotions, ["anger", "sadness", "awe", "hapy"]);
    assertEquals(corpus.notes?.length, 2);
    assertMatch(corpus.notes![0], /^"awe" \(1 utterance\) is not a known emotion: it becomes a class/);
    assertMatch(
      corpus.notes![1],
      /^"hapy" .*did you mean "happiness"\? `labels: map\.json` with \{"hapy": "happiness"\}/,
    );
    const mapped = await openCorpus("folder", { data: dir, labels: { hapy: "joy", AWE: null, angry: "boredom" } });
    assertEquals(mapped.emotions, ["boredom", "happiness", "sadness"]);
    assertEquals(mapped.notes, undefined);
    assertMatch(mapped.skipped[0].reason, /`labels` leaves "awe" out/);
  });
});
