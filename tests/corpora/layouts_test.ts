/** The names and folders of each kind of corpus, on folders with the corpora's layouts. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { assertOptionError } from "../option_errors.ts";
import { basename, join } from "@std/path";
import type { Corpus } from "../../corpora/corpus.ts";
import { emotionName, EMOTIONS, orderEmotions } from "../../corpora/emotion_names.ts";
import { openCorpus } from "../../corpora/open.ts";
import { emodbDir, noEmodb } from "../emodb.ts";
import { tones, withFolder } from "./folders.ts";
import { assertFileError } from "../file_errors.ts";

/** id, emotion, speaker, text of each utterance. */
function labels(corpus: Corpus): string[] {
  return corpus.utterances.map(({ id, emotion, speaker, text }) => [id, emotion, speaker, text].join(" "));
}

Deno.test("emotionName() knows the corpora's names of emotions, and keeps other words as separate emotions", () => {
  const words = ["Angry", "bored", "DISGUSTED", "fearful", "joy", "Neu", "sad", "surprised", "calm"];
  assertEquals(words.map(emotionName), EMOTIONS);
  assertEquals(emotionName("pleasant_surprise"), "surprise");
  assertEquals(emotionName("Awe "), "awe");
});

Deno.test("orderEmotions() sorts unknown emotions last, alphabetically", () => {
  assertEquals(orderEmotions(["zeal", "calm", "awe", "anger", "calm"]), ["anger", "calm", "awe", "zeal"]);
});

Deno.test("openEmodb() reads names, in the folder itself or in its wav, in any order on the disk", async () => {
  const names = [
    "16b10Tb.wav",
    "03a01Wa.wav",
    "08a02L.wav",
    "09a04Ea.wav",
    "10a05Ab.wav",
    "11a07Fa.wav",
    "12b01Nc.WAV",
  ];
  const expected = [
    "03a01Wa anger 03 a01",
    "08a02L boredom 08 a02",
    "09a04Ea disgust 09 a04",
    "10a05Ab fear 10 a05",
    "11a07Fa happiness 11 a07",
    "12b01Nc neutral 12 b01",
    "16b10Tb sadness 16 b10",
  ];
  for (const below of ["", "wav/"]) {
    await withFolder(tones(...names.map((name) => below + name)), async (dir) => {
      const corpus = await openCorpus("emodb", { data: dir });
      assertEquals(labels(corpus), expected);
      assertEquals(corpus.emotions, ["anger", "boredom", "disgust", "fear", "happiness", "neutral", "sadness"]);
      assertEquals(corpus.segmentHop, 1);
      assertStrictEquals(corpus.utterances[0].path, join(dir, below, "03a01Wa.wav"));
    });
  }
});

Deno.test("openEmodb() lists the files it skipped; hidden files and texts are ignored", async () => {
  const files = tones("03a01Wa.wav", "03a01Na.wav", "noise.wav", "03a01Xa.wav", ".03a01Fa.wav", "._03a01Fa.wav");
  await withFolder({ ...files, "erkennung.txt": "text", "03a01Ta.aif": "sound" }, async (dir) => {
    const corpus = await openCorpus("emodb", { data: dir });
    assertEquals(corpus.utterances.map(({ id }) => id), ["03a01Na", "03a01Wa"]);
    assertEquals(corpus.skipped.map((skipped) => basename(skipped.path)), [
      "03a01Ta.aif",
      "03a01Xa.wav",
      "noise.wav",
    ]);
    assertMatch(corpus.skipped[0].reason, /not a WAV file/);
    assertMatch(corpus.skipped[2].reason, /unknown name: expected .*03a01Fa\.wav/);
  });
});

Deno.test("openSavee() gives the same utterances from its flat and its foldered layout", async () => {
  const codes = ["a01", "d02", "f03", "h04", "n30", "sa05", "su06"];
  const expected = [
    "DC_a01 anger DC a01",
    "DC_d02 disgust DC d02",
    "DC_f03 fear DC f03",
    "DC_h04 happiness DC h04",
    "DC_n30 neutral DC n30",
    "DC_sa05 sadness DC sa05",
    "DC_su06 surprise DC su06",
    "JK_sa01 sadness JK sa01",
  ];
  const layouts = [
    [...codes.map((code) => `DC_${code}.wav`), "JK_sa01.wav"],
    [...codes.map((code) => `DC/${code}.wav`), "JK/sa01.wav"],
    [...codes.map((code) => `AudioData/DC/${code}.wav`), "AudioData/JK/sa01.wav"],
  ];
  for (const files of layouts) {
    await withFolder(tones(...files), async (dir) => {
      const corpus = await openCorpus("savee", { data: dir });
      assertEquals(labels(corpus), expected);
      assertEquals(corpus.skipped, []);
      assertEquals(corpus.segmentHop, 1);
    });
  }
});

