/**
 * Links from a chapter to the lines of code that it describes: [`Tape.conv2d`](../../nn/tape.ts#L120). The line contains the last
 * name between the backquotes. When code moves, {@link relink} finds the line again.
 */
import { join } from "@std/path";

/** A link to a line. */
export interface CodeLink {
  /** The name that the line must contain: the last part of the link's text, such as conv2d. */
  symbol: string;
  /** The file, as written in the chapter. */
  target: string;
  /** Line number, from 1. */
  line: number;
  /** The link's full text. */
  whole: string;
}

/** The links to lines of code in a chapter, in order. */
export function codeLinks(text: string): CodeLink[] {
  return [...text.matchAll(/\[`([^`]+)`\]\(([^)#\s]+)#L(\d+)\)/g)].map(([whole, words, target, line]) => {
    const symbol = words.match(/[\w$]+(?=\W*$)/)![0];
    return { symbol, target, line: Number(line), whole };
  });
}

/** Whether a line contains the name as a separate word. */
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

/**
 * The lines of a file, from 1, to which a link with this name may lead: those that declare it, or, if none does, all
 * that contain it.
 */
export function linesFor(content: string, symbol: string): number[] {
  const lines = content.split("\n"), numbers = lines.map((_, i) => i + 1);
  const declared = numbers.filter((n) => declares(lines[n - 1], symbol));
  return declared.length > 0 ? declared : numbers.filter((n) => holds(lines[n - 1], symbol));
}

/**
 * Moves each link to the nearest line that declares its name (or contains it, if none declares it).
 *
 * @param folder the base folder of the links
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
