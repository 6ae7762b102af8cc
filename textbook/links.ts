/**
 * Links from a chapter to the very lines of code that it talks of: [`Tape.conv2d`](../../nn/tape.ts#L120). The line holds the last
 * name between the backquotes; when code moves, {@link relink} finds the line again.
 */
import { join } from "@std/path";

/** A link to a line. */
export interface CodeLink {
  /** What the line is to hold: the last part of the link's words, such as conv2d. */
  symbol: string;
  /** The file, as the chapter has it. */
  target: string;
  /** From 1. */
  line: number;
  /** The link as it stands in the text. */
  whole: string;
}

/** The links to lines in a chapter, in order. */
export function codeLinks(text: string): CodeLink[] {
  return [...text.matchAll(/\[`([^`]+)`\]\(([^)#\s]+)#L(\d+)\)/g)].map(([whole, words, target, line]) => {
    const symbol = words.match(/[\w$]+(?=\W*$)/)![0];
    return { symbol, target, line: Number(line), whole };
  });
}

/** Whether a line has the name, as a word of its own. */
export function holds(line: string | undefined, symbol: string): boolean {
  return line !== undefined && new RegExp(`(?<![\\w$])${symbol.replaceAll("$", "\\$")}(?![\\w$])`).test(line);
}

/** Whether a line declares the name: a function, method, type, constant or property, a WebAssembly export, a WGSL function. */
export function declares(line: string, symbol: string): boolean {
  const name = symbol.replaceAll("$", "\\$");
  return [
    `^\\s*(export )?(default )?(abstract )?(async )?(function\\*?|class|interface|const|let|type|fn|override) ${name}(?![\\w$])`,
    `^\\s+(static |async |readonly |get )*#?${name.replace(/^#/, "")}(<[^>]*>)?\\($`,
    `^\\s+(static |async |readonly |get )*#?${name.replace(/^#/, "")}(<[^>]*>)?\\(.*\\{$`,
    `^\\s+(readonly )?${name}\\??: .*;$`,
    `\\(func (\\$${name}|\\(export "${name}"\\))`,
  ].some((pattern) => new RegExp(pattern).test(line)) && !/^\s*(\*|\/\/|\/\*|for|if|while|return)/.test(line);
}

/** The lines of a file, from 1, that a link with this name may lead to: those that declare it, or all that have it where none does. */
export function linesFor(content: string, symbol: string): number[] {
  const lines = content.split("\n"), numbers = lines.map((_, i) => i + 1);
  const declared = numbers.filter((n) => declares(lines[n - 1], symbol));
  return declared.length > 0 ? declared : numbers.filter((n) => holds(lines[n - 1], symbol));
}

/**
 * The text with each link at the line that declares its name (or has it, where none declares it) and is nearest to where it led.
 *
 * @param folder what links are relative to
 * @throws Error if a file has no such line
 */
export async function relink(text: string, folder: string): Promise<{ text: string; moved: number }> {
  let moved = 0;
  for (const { symbol, target, line, whole } of codeLinks(text)) {
    const found = linesFor(await Deno.readTextFile(join(folder, target)), symbol);
    if (found.includes(line)) continue;
    if (found.length === 0) throw new Error(`${target} has no line with ${symbol}, which a link leads to`);
    const nearest = found.reduce((best, at) => Math.abs(at - line) < Math.abs(best - line) ? at : best);
    text = text.replace(whole, whole.replace(`#L${line})`, `#L${nearest})`));
    moved++;
  }
  return { text, moved };
}
