/**
 * `deno task check`: format, lint, types of all files, the docs of the public API, and whether it can be published. Goes on after a fault, so that all are
 * seen at once.
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
    const own = ["--quiet", "--config", `${folder}/deno.json`]; // a package of its own, which the others leave out
    return [[`format of ${folder}`, ["fmt", "--check", ...own, folder]], [`lint of ${folder}`, [
      "lint",
      ...own,
      folder,
    ]]];
  }),
  ["publish", ["publish", "--dry-run", "--allow-dirty", "--quiet"]],
];

const command = createCommand("check", "Format, lint, types of all files, and the docs of the public API.", [
  ["before a commit", "deno task check"],
]);

await runCommand(command, async () => {
  let faults = 0;
  for (const [what, args] of CHECKS) {
    // what a check prints is shown only where it finds fault: deno doc prints all the docs
    const { success, stdout, stderr } = await new Deno.Command("deno", { args: [...args] }).output();
    say(`${what}: ${success ? "ok" : "not ok"}`);
    if (success) continue;
    faults++;
    for (const output of [stdout, stderr]) await Deno.stderr.write(output);
  }
  if (faults > 0) Deno.exit(EXIT.failed);
});
