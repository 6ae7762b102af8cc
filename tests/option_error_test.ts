/** Options in messages: libraries mention identifiers, commands print flags. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { OptionError } from "../base/option_error.ts";
import { withFlags } from "../cli/flags.ts";
import { resumeCommand } from "../runs/training_command.ts";

const root = join(import.meta.dirname!, "..");

/** What stands below the commands. */
const LIBRARIES = "base files dsp workers corpora kernels nn forest refinery models runs lab report web".split(" ");

/** Where flags are written all the same: the command lines of runs, a model's card, a command of its own, and Deno's own flags. */
const FLAGS_ALLOWED = /^(runs\/training_command|models\/card|web\/main|web\/page\/.*)\.ts$/,
  DENO_ARGUMENTS = /^\s*args: \["bundle"/;

function* sources(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(join(root, folder))) {
    if (isDirectory) yield* sources(`${folder}/${name}`);
    else if (name.endsWith(".ts")) yield `${folder}/${name}`;
  }
}

Deno.test("no library's text has a flag in it", async () => {
  const there = LIBRARIES.filter((folder) => [...Deno.readDirSync(root)].some(({ name }) => name === folder));
  const found: string[] = [];
  let lines = 0;
  for (const file of there.flatMap((folder) => [...sources(folder)])) {
    if (FLAGS_ALLOWED.test(file)) continue;
    const code = (await Deno.readTextFile(join(root, file))).replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
    for (const line of code.split("\n")) {
      lines++;
      // a decrement stands alone, a flag in a text
      if (/["'`].*--[a-z]|^[^"'`]*\s--[a-z-]+\s[a-z]/.test(line) && !DENO_ARGUMENTS.test(line)) {
        found.push(`${file}: ${line.trim()}`);
      }
    }
  }
  assertEquals(found, []);
  assert(lines > 10_000, `only ${lines} lines were read: does the test still see them?`);
});

Deno.test("withFlags() prints mentions of options as flags, and nothing else", () => {
  const text =
    "`segmentHop`: expected 3, found 2; `device: cpu` runs, `pattern: '{emotion}.wav'` reads, `softLabels: false`";
  assertStrictEquals(
    withFlags(text),
    "--segment-hop: expected 3, found 2; --device cpu runs, --pattern '{emotion}.wav' reads, --no-soft-labels",
  );
  assertStrictEquals(
    withFlags(`to resume: ${resumeCommand("train", '/tmp/a "b')}`),
    'to resume: deno task train --resume --out /tmp/a "b',
  );
  assertStrictEquals(
    withFlags(`to resume: ${resumeCommand("paper", "/tmp/a b")}`),
    "to resume: deno task paper with --resume and --out /tmp/a b",
  );
  assertStrictEquals(withFlags("--validation, `validationShare`"), "--validation, --validation");
  assertStrictEquals(withFlags("`npm ci` and `Uint8Array` stay"), "`npm ci` and `Uint8Array` stay");
});

Deno.test("OptionError has its parts in one line: where, expected, found, what to do", () => {
  const error = new OptionError({
    ...{ option: "data", where: "/corpus", required: "a folder", found: "a file", help: "name another" },
  });
  assertStrictEquals(error.message, "/corpus: `data`: expected a folder, found a file; name another");
  assertEquals([error.name, error.option, error.required, error.found], ["OptionError", "data", "a folder", "a file"]);
  const missing = new OptionError({ option: "pattern", required: "one", found: undefined });
  assertStrictEquals(missing.message, "`pattern`: expected one, found nothing");
});
