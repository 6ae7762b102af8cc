/**
 * `deno task test`: every test of `tests/`, and every example in `docs/` and in the docs of the source folders.
 *
 * Arguments are passed on to `deno test`; files or folders among them replace the usual ones. Tests that this machine can't run
 * are listed first, the counts come last: `N passed, M failed`.
 */
import { emodbDir } from "./emodb.ts";
import { webgpu } from "./devices.ts";
import { createCommand, EXIT, runCommand, say } from "../cli/common.ts";

/** Where tests and examples are. */
const PLACES = [
  "tests",
  "README.md",
  "docs",
  "mod.ts",
  "base",
  "dsp",
  "corpora",
  "kernels",
  "nn",
  "forest",
  "refinery",
  "models",
  "files",
  "runs",
  "report",
  "textbook",
  "lab",
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

/** Set for the tests, so that a test can't start all tests recursively. */
const RUNNING = "EPR_TESTS_RUNNING";

await runCommand(command, async () => {
  if (Deno.env.get(RUNNING)) throw new Error("The tests are running already: a test does not start them");
  const { device, filter } = command.opts<{ device?: string; filter?: string }>();
  const places = command.args.some((arg) => !arg.startsWith("-")) ? [] : PLACES;
  sayWhatIsIgnored();
  const wanted = filter ?? (device && `, on ${device}`);
  const { passed, failed, ignored } = await deno(
    ["test", "--quiet", "-P=test", "--doc"],
    wanted === undefined ? [] : [`--filter=${wanted}`],
    command.args,
    places,
  );
  if (ignored > 0) console.log(`${ignored} ignored`);
  console.log(`${passed} passed, ${failed} failed`);
  if (failed > 0) Deno.exit(EXIT.failed);
});

function sayWhatIsIgnored(): void {
  if (webgpu.missing !== undefined) say(`Tests on webgpu will be ignored: ${webgpu.missing}`);
  if (emodbDir() === undefined) {
    say("Tests on real recordings will be ignored: Emo-DB is not here (set EMODB_DIR to its folder)");
  }
}

/**
 * Runs deno itself; its output is passed on, and the counts are read from its last line: only deno knows of files that fail outside
 * their tests, and which tests a filter left out. Steps are not counted.
 */
async function deno(...args: string[][]): Promise<{ passed: number; failed: number; ignored: number }> {
  const env: Record<string, string> = { [RUNNING]: "1" };
  // a Vulkan loader complains without it; any folder satisfies it
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
    summary = [...plain.matchAll(/^(?:ok|FAILED) \|.*/gm)].at(-1)?.[0],
    count = (what: string) => Number(summary?.match(` (\\d+) ${what}`)?.[1] ?? 0);
  // compile errors, and a process that dies, have no such line
  const atLeast = success && summary !== undefined ? 0 : 1;
  return { passed: count("passed"), failed: Math.max(count("failed"), atLeast), ignored: count("ignored") };
}
