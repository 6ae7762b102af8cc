/**
 * Small corpora in their authors' layouts, made of synthetic speech: for each the files, with traps among them, and the expected
 * result.
 */
import { dirname, join } from "@std/path";
import { openSynthetic } from "../../corpora/synthetic.ts";
import { encodeWav } from "../../dsp/wav.ts";

/** A corpus and the expected result. */
export interface AuthorsCorpus {
  /** recordings */
  wavs: string[];
  /** other files that belong to it, or are beside it */
  others?: Record<string, string | Uint8Array>;
  /** recordings that must be skipped, and why */
  skipped: Record<string, RegExp>;
  /** id, emotion, speaker, text (- for none), and session and fold if there are any; sorted */
  labels: string[];
}

/** Typical other files beside recordings. */
const HIDDEN = ["._x.wav", ".hidden/03-01-05-01-01-01-01.wav", ".DS_Store"];

const utf16 = (text: string) => {
  const bytes = new Uint8Array(2 + 2 * text.length), view = new DataView(bytes.buffer);
  [0xfeff, ...[...text].map((letter) => letter.charCodeAt(0))].forEach((unit, i) => view.setUint16(2 * i, unit, true));
  return bytes;
};

/** Sentences 1 and 2 of ESD's speaker 0001 in GB 18030: 中 is d6d0, 文 is cec4. */
const gb18030 = Uint8Array.from([
  ...new TextEncoder().encode("0001_000001\t"),
  ...[0xd6, 0xd0, 0xce, 0xc4],
  ...new TextEncoder().encode("\tNeutral\n0001_000351\t"),
  ...[0xd6, 0xd0, 0xce, 0xc4],
  ...new TextEncoder().encode("\tAngry\n"),
]);

const LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 84044\n";

const MELD = "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,StartTime,EndTime\n";

