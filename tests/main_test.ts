/** `deno task test`: its last line counts every failure, wherever it happens. */
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { withFolder } from "./corpora/folders.ts";

const root = join(import.meta.dirname!, "..");
const good = 'Deno.test("good", () => {});\n', bad = 'Deno.test("bad", () => { throw new Error("bad"); });\n';

async function testFolder(folder: string, ...args: string[]): Promise<[lastTwo: string[], code: number]> {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-P=tooling", "tests/main.ts", folder, ...args],
    cwd: root,
    env: { EPR_TESTS_RUNNING: "" }, // the started tests start no others
  }).output();
  return [new TextDecoder().decode(stdout).trimEnd().split("\n").slice(-2), code];
}

Deno.test("a failure in a test, one outside of tests and a file that does not compile are each counted", async () => {
  const cases: [files: Record<string, string>, last: string][] = [
    [{ "a_test.ts": good }, "1 passed, 0 failed"],
    [{ "a_test.ts": good + bad, "b_test.ts": `${good}throw new Error("outside");\n` }, "1 passed, 2 failed"],
    [{ "a_test.ts": `${good}const n: number = "none";\n` }, "0 passed, 1 failed"],
  ];
  for (const [files, last] of cases) {
    await withFolder(files, async (folder) => {
      const [lines, code] = await testFolder(folder);
      assertEquals([lines.at(-1), code], [last, last.endsWith(" 0 failed") ? 0 : 1]);
    });
  }
});

Deno.test("an ignored test is counted, one that a filter leaves out is not", async () => {
  const ignored = 'Deno.test({ name: "good but ignored", ignore: true, fn() {} });\n';
  await withFolder({ "a_test.ts": good + ignored, "b_test.ts": bad }, async (folder) => {
    assertEquals(await testFolder(folder, "--filter", "good"), [["1 ignored", "1 passed, 0 failed"], 0]);
  });
});