Deno.test("openCasia() gives the same utterances from all three layouts, 30 ms between segments", async () => {
  const words = ["angry", "fear", "happy", "neutral", "sad", "surprise"];
  const emotions = ["anger", "fear", "happiness", "neutral", "sadness", "surprise"];
  const layouts = [
    (word: string) => `liuchanhg/${word}/201.wav`,
    (word: string) => `201-${word}-liuchanhg.wav`,
    (word: string) => `${word[0].toUpperCase()}${word.slice(1)}_liuchanhg_201.wav`,
  ];
  for (const layout of layouts) {
    await withFolder(tones(...words.map(layout)), async (dir) => {
      const corpus = await openCorpus("casia", { data: dir });
      assertEquals(
        labels(corpus),
        emotions.map((emotion) => `liuchanhg_${emotion}_201 ${emotion} liuchanhg 201`),
      );
      assertEquals(corpus.emotions, emotions);
      assertEquals(corpus.segmentHop, 3);
    });
  }
});

Deno.test("openFolder() reads one folder per emotion, with speakers inside, around, or unknown", async () => {
  await withFolder(tones("angry/x.wav", "angry/anna/y.wav", "Awe/joy/z.wav", "loose.wav"), async (dir) => {
    const corpus = await openCorpus("folder", { data: dir });
    // joy is a speaker here: the outer folders are the emotions
    assertEquals(labels(corpus), ["Awe/joy/z awe joy ", "angry/anna/y anger anna ", "angry/x anger unknown "]);
    assertEquals(corpus.emotions, ["anger", "awe"]);
    assertEquals(corpus.skipped.map((skipped) => skipped.path), [join(dir, "loose.wav")]);
  });
  await withFolder(tones("anna/angry/x.wav", "ben/sad/y.wav"), async (dir) => {
    const corpus = await openCorpus("folder", { data: dir });
    assertEquals(labels(corpus), ["anna/angry/x anger anna ", "ben/sad/y sadness ben "]);
  });
});

Deno.test("makeCorpus() skips the second file of one utterance, and reports it", async () => {
  await withFolder(tones("DC/sa01.wav", "DC_sa01.wav", "DC_a01.wav"), async (dir) => {
    const corpus = await openCorpus("savee", { data: dir });
    assertEquals(corpus.utterances.length, 2);
    assertMatch(corpus.skipped[0].reason, /^the same utterance as .*sa01\.wav$/);
  });
});

const kinds = ["emodb", "savee", "casia", "folder"] as const;

Deno.test("openCorpus() names the fault of a folder, and what was expected", async () => {
  for (const kind of kinds) {
    await assertOptionError(() => openCorpus(kind), "data", /expected the folder of the recordings, found nothing/);
    await assertOptionError(() => openCorpus(kind, { data: "/no/such" }), "data", /^\/no\/such: .*found nothing$/);
    await withFolder({}, async (dir) => {
      await assertFileError(() => openCorpus(kind, { data: dir }), { file: dir, found: "no WAV file in it" });
    });
    await withFolder({ "notes.txt": "" }, async (dir) => {
      await assertOptionError(
        () => openCorpus(kind, { data: join(dir, "notes.txt") }),
        "data",
        /notes\.txt: .*expected the folder of the corpus, found a file$/,
      );
    });
    await withFolder(tones("strange name.wav"), async (dir) => {
      const found = /^1 WAV file with other names \(.*strange name/;
      await assertFileError(() => openCorpus(kind, { data: dir }), { file: dir, found });
    });
    await withFolder({ "x.aif": "" }, async (dir) => {
      const found = /^1 recording but no WAV file.*x\.aif.*convert/;
      await assertFileError(() => openCorpus(kind, { data: dir }), { file: dir, found });
    });
  }
  await assertOptionError(
    () => openCorpus("synthetic", { data: "x" }),
    "data",
    /synthetic reads no recordings, found x/,
  );
});

Deno.test("openCorpus() refuses a corpus with only one emotion, and names it", async () => {
  const one = { emodb: "03a01Wa.wav", savee: "DC_a01.wav", casia: "a/angry/1.wav", folder: "angry/x.wav" };
  for (const kind of kinds) {
    await withFolder(tones(one[kind]), async (dir) => {
      await assertFileError(
        () => openCorpus(kind, { data: dir }),
        { file: dir, expected: "at least two emotions", found: "only one emotion, anger (1 utterance)" },
      );
    });
  }
});

const emodb = emodbDir();
Deno.test({
  name: `openEmodb() finds the 535 utterances of Emo-DB, by emotion as its authors count them (${noEmodb})`,
  ignore: emodb === undefined,
  async fn() {
    const corpus = await openCorpus("emodb", { data: emodb });
    const counts = corpus.emotions.map((e) => corpus.utterances.filter(({ emotion }) => emotion === e).length);
    assertEquals(counts, [127, 81, 46, 69, 71, 79, 62]);
    const speakers = new Set(corpus.utterances.map(({ speaker }) => speaker));
    assertEquals([...speakers].sort(), ["03", "08", "09", "10", "11", "12", "13", "14", "15", "16"]);
    assertEquals(new Set(corpus.utterances.map(({ text }) => text)).size, 10);
    assertEquals(corpus.skipped, []);
  },
});