/** The corpus of each layout. */
export const AUTHORS: Readonly<Record<string, AuthorsCorpus>> = {
  emodb: {
    wavs: ["wav/03a01Fa.wav", "wav/03a01Nc.wav", "wav/08b02Wa.wav", "wav/08a01Fd.wav", "wav/03x.wav"],
    skipped: { "wav/03x.wav": /unknown name: expected .*03a01Fa/ },
    labels: [
      "03a01Fa happiness 03 a01",
      "03a01Nc neutral 03 a01",
      "08a01Fd happiness 08 a01",
      "08b02Wa anger 08 b02",
    ],
  },
  savee: {
    wavs: ["DC/a01.wav", "DC/su02.wav", "JE/a01.wav", "JE/su02.wav", "JE/x01.wav"],
    skipped: { "JE/x01.wav": /unknown name: expected/ },
    labels: ["DC_a01 anger DC a01", "DC_su02 surprise DC su02", "JE_a01 anger JE a01", "JE_su02 surprise JE su02"],
  },
  casia: {
    wavs: [
      "liuchanhg/angry/201.wav",
      "liuchanhg/sad/201.wav",
      "wangzhe/angry/201.wav",
      "wangzhe/sad/202.wav",
      "wangzhe/sad/x.wav",
    ],
    others: { "wangzhe/sad/202.lab": "", "wangzhe/sad/desktop.ini": "", "wangzhe/sad/202.peak": "" },
    skipped: { "wangzhe/sad/x.wav": /unknown name: expected/ },
    labels: [
      "liuchanhg_anger_201 anger liuchanhg 201",
      "liuchanhg_sadness_201 sadness liuchanhg 201",
      "wangzhe_anger_201 anger wangzhe 201",
      "wangzhe_sadness_202 sadness wangzhe 202",
    ],
  },
  ravdess: {
    wavs: [
      "Actor_01/03-01-05-01-01-01-01.wav",
      "Actor_01/03-01-08-02-02-01-01.wav",
      "Actor_02/03-01-05-01-02-01-02.wav",
      "Actor_02/03-01-02-01-01-02-02.wav",
      "Actor_02/03-02-05-01-01-01-02.wav",
      "Actor_02/01-01-05-01-02-01-02.wav",
      "Actor_02/03-01-09-01-01-01-02.wav",
    ],
    skipped: {
      "Actor_02/03-02-05-01-01-01-02.wav": /sung, not spoken/,
      "Actor_02/01-01-05-01-02-01-02.wav": /from a film/,
      "Actor_02/03-01-09-01-01-01-02.wav": /unknown name: expected/,
    },
    labels: [
      "03-01-02-01-01-02-02 calm 02 01",
      "03-01-05-01-01-01-01 anger 01 01",
      "03-01-05-01-02-01-02 anger 02 02",
      "03-01-08-02-02-01-01 surprise 01 02",
    ],
  },
  "crema-d": {
    wavs: [
      "AudioWAV/1001_DFA_ANG_XX.wav",
      "AudioWAV/1001_IEO_SAD_HI.wav",
      "AudioWAV/1040_ITH_SAD_X.wav",
      "AudioWAV/1040_IEO_NEU_LO.wav",
      "AudioWAV/1040_IEO_JOY_LO.wav",
    ],
    others: {
      "AudioWAV/1001_IEO_NEU_XX.wav": LFS,
      "processedResults/tabulatedVotes.csv": '"","A","D","F","H","N","S","fileName","numResponses"\n' +
        '"100001",8,1,0,0,1,0,"1001_DFA_ANG_XX",10\n"200001",0,0,0,9,1,0,"1001_DFA_ANG_XX",10\n' +
        '"100002",0,0,0,0,2,6,"1001_IEO_SAD_HI",8\n"100003",0,0,0,0,0,4,"1040_ITH_SAD_X",4\n' +
        '"100004",0,0,0,0,5,0,"1040_IEO_NEU_LO",5\n',
    },
    skipped: { "AudioWAV/1040_IEO_JOY_LO.wav": /unknown name: expected/ },
    labels: [
      "1001_DFA_ANG_XX anger 1001 DFA",
      "1001_IEO_NEU_XX neutral 1001 IEO",
      "1001_IEO_SAD_HI sadness 1001 IEO",
      "1040_IEO_NEU_LO neutral 1040 IEO",
      "1040_ITH_SAD_X sadness 1040 ITH",
    ],
  },
  tess: {
    wavs: [
      "OAF_angry/OAF_back_angry.wav",
      "OAF_Pleasant_surprise/OAF_back_ps.wav",
      "YAF_pleasant_surprised/YAF_back_ps.wav",
      "YAF_angry/YAF_bar_angry.wav",
      "OAF_neutral/OA_bite_neutral.wav",
      "OAF_angry/OAF_angry.wav",
    ],
    skipped: { "OAF_angry/OAF_angry.wav": /unknown name: expected/ },
    labels: [
      "OAF_back_angry anger OAF back",
      "OAF_back_ps surprise OAF back",
      "OAF_bite_neutral neutral OAF bite",
      "YAF_back_ps surprise YAF back",
      "YAF_bar_angry anger YAF bar",
    ],
  },
  emovo: {
    wavs: ["f1/dis-f1-b1.wav", "f1/gio-f1-b1.wav", "m2/dis-m2-l3.wav", "m2/pau-m2-b1.wav", "m2/notes.wav"],
    skipped: { "m2/notes.wav": /unknown name: expected/ },
    labels: [
      "dis-f1-b1 disgust f1 b1",
      "dis-m2-l3 disgust m2 l3",
      "gio-f1-b1 happiness f1 b1",
      "pau-m2-b1 fear m2 b1",
    ],
  },
  esd: {
    wavs: [
      "0001/Angry/0001_000351.wav",
      "0001/Neutral/0001_000001.wav",
      "0011/Angry/train/0011_000351.wav",
      "0011/Surprise/evaluation/0011_001402.wav",
      "0011/Angry/take2.wav",
    ],
    others: { "0001/0001.txt": gb18030, "0011/0011.txt": utf16("0011_000351\tThe nine\tAngry\r\n") },
    skipped: { "0011/Angry/take2.wav": /unknown name: expected/ },
    labels: [
      "0001_000001 neutral 0001 中文",
      "0001_000351 anger 0001 中文",
      "0011_000351 anger 0011 The nine - train",
      "0011_001402 surprise 0011 en002 - evaluation",
    ],
  },
  shemo: {
    wavs: ["female/F01A01.wav", "female/F01W02.wav", "male/M12A05.wav", "male/M12N01.wav", "male/M12X01.wav"],
    skipped: { "male/M12X01.wav": /unknown name: expected/ },
    labels: ["F01A01 anger F01 -", "F01W02 surprise F01 -", "M12A05 anger M12 -", "M12N01 neutral M12 -"],
  },
  urdu: {
    wavs: [
      "Angry/SM1_F1_A01.wav",
      "Sad/SM1_F2_S04.wav",
      "Angry/SF3_F1_A02.wav",
      "Sad/SF3_F2_S011.wav",
      "Sad/SF3_S1.wav",
    ],
    skipped: { "Sad/SF3_S1.wav": /unknown name: expected/ },
    labels: [
      "SF3_F1_A02 anger SF3 -",
      "SF3_F2_S011 sadness SF3 -",
      "SM1_F1_A01 anger SM1 -",
      "SM1_F2_S04 sadness SM1 -",
    ],
  },
  aesdd: {
    wavs: [
      "anger/a03 (2).wav",
      "fear/f03 (2).wav",
      "anger/a04 (1).wav",
      "fear/f03 (1)b.wav",
      "fear/f03.wav",
    ],
    skipped: { "fear/f03.wav": /unknown name: expected/ },
    labels: ["a03_2 anger 2 03", "a04_1 anger 1 04", "f03_1b fear 1 03", "f03_2 fear 2 03"],
  },
  iemocap: {
    wavs: [
      "Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav",
      "Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_M001.wav",
      "Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F002.wav",
      "Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F003.wav",
      "Session2/sentences/wav/Ses02M_script01_1/Ses02M_script01_1_M010.wav",
      "Session2/sentences/wav/Ses02M_script01_1/Ses02M_script01_1_F011.wav",
    ],
    others: {
      "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt": "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n" +
        "[6.2901 - 8.2357]\tSes01F_impro01_F000\tneu\t[2.5000, 2.5000, 2.5000]\n" +
        "C-E2:\tNeutral;\t()\nC-E3:\tNeutral; Sadness;\t()\nC-E4:\tFrustration;\t()\nC-F1:\tAnger;\t()\n" +
        "A-E3:\tval 3; act 2; dom  2;\t()\n\n" +
        "[10.0 - 11.1]\tSes01F_impro01_M001\texc\t[4.0, 4.0, 3.0]\nC-E2:\tExcited;\t()\nC-E3:\tHappiness;\t()\n\n" +
        "[12.0 - 13.1]\tSes01F_impro01_F002\tfru\t[2.0, 3.0, 3.0]\nC-E2:\tFrustration;\t()\n",
      "Session2/dialog/EmoEvaluation/Ses02M_script01_1.txt":
        "[1.0 - 2.0]\tSes02M_script01_1_M010\tang\t[2.0, 4.0, 4.0]\nC-E1:\tAnger;\t()\n\n" +
        "[2.0 - 3.0]\tSes02M_script01_1_F011\tneu\t[3.0, 3.0, 3.0]\nC-E1:\tNeutral state;\t()\n",
    },
    skipped: {
      "Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F002.wav": /"frustration" is not one of the four classes/,
      "Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F003.wav": /no row for it/,
    },
    labels: [
      "Ses01F_impro01_F000 neutral 01F impro01 01",
      "Ses01F_impro01_M001 happiness 01M impro01 01",
      "Ses02M_script01_1_F011 neutral 02F script01_1 02",
      "Ses02M_script01_1_M010 anger 02M script01_1 02",
    ],
  },
  meld: {
    wavs: [
      "train_splits/dia0_utt0.wav",
      "train_splits/dia0_utt1.wav",
      "train_splits/dia0_utt9.wav",
      "output_repeated_splits_test/dia0_utt0.wav",
      "output_repeated_splits_test/dia1_utt0.wav",
      "else/dia3_utt0.wav",
    ],
    others: {
      "train_sent_emo.csv": `${MELD}1,"Oh, ""no""",Chandler,neutral,neutral,0,0,8,21,"00:16:16,059","00:16:21,731"\n` +
        `2,Yes,Joey,joy,positive,0,1,8,21,"00:16:22,0","00:16:23,0"\n`,
      // saved by a program without UTF-8: 0x92 is an apostrophe
      "test_sent_emo.csv": Uint8Array.from([
        ...new TextEncoder().encode(`${MELD}1,Don`),
        0x92,
        ...new TextEncoder().encode("t,Mark,anger,negative,0,0,4,7,,\n2,Well,Mark,joy,positive,1,0,4,7,,\n"),
      ]),
    },
    skipped: {
      "train_splits/dia0_utt9.wav": /no row for it in train/,
      "else/dia3_utt0.wav": /has none of train, dev and test/,
    },
    labels: [
      "test_dia0_utt0 anger Mark Don’t test_dia0 test",
      "test_dia1_utt0 happiness Mark Well test_dia1 test",
      'train_dia0_utt0 neutral Chandler Oh, "no" train_dia0 train',
      "train_dia0_utt1 happiness Joey Yes train_dia0 train",
    ],
  },
};

const { utterances } = openSynthetic(7, { utterances: 5, speakers: 1 });
const speech = await Promise.all(utterances.map(async ({ read }) => (await read()).samples));

/** Creates such a corpus in a folder: each recording is about 0.6 s of synthetic speech, all different. */
export async function makeAuthorsCorpus(dir: string, { wavs, others = {} }: AuthorsCorpus): Promise<void> {
  const piece = (i: number) => {
    const samples = speech[i % speech.length], start = 1600 * Math.floor(i / speech.length);
    return encodeWav(samples.subarray(start, start + 9600), 16000);
  };
  const hidden = HIDDEN.map((name): [string, string] => [name, "no sound"]);
  const files: [string, string | Uint8Array][] = [
    ...wavs.map((name, i): [string, Uint8Array] => [name, piece(i)]),
    ...hidden,
    ...Object.entries(others),
  ];
  for (const [name, content] of files) {
    const file = join(dir, name);
    await Deno.mkdir(dirname(file), { recursive: true });
    await Deno.writeFile(file, typeof content === "string" ? new TextEncoder().encode(content) : content);
  }
}
