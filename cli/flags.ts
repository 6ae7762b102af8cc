/** Options as a command prints them: libraries mention `segmentHop: 3`, and the terminal shows --segment-hop 3. */
import { ordinal } from "../base/numbering.ts";
import { optionName } from "../runs/training_command.ts";

/** A mention of an option, in backticks: its identifier, and a value where one is meant. */
const MENTION = /`([a-z][A-Za-z]*)(?:: ([^`]+))?`/g;

/** A call of the library that resumes a run, with its folder. */
const RESUMING = /`train\(corpus, \{ out: ("(?:[^"\\]|\\.)*") \}\)`/g;

/** Options that a library counts from 0, and a command line from 1. */
const COUNTED = ["fold", "onlyFold"];

/** A library's text with its mentions of options as flags, and of a call that resumes a run as the command that does. */
export function withFlags(text: string): string {
  const commands = text.replaceAll(RESUMING, (_, folder) => `deno task train --resume --out ${JSON.parse(folder)}`);
  return commands.replaceAll(MENTION, (_, name: string, value?: string) => {
    const flag = optionName(name);
    if (value === undefined || value === "true") return `--${flag}`;
    if (COUNTED.includes(name)) return `--${flag} ${ordinal(Number(value))}`;
    return value === "false" ? `--no-${flag}` : `--${flag} ${value}`;
  });
}
