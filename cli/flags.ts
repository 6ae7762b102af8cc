/** Converts options to a command's form: libraries mention `segmentHop: 3`, and the terminal shows --segment-hop 3. */
import { ordinal } from "../base/numbering.ts";
import { optionName } from "../base/option_name.ts";

/** A mention of an option in backticks: its identifier, with an optional value. */
const MENTION = /`([a-z][A-Za-z]*)(?:: ([^`]+))?`/g;

/** A library call that resumes a run, with its folder. */
const RESUMING = /`train\(corpus, \{ out: ("(?:[^"\\]|\\.)*") \}\)`/g;

/** Options that count from 0 in a library and from 1 on a command line. */
const COUNTED = ["fold", "onlyFold"];

/** Converts a library's text: mentions of options to flags, and a call that resumes a run to the command that does. */
export function withFlags(text: string): string {
  const commands = text.replaceAll(RESUMING, (_, folder) => `deno task train --resume --out ${JSON.parse(folder)}`);
  return commands.replaceAll(MENTION, (_, name: string, value?: string) => {
    const flag = optionName(name);
    if (value === undefined || value === "true") return `--${flag}`;
    if (COUNTED.includes(name)) return `--${flag} ${ordinal(Number(value))}`;
    return value === "false" ? `--no-${flag}` : `--${flag} ${value}`;
  });
}
