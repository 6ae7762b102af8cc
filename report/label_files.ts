/**
 * Writes the stretches of a recording as files for other programs.
 *
 *     audacity   label track: start, end and text, tabs between them                https://manual.audacityteam.org/man/importing_and_exporting_labels.html
 *     textgrid   Praat, long text format: two interval tiers                        https://www.fon.hum.uva.nl/praat/manual/TextGrid_file_formats.html
 *     eaf        ELAN 3.0: a time-aligned tier and one that depends on it           https://www.mpi.nl/tools/elan/EAF_Annotation_Format_3.0_and_ELAN.pdf
 *     vtt        WebVTT captions, for players                                       https://www.w3.org/TR/webvtt1/
 *
 * Every format contains all stretches, including those without speech, so the times cover the recording.
 */
import { type EmotionStretch, labelOf } from "./stretches.ts";

/** The formats. */
export const LABEL_FORMATS = ["audacity", "textgrid", "eaf", "vtt"] as const;
/** See {@link LABEL_FORMATS}. */
export type LabelFormat = typeof LABEL_FORMATS[number];

/** The file extension of each format. */
export const LABEL_EXTENSIONS: Readonly<Record<LabelFormat, string>> = {
  audacity: "txt",
  textgrid: "TextGrid",
  eaf: "eaf",
  vtt: "vtt",
};

/** The labels to write. */
export interface LabelTrack {
  /** Adjoining stretches that cover the recording, at least one. */
  stretches: readonly EmotionStretch[];
  /** Duration of the recording. */
  seconds: number;
  /**
   * The URL of the recording and its media type, such as "audio/x-wav": ELAN opens it. Undefined: unknown, as for a
   * pipe.
   */
  media?: { url: string; type: string };
  /** Date of the labels. */
  date: Date;
}

/** The text of a label file, with a final line end. */
export function labelFile(format: LabelFormat, labelled: LabelTrack): string {
  return WRITERS[format](labelled);
}

const WRITERS: Readonly<Record<LabelFormat, (labelled: LabelTrack) => string>> = { audacity, textgrid, eaf, vtt };

/** An emotion and its probability, "anger 83 %". */
function withPercent(stretch: EmotionStretch): string {
  const { probability } = stretch;
  return probability === undefined ? labelOf(stretch) : `${labelOf(stretch)} ${Math.round(100 * probability)} %`;
}

const probabilityOf = ({ probability }: EmotionStretch): string =>
  probability === undefined ? "" : probability.toFixed(4);

function audacity({ stretches }: LabelTrack): string {
  const lines = stretches.map((one) => {
    const text = withPercent(one).replaceAll(/[\t\r\n]+/g, " "); // tabs and line ends end fields and lines
    return `${one.start.toFixed(6)}\t${one.end.toFixed(6)}\t${text}\n`;
  });
  return lines.join("");
}

function textgrid({ stretches, seconds }: LabelTrack): string {
  const xmax = seconds.toFixed(6), text = (value: string) => `"${value.replaceAll('"', '""')}"`;
  const tier = (name: string, label: (one: EmotionStretch) => string) =>
    [
      `class = "IntervalTier"`,
      `name = ${text(name)}`,
      `xmin = 0`,
      `xmax = ${xmax}`,
      `intervals: size = ${stretches.length}`,
      ...stretches.flatMap((one, i) => [
        `intervals [${i + 1}]:`,
        `    xmin = ${i === 0 ? "0" : one.start.toFixed(6)}`,
        `    xmax = ${one.end.toFixed(6)}`,
        `    text = ${text(label(one))}`,
      ]),
    ].map((line) => `        ${line}\n`).join("");
  return [
    `File type = "ooTextFile"\nObject class = "TextGrid"\n\n`,
    `xmin = 0\nxmax = ${xmax}\ntiers? <exists>\nsize = 2\nitem []:\n`,
    `    item [1]:\n${tier("emotion", labelOf)}`,
    `    item [2]:\n${tier("probability", probabilityOf)}`,
  ].join("");
}

