/**
 * Inserts sizes in a kernel's source. Neither naga nor Tint unrolls loops, and WGSL has no conditional bindings, so a
 * `.wgsl` file here may contain lines that begin with `#`:
 *
 *     #if VEC_X            keeps the lines to #else or #end if the constant VEC_X is true; #if !VEC_X if false
 *     #for i in COLS       repeats the lines to #end with ${i} = 0, 1, ..., COLS - 1; COLS is a constant or a number
 *
 * and `${NAME}` anywhere: a constant or a loop's variable. There is no arithmetic: WGSL folds constants itself.
 *
 * @module
 */

/** Values for a kernel's constants, by name. */
export type Constants = Readonly<Record<string, number | boolean | string>>;

/**
 * Expands the directives in a kernel's source.
 *
 * @throws SyntaxError with the line, if a directive is unknown, not closed or refers to an unknown constant
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(expand("#for i in N\nlet a_${i} = ${i};\n#end", { N: 2 }), "let a_0 = 0;\nlet a_1 = 1;");
 * ```
 */
export function expand(source: string, constants: Constants): string {
  const lines = source.split("\n");
  const output: string[] = [];
  const end = block(lines, 0, constants, output);
  if (end < lines.length) throw fault(lines, end, "closes nothing");
  return output.join("\n");
}

/** Expands from line `at` to the `#end` or `#else` of this block, and returns that line's number. */
function block(lines: string[], at: number, scope: Constants, output: string[]): number {
  for (; at < lines.length; at++) {
    const line = lines[at];
    if (!line.startsWith("#")) {
      output.push(line.replace(/\$\{(\w+)\}/g, (_, name) => String(lookUp(lines, at, name, scope))));
      continue;
    }
    const words = line.slice(1).trim().split(/\s+/);
    if (words[0] === "end" || words[0] === "else") return at;
    if (words[0] === "if" && words.length === 2) {
      const wanted = !words[1].startsWith("!");
      const holds = Boolean(lookUp(lines, at, words[1].replace("!", ""), scope)) === wanted;
      const opened = at;
      at = block(lines, at + 1, scope, holds ? output : []);
      if (lines[at]?.startsWith("#else")) at = block(lines, at + 1, scope, holds ? [] : output);
      if (!lines[at]?.startsWith("#end")) throw fault(lines, opened, "has no #end");
    } else if (words[0] === "for" && words.length === 4 && words[2] === "in") {
      const count = /^\d+$/.test(words[3]) ? Number(words[3]) : Number(lookUp(lines, at, words[3], scope));
      let last = at;
      // a loop without rounds is still parsed, to find its end
      for (let i = 0; i < Math.max(count, 1); i++) {
        last = block(lines, at + 1, { ...scope, [words[1]]: i }, i < count ? output : []);
      }
      if (!lines[last]?.startsWith("#end")) throw fault(lines, at, "has no #end");
      at = last;
    } else throw fault(lines, at, "is no directive");
  }
  return at;
}

function lookUp(lines: string[], at: number, name: string, scope: Constants): number | boolean | string {
  const value = scope[name];
  if (value === undefined) throw fault(lines, at, `uses ${name}, which is not defined`);
  return value;
}

function fault(lines: string[], at: number, what: string): SyntaxError {
  return new SyntaxError(`Kernel text, line ${at + 1} ${what}: ${lines[at]}`);
}
