/** `deno task test`: its last line tells every failure, wherever it happens. */
import assert from "@std/assert";
import path from "@std/path";
import { withFolder } from "../corpora/folders.ts";

const root = path.join(import.meta.dirname!, "..", "..");
const good = 'Deno.test("good", () => {});\n', bad = 'Deno.test("bad", () => { throw new Error("bad"); });\n';

async function testFolder(folder: string): Promise<[last: string | undefined, code: number]> {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-P=tooling", "cli/test.ts", folder],
    cwd: root,
    env: { EPR_TESTS_RUNNING: "" }, // those that it starts start no others
  }).output();
  return [new TextDecoder().decode(stdout).trimEnd().split("\n").at(-1), code];
}

Deno.test("a failure in a test, one outside of tests and a file that does not compile are each counted", async () => {
  const cases: [files: Record<string, string>, last: string][] = [
    [{ "a_test.ts": good }, "1 passed, 0 failed"],
    [{ "a_test.ts": good + bad, "b_test.ts": `${good}throw new Error("outside");\n` }, "1 passed, 2 failed"],
    [{ "a_test.ts": `${good}const n: number = "none";\n` }, "0 passed, 1 failed"],
  ];
  for (const [files, last] of cases) {
    await withFolder(files, async (folder) => {
      assert.deepEqual(await testFolder(folder), [last, last.endsWith(" 0 failed") ? 0 : 1]);
    });
  }
});
