/** Options as a command prints them: libraries mention `segmentHop: 3`, whoever types a command line reads --segment-hop 3. */
import { ordinal } from "../base/numbering.ts";
import { optionName } from "../runs/training_command.ts";

/** A mention of an option, in backticks: its identifier, and a value where one is meant. */
const MENTION = /`([a-z][A-Za-z]*)(?:: ([^`]+))?`/g;

/** Options that a library counts from 0, and a command line from 1. */
const COUNTED = ["fold", "onlyFold"];

/** A library's text with its mentions of options as flags. */
export function withFlags(text: string): string {
  return text.replaceAll(MENTION, (_, name: string, value?: string) => {
    const flag = optionName(name);
    if (value === undefined || value === "true") return `--${flag}`;
    if (COUNTED.includes(name)) return `--${flag} ${ordinal(Number(value))}`;
    return value === "false" ? `--no-${flag}` : `--${flag} ${value}`;
  });
}
