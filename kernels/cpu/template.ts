/**
 * The small template language of `wat/` files, which keeps unrolled code readable. A kernel is WebAssembly text with three
 * additions, which are expanded before it is assembled:
 *
 * - `{{#i 0 6}} ... {{/i}}` repeats its body with i = 0 ... 5;
 * - `{{16*i+4}}` is the value of a sum of products of such names, of names from the caller, and of integers;
 * - `(f32x4.madd a b c)` is a * b + c on four lanes: one relaxed (fused) instruction if the engine supports it, otherwise a
 *   multiplication and an addition.
 */

/** The instruction that `f32x4.madd` becomes. */
export type Simd = "relaxed" | "plain";

/**
 * WebAssembly text of a template.
 *
 * @param values integers that the template can use by name
 * @throws SyntaxError if a repetition is not closed, a name is unknown or an `f32x4.madd` does not have three operands
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const text = expandTemplate("{{#i 0 2}}(f32x4.madd $a{{i}} $b {{8*i+1}}) {{/i}}", "plain");
 * assertEquals(text, "(f32x4.add (f32x4.mul $a0 $b) 1) (f32x4.add (f32x4.mul $a1 $b) 9) ");
 * ```
 */
export function expandTemplate(text: string, simd: Simd, values: Record<string, number> = {}): string {
  const parts: string[] = [];
  write(parse(text), new Map(Object.entries(values)), parts);
  return lowerMadd(parts.join(""), simd);
}

/** What a template consists of: text as it stands, a sum of products of names and integers, a repetition. */
type Node = string | { sum: string[][] } | { name: string; first: number; end: number; body: Node[] };

function parse(text: string): Node[] {
  const open: { name?: string; body: Node[] }[] = [{ body: [] }];
  for (const piece of text.split(/(\{\{[^}]*\}\})/)) {
    const { name, body } = open[open.length - 1];
    const [, repeated, first, end] = /^\{\{#(\w+) (\d+) (\d+)\}\}$/.exec(piece) ?? [];
    if (repeated !== undefined) {
      const node = { name: repeated, first: Number(first), end: Number(end), body: [] };
      body.push(node);
      open.push(node);
    } else if (name !== undefined && piece === `{{/${name}}}`) open.pop();
    else if (/^\{\{[^#/]/.test(piece)) {
      body.push({ sum: piece.slice(2, -2).split("+").map((term) => term.split("*").map((word) => word.trim())) });
    } else body.push(piece);
  }
  const { name, body } = open[open.length - 1];
  if (name !== undefined) throw new SyntaxError(`A template: expected an end of {{#${name}}}, found none`);
  return body;
}

function write(nodes: readonly Node[], values: Map<string, number>, parts: string[]): void {
  for (const node of nodes) {
    if (typeof node === "string") parts.push(node);
    else if ("sum" in node) parts.push(String(evaluate(node.sum, values)));
    else {
      const before = values.get(node.name);
      for (let i = node.first; i < node.end; i++) write(node.body, values.set(node.name, i), parts);
      if (before === undefined) values.delete(node.name);
      else values.set(node.name, before);
    }
  }
}

function evaluate(sum: readonly string[][], values: ReadonlyMap<string, number>): number {
  const factor = (word: string): number => {
    const value = /^\d+$/.test(word) ? Number(word) : values.get(word);
    if (value === undefined) throw new SyntaxError(`A template: expected defined names, found ${JSON.stringify(word)}`);
    return value;
  };
  return sum.reduce((total, term) => total + term.reduce((product, word) => product * factor(word), 1), 0);
}

function lowerMadd(text: string, simd: Simd): string {
  const name = "(f32x4.madd";
  if (simd === "relaxed") return text.replaceAll(name, "(f32x4.relaxed_madd");
  for (let at = text.lastIndexOf(name); at >= 0; at = text.lastIndexOf(name)) {
    // From the last to the first, so that operands are already lowered.
    const operands: string[] = [];
    let end = at + name.length;
    for (let depth = 0, start = end; operands.length < 3; end++) {
      if (end >= text.length) throw new SyntaxError("A template: f32x4.madd: expected three operands");
      const c = text[end];
      if (c === "(") depth++;
      const boundary = depth === 0 && /[\s)]/.test(c);
      if (c === ")" && depth > 0) depth--;
      if (!boundary && !(c === ")" && depth === 0)) continue;
      const operand = text.slice(start, boundary ? end : end + 1).trim();
      if (operand) operands.push(operand);
      start = boundary ? end : end + 1;
      if (operands.length === 3 && boundary) break;
    }
    while (text[end] !== ")") end++;
    const [a, b, c] = operands;
    text = `${text.slice(0, at)}(f32x4.add (f32x4.mul ${a} ${b}) ${c})${text.slice(end + 1)}`;
  }
  return text;
}
