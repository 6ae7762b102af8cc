/**
 * Any corpus whose labels are in its file names, by a pattern from the user: `{speaker}_{emotion}_{text}.wav`, or with
 * folders, `{speaker}/{emotion}/*.wav`.
 *
 *     {emotion} {speaker} {text} {session} {fold}     the text at this place; {emotion} is required
 *     *                                               anything within a name
 *     other characters                                themselves, ignoring case
 *
 * A pattern matches the end of a path; a pattern without a slash matches the name alone.
 *
 * @module
 */
import { OptionError } from "../base/option_error.ts";
import { type Corpus, emotionName, isEmotion, mapLabel, type ReadingChoices } from "./corpus.ts";
import { listRecordings, stem } from "./files.ts";
import { namedCorpus } from "./layout.ts";
import { describeNames } from "./layouts.ts";

const FIELDS: readonly (keyof NameFields)[] = ["emotion", "speaker", "text", "session", "fold"];

/** The fields of a name. */
export type NameFields = Partial<Record<"emotion" | "speaker" | "text" | "session" | "fold", string>>;

/**
 * Compiles a pattern to a function that reads names.
 *
 * @throws {OptionError} if a field is unknown, named twice, or {emotion} is missing
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const read = parsePattern("{speaker}_{emotion}_*.wav");
 * assertEquals({ ...read("data/anna_angry_03.wav") }, { speaker: "anna", emotion: "angry" });
 * assertEquals(read("data/angry.wav"), undefined);
 * ```
 */
export function parsePattern(pattern: string): (name: string) => NameFields | undefined {
  const fail = (fault: string) => {
    const required = "a pattern like '{speaker}_{emotion}_{text}.wav'";
    throw new OptionError({ option: "pattern", required, found: `'${pattern}': ${fault}` });
  };
  const seen = new Set<string>();
  const source = stem(pattern.normalize("NFC")).split(/(\{[^{}]*\}|\*)/).map((part) => {
    if (part === "*") return "[^/]*?";
    const field = /^\{(.*)\}$/.exec(part)?.[1];
    if (field === undefined) {
      if (/[{}]/.test(part)) fail("a brace without its other half");
      return part.replaceAll(/[\\^$.*+?()[\]|/-]/g, "\\$&");
    }
    if (!FIELDS.some((known) => known === field)) {
      fail(`expected one of ${FIELDS.map((f) => `{${f}}`).join(" ")}, found {${field}}`);
    }
    if (seen.has(field)) fail(`{${field}} is named twice`);
    seen.add(field);
    return `(?<${field}>[^/]+?)`;
  }).join("");
  if (!seen.has("emotion")) fail("expected {emotion} in it, found none");
  const expression = new RegExp(`(?:^|/)${source}$`, "i");
  return (name) => expression.exec(stem(name))?.groups;
}

/**
 * Opens a corpus by a pattern.
 *
 * @throws {OptionError} of `pattern` if it is invalid, of `labels` if no {emotion} is known
 * @throws {Error} if no name matches, or there is only one emotion
 */
export async function openPattern(dir: string, choices: ReadingChoices & { pattern: string }): Promise<Corpus> {
  const { pattern, labels } = choices, read = parsePattern(pattern), found = await listRecordings(dir);
  const words = new Set(found.wavs.flatMap((file) => read(file.normalize("NFC"))?.emotion ?? []));
  const known = [...words].some((word) => isEmotion(word) || mapLabel(labels, word) !== undefined);
  if (words.size > 0 && !known) {
    const shown = [...words].slice(0, 5).join(", ") + (words.size > 5 ? ` and ${words.size - 5} more` : "");
    throw new OptionError({
      option: "labels",
      where: dir,
      required: `emotions where \`pattern: '${pattern}'\` has {emotion}`,
      found: shown,
      help: `\`labels: map.json\` maps them to emotions. The names look like this: ${describeNames(found.wavs)}`,
    });
  }
  return namedCorpus(dir, { name: "pattern", expected: `names that fit \`pattern: '${pattern}'\``, segmentHop: 1 }, {
    found,
    choices,
    understand(name) {
      const fields = read(name);
      if (fields === undefined) return null;
      const { emotion: word, speaker = "unknown", text = "", session, fold } = fields;
      return {
        id: name,
        emotion: emotionName(word!),
        speaker,
        text,
        ...(session && { session }),
        ...(fold && { fold }),
        word,
      };
    },
  });
}
