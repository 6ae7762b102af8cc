/**
 * `deno task report RUN`: writes tables, figures and report.html from a run folder; `--check` recomputes every number.
 */
import { count } from "../base/count.ts";
import { checkReport } from "../report/check.ts";
import { writeReport } from "../report/write.ts";
import { createCommand, EXIT, printJson, runCommand, say } from "./common.ts";

const command = createCommand("report", "Writes tables, figures and report.html from a run folder.", [
  ["a run, or all runs of deno task paper", "deno task report out/synthetic-demo-1-20200812-140506"],
  ["with the profile of one utterance", "deno task report out/emodb-quick-1-20200812-140506 --utterance 03a01Fa"],
  [
    "recompute every number of its tables, and compare",
    "deno task report out/paper-emodb-compact-1-20200812-140506 --check",
  ],
])
  .option("--utterance <id>", "utterance whose profile is shown (default: the one that changes most)")
  .option("--check", "write nothing: recompute every number of the tables from the folds' profiles, and compare")
  .option("--json", "print one JSON document on stdout: the tables, or what the check found")
  .argument("<run>", "the run folder");

await runCommand(command, async () => {
  const { utterance, check, json } = command.opts<{ utterance?: string; check?: boolean; json?: boolean }>();
  const [folder] = command.args;
  if (!check) {
    const { file, tables, papers } = await writeReport(folder, { utterance });
    if (json) return printJson(tables);
    for (const table of papers) console.log(`${table}\n`);
    return console.log(`report: ${file}`);
  }
  const checked = await checkReport(folder);
  if (json) printJson(checked);
  for (const fault of checked.faults) say(fault);
  if (checked.faults.length > 0) Deno.exit(EXIT.failed);
  if (!json) {
    console.log(`${count(checked.numbers, "number")} in ${count(checked.tables, "table")} recomputed: all as shown`);
  }
});
