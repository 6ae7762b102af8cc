/**
 * `deno task check`: checks format, lint, the types of all files, the docs of the public API, and whether it can be published. Continues
 * after a fault, so that all faults appear at once.
 */
import { createCommand, EXIT, runCommand, say } from "./common.ts";
import project from "../deno.json" with { type: "json" };

type Check = readonly [what: string, args: readonly string[]];

const CHECKS: readonly Check[] = [
  ["format", ["fmt", "--check", "--quiet"]],
  ["lint", ["lint", "--quiet"]],
  ["types", ["check", "--quiet", "."]],
  ["docs", ["doc", "--lint", "--quiet", ...Object.values(project.exports)]],
  ...["bench/peers", "cli/codecs", "tests/web/axe"].flatMap((folder): Check[] => {
    const own = ["--quiet", "--config", `${folder}/deno.json`]; // a separate package, which the other checks exclude
    return [[`format of ${folder}`, ["fmt", "--check", ...own, folder]], [`lint of ${folder}`, [
      "lint",
      ...own,
      folder,
    ]]];
  }),
  ["publish", ["publish", "--dry-run", "--allow-dirty", "--quiet"]],
];

const command = createCommand("check", "Checks format, lint and types of all files, and the docs of the public API.", [
  ["before a commit", "deno task check"],
]);

await runCommand(command, async () => {
  let faults = 0;
  for (const [what, args] of CHECKS) {
    // prints a check's output only if it fails: deno doc prints all the docs
    const { success, stdout, stderr } = await new Deno.Command("deno", { args: [...args] }).output();
    say(`${what}: ${success ? "ok" : "not ok"}`);
    if (success) continue;
    faults++;
    for (const output of [stdout, stderr]) await Deno.stderr.write(output);
  }
  if (faults > 0) Deno.exit(EXIT.failed);
});
