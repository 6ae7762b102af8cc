/**
 * `deno task test`: every test of `tests/`, and every example in `docs/` and in the docs of the source folders.
 *
 * Arguments go on to `deno test`; files or folders among them replace the usual ones. What this machine can't run is said before,
 * the counts come last: `N passed, M failed`.
 */
import { emodbDir } from "../tests/emodb.ts";
import { webgpu } from "../tests/devices.ts";
import { createCommand, EXIT, runCommand, say } from "./common.ts";

/** Where tests and examples are. */
const PLACES = [
  "tests",
  "README.md",
  "docs",
  "mod.ts",
  "dsp",
  "corpora",
  "kernels",
  "nn",
  "forest",
  "refinery",
  "runs",
  "report",
  "cli",
];

const command = createCommand("test", "Every test, and every example in the docs.", [
  ["all of them", "deno task test"],
  ["those whose name holds a word", "deno task test --filter conv2d"],
  ["those that run on one device", "deno task test --device webgpu"],
  ["one folder", "deno task test tests/dsp"],
])
  .option("--device <name>", "only tests that are run on each device, on this one: cpu, webgpu or definitions")
  .option("--filter <text>", "only tests whose name holds this, or /matches/")
  .helpOption("--help", "show this")
  .argument("[args...]", "files or folders, and other options of deno test")
  .allowUnknownOption();

/** Set for the tests, so that a test can't start all tests again, and those again. */
const RUNNING = "EPR_TESTS_RUNNING";

await runCommand(command, async () => {
  if (Deno.env.get(RUNNING)) throw new Error("The tests are running already: a test does not start them");
  const { device, filter } = command.opts<{ device?: string; filter?: string }>();
  const places = command.args.some((arg) => !arg.startsWith("-")) ? [] : PLACES;
  sayWhatIsIgnored();
  const report = await Deno.makeTempFile({ prefix: "epr-test-", suffix: ".xml" });
  try {
    const wanted = filter ?? (device && `, on ${device}`);
    const { success, failed, ignored } = await deno(
      ["test", "--quiet", "-P=test", "--doc", `--junit-path=${report}`],
      wanted === undefined ? [] : [`--filter=${wanted}`],
      command.args,
      places,
    );
    const counts = countTests(await Deno.readTextFile(report));
    // a file that fails outside its tests is counted by deno alone; one that does not compile, or a process that dies, by nobody
    counts.failed = Math.max(counts.failed, failed, success ? 0 : 1);
    if (ignored > 0) console.log(`${ignored} ignored`);
    console.log(`${counts.passed} passed, ${counts.failed} failed`);
    if (counts.failed > 0) Deno.exit(EXIT.failed);
  } finally {
    await Deno.remove(report);
  }
});

function sayWhatIsIgnored(): void {
  if (webgpu.missing !== undefined) say(`Tests on webgpu will be ignored: ${webgpu.missing}`);
  if (emodbDir() === undefined) {
    say("Tests on real recordings will be ignored: Emo-DB is not here (set EMODB_DIR to its folder)");
  }
}

/** Runs deno itself; what it prints goes where ours goes, and is looked through for its own counts. */
async function deno(...args: string[][]): Promise<{ success: boolean; failed: number; ignored: number }> {
  const env: Record<string, string> = { [RUNNING]: "1" };
  // a Vulkan loader complains where there is none; any folder will do
  if (!Deno.env.get("XDG_RUNTIME_DIR")) env.XDG_RUNTIME_DIR = Deno.env.get("TMPDIR") ?? "/tmp";
  if (Deno.stdout.isTerminal() && !Deno.env.get("NO_COLOR")) env.FORCE_COLOR = "1"; // it does not see the terminal
  const child = new Deno.Command("deno", { args: args.flat(), env, stdin: "null", stdout: "piped" }).spawn();
  const decoder = new TextDecoder();
  let tail = "";
  for await (const piece of child.stdout) {
    for (let at = 0; at < piece.length;) at += await Deno.stdout.write(piece.subarray(at));
    tail = (tail + decoder.decode(piece, { stream: true })).slice(-10_000);
  }
  const { success } = await child.status;
  // deno-lint-ignore no-control-regex
  const plain = tail.replaceAll(/\x1b\[[\d;]*m/g, ""),
    summary = [...plain.matchAll(/^(?:ok|FAILED) \|.*/gm)].at(-1)?.[0] ?? "",
    count = (what: string) => Number(summary.match(` (\\d+) ${what}`)?.[1] ?? 0);
  return { success, failed: count("failed"), ignored: count("ignored") };
}

/**
 * Counts the tests of a JUnit report that ran; those that were ignored and those that a filter left out look the same there.
 * Steps stand in it as tests named "test > step", and are not counted again.
 */
function countTests(xml: string): { passed: number; failed: number } {
  const counts = { passed: 0, failed: 0 };
  for (const [, suite] of xml.matchAll(/<testsuite [^>]*>([\s\S]*?)<\/testsuite>/g)) {
    const cases = [...suite.matchAll(/<testcase name="([^"]*)"[^>]*>([\s\S]*?)<\/testcase>/g)];
    const names = new Set(cases.map(([, name]) => name));
    for (const [, name, outcome] of cases) {
      const parts = name.split(" &gt; ");
      if (parts.some((_, i) => i > 0 && names.has(parts.slice(0, i).join(" &gt; ")))) continue;
      if (outcome.includes("<skipped")) continue;
      if (/<(failure|error)/.test(outcome)) counts.failed++;
      else counts.passed++;
    }
  }
  return counts;
}
