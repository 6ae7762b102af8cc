/**
 * Plain English: phrases that readers stumbled over do not return, neither in what a program prints nor in the docs. Each pattern is
 * narrow, so that it has no other use, and names what to write instead.
 */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";

const root = join(import.meta.dirname!, "..");

/** Phrases, and what to write instead. */
const PHRASES: readonly (readonly [phrase: RegExp, instead: string])[] = [
  [/\bgo(es)? on with\b/i, "resume, or: To resume: ..."],
  [/\bwhat is kept\b|\bwhat is begun\b/i, "checkpoints are saved"],
  [/; want(ed)?\b|, want(ed)? (a|an|the|one|at)\b|\bwanted( is| are|:)/i, "expected ..., found ..."],
  [/\b(is|are) wanted\b|\bwants --/i, "requires, or expected ..., found ..."],
  [/\bdo not go together\b/i, "... exclude each other"],
  [/\b(is|are|be) told\b/i, "is reported, printed"],
  [/\b(is|are) not believed\b/i, "is not trusted"],
  [/\bdearest\b/i, "most expensive"],
  [/\bplays GPU\b|\bplays this GPU\b/i, "software GPU, emulated by software"],
  [/\bwon't do\b/i, "expected ..., found ..."],
];

/** Phrases of comments, and what to write instead. */
const COMMENT_PHRASES: readonly (readonly [phrase: RegExp, instead: string])[] = [
  [/\b(is|are) told\b/i, "is reported, printed"],
  [/\bgo(es)? on with\b/i, "resume, continue"],
  [/\bwants\b/i, "requires, needs"],
  [/\b(is|are) to be\b/i, "must be, or the plain verb"],
  [/\bso that (it|they) be\b/i, "so that it is"],
  [/@throws \{[^}]*\} where\b/i, "@throws {...} if"],
  [/\btells?\b/i, "prints, reports, shows"],
  [/\b(hear|hears|hearing)\b/i, "receive, read, recognise"],
  [/\b(is|are) (said|wanted)\b/i, "states, expects, uses"],
];

/** The block comments of a program in TypeScript. */
const comments = (source: string) => source.match(/\/\*\*?\s[\s\S]*?\*\//g) ?? [];

/** The names of a program's tests that are literals. */
const testNames = (source: string) =>
  [...source.matchAll(/\b(?:Deno\.test|onGpu)\(\s*(?:\{\s*name:\s*)?("[^"]*"|`[^`]*`)/g)].map(([, name]) => name);

/** The strings and templates of a program, less its comments. */
function* strings(source: string): Generator<string> {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\/|(^|\s)\/\/.*$/gm, "");
  for (const [text] of code.matchAll(/"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`|'(?:[^'\\\n]|\\.)*'/g)) yield text;
}

/** Prose of a document, less its programs and what they print. */
const prose = (document: string) => document.replaceAll(/^```[\s\S]*?^```$/gm, "");

function offences(text: string, where: string, phrases = PHRASES): string[] {
  return phrases.flatMap(([phrase, instead]) => {
    const found = phrase.exec(text.replaceAll(/\s+/g, " "));
    return found ? [`${where}: "${found[0].trim()}": write ${instead}`] : [];
  });
}

function* filesOf(folder: string, kind: RegExp): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(join(root, folder))) {
    if (isDirectory && name !== "node_modules") yield* filesOf(join(folder, name), kind);
    else if (kind.test(name)) yield join(folder, name);
  }
}

/** Rooms that print something, or raise errors. */
const ROOMS = "base bench cli corpora dsp files forest kernels lab models nn refinery report runs web workers".split(
  " ",
);

Deno.test("no message of the program has a phrase that readers stumbled over", async () => {
  const found: string[] = [];
  let read = 0;
  for (const file of ROOMS.flatMap((room) => [...filesOf(room, /\.ts$/)])) {
    for (const text of strings(await Deno.readTextFile(join(root, file)))) {
      read++;
      found.push(...offences(text, file));
    }
  }
  assertEquals(found, []);
  assertStrictEquals(read > 5000, true, `only ${read} strings were read`);
});

Deno.test("no block comment has a phrase of this kind", async () => {
  const found: string[] = [];
  let read = 0;
  for (const file of [...ROOMS, "textbook", "tests"].flatMap((room) => [...filesOf(room, /\.ts$/)])) {
    if (file === join("tests", "english_test.ts")) continue; // has examples of each
    for (const comment of comments(await Deno.readTextFile(join(root, file)))) {
      read++;
      found.push(...offences(comment.replaceAll(/\n\s*\*/g, " "), file, COMMENT_PHRASES));
    }
  }
  assertEquals(found, []);
  assertStrictEquals(read > 3000, true, `only ${read} comments were read`);
});

Deno.test("no test has a name with such a phrase", async () => {
  const found: string[] = [];
  let read = 0;
  for (const file of filesOf("tests", /\.ts$/)) {
    for (const name of testNames(await Deno.readTextFile(join(root, file)))) {
      read++;
      found.push(...offences(name, file, COMMENT_PHRASES));
    }
  }
  assertEquals(found, []);
  assertStrictEquals(read > 500, true, `only ${read} names were read`);
});

Deno.test("no document has such a phrase", async () => {
  const found: string[] = [],
    documents = ["README.md", ...filesOf("docs", /\.md$/), ...filesOf("bench/results", /\.md$/)];
  for (const file of documents) found.push(...offences(prose(await Deno.readTextFile(join(root, file))), file));
  assertEquals(found, []);
  assertStrictEquals(documents.length > 30, true, `only ${documents.length} documents were read`);
});

Deno.test("each of these phrases is found, in strings and in prose, and comments, programs and plain words are not", () => {
  const bad = [
    "go on with: deno task train",
    "what is kept goes on",
    "an FFT of 3 points; want a power of two",
    "at least two emotions are wanted",
    "--json and --csv do not go together",
    "a broken link is told",
    "an adapter's list is not believed",
    "the dearest product",
    "a program that plays GPU",
    "a segment of 3 x 3 won't do",
  ];
  PHRASES.forEach(([phrase], i) => assertStrictEquals(phrase.test(bad[i]), true, bad[i]));
  const badComments = [
    "is told",
    "goes on with its folds",
    "wants its gradient",
    "is to be measured",
    "so that it be fast",
    "@throws {RangeError} where it is 0",
    "train tells of a full disk",
    "what a network hears",
    "no gradient is wanted",
  ];
  COMMENT_PHRASES.forEach(([phrase], i) => assertStrictEquals(phrase.test(badComments[i]), true, badComments[i]));
  assertEquals(comments('/** is\n * told */ f("told"); // is told'), ["/** is\n * told */"]);
  assertEquals(testNames('Deno.test("a fact", f); Deno.test({ name: `is ${x}`, f }); f("no test")'), [
    '"a fact"',
    "`is ${x}`",
  ]);
  const source = '/* is told */ f("is\\"told", `${x} is told`); // are wanted\n';
  assertEquals([...strings(source)], ['"is\\"told"', "`${x} is told`"]);
  assertEquals(offences("a label is\ntold", "x.md"), ['x.md: "is told": write is reported, printed']);
  assertEquals(prose("a\n```\nis told\n```\nb"), "a\n\nb");
  assertEquals(offences("what you want, and the programs that wanted a processor", "x.md"), []);
});