function eaf({ stretches, media, date }: LabelTrack): string {
  // the boundaries of stretches, each once, since stretches adjoin
  const moments = [...stretches.map(({ start }) => start), stretches.at(-1)!.end];
  const slots = moments.map((at, i) => `<TIME_SLOT TIME_SLOT_ID="ts${i + 1}" TIME_VALUE="${Math.round(1000 * at)}"/>`);
  const emotions = stretches.map((one, i) =>
    [
      `<ANNOTATION>`,
      `<ALIGNABLE_ANNOTATION ANNOTATION_ID="a${i + 1}" TIME_SLOT_REF1="ts${i + 1}" TIME_SLOT_REF2="ts${i + 2}">`,
      `<ANNOTATION_VALUE>${xml(labelOf(one))}</ANNOTATION_VALUE>`,
      `</ALIGNABLE_ANNOTATION>`,
      `</ANNOTATION>`,
    ].join("")
  );
  const probabilities = stretches.flatMap((one, i) =>
    one.probability === undefined ? [] : [[
      `<ANNOTATION>`,
      `<REF_ANNOTATION ANNOTATION_ID="a${stretches.length + i + 1}" ANNOTATION_REF="a${i + 1}">`,
      `<ANNOTATION_VALUE>${probabilityOf(one)}</ANNOTATION_VALUE>`,
      `</REF_ANNOTATION>`,
      `</ANNOTATION>`,
    ].join("")]
  );
  const head = media ? `<MEDIA_DESCRIPTOR MEDIA_URL="${xml(media.url)}" MIME_TYPE="${xml(media.type)}"/>` : "";
  return [
    `<?xml version="1.0" encoding="UTF-8"?>`,
    `<ANNOTATION_DOCUMENT AUTHOR="EPR" DATE="${date.toISOString()}" FORMAT="3.0" VERSION="3.0" ` +
    `xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ` +
    `xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">`,
    `<HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">${head}` +
    `<PROPERTY NAME="lastUsedAnnotationId">${2 * stretches.length}</PROPERTY></HEADER>`,
    `<TIME_ORDER>`,
    ...slots,
    `</TIME_ORDER>`,
    `<TIER LINGUISTIC_TYPE_REF="emotion" TIER_ID="emotion">`,
    ...emotions,
    `</TIER>`,
    `<TIER LINGUISTIC_TYPE_REF="probability" PARENT_REF="emotion" TIER_ID="probability">`,
    ...probabilities,
    `</TIER>`,
    `<LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="emotion" TIME_ALIGNABLE="true"/>`,
    `<LINGUISTIC_TYPE CONSTRAINTS="Symbolic_Association" GRAPHIC_REFERENCES="false" ` +
    `LINGUISTIC_TYPE_ID="probability" TIME_ALIGNABLE="false"/>`,
    `<CONSTRAINT DESCRIPTION="1-1 association with a parent annotation" STEREOTYPE="Symbolic_Association"/>`,
    `</ANNOTATION_DOCUMENT>`,
    ``,
  ].join("\n");
}

function vtt({ stretches }: LabelTrack): string {
  const cues = stretches.filter(({ start, end }) => timestamp(end) !== timestamp(start)).map((one) =>
    `\n${timestamp(one.start)} --> ${timestamp(one.end)}\n${xml(withPercent(one)).replaceAll(/\s+/g, " ")}\n`
  );
  return `WEBVTT\n${cues.join("")}`;
}

/** hh:mm:ss.ttt, with as many digits for hours as needed. */
function timestamp(seconds: number): string {
  const all = Math.round(1000 * seconds), two = (n: number) => String(Math.floor(n)).padStart(2, "0");
  const ms = String(all % 1000).padStart(3, "0");
  return `${two(all / 3_600_000)}:${two(all / 60_000 % 60)}:${two(all / 1000 % 60)}.${ms}`;
}

/** Escapes text for XML and WebVTT cues; control characters, which XML can't represent, are dropped. */
function xml(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replaceAll(/[\x00-\x08\x0b\x0c\x0e-\x1f]/g, "").replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
