/**
 * `deno task compare A [B]`: compares the stages of a run, or two runs stage by stage, paired by utterance, and tests whether a
 * difference could be luck. With `--together` several runs decide jointly.
 */
import { Option } from "commander";
import { DECIDED_BY, type DecisionRule } from "../models/predictor.ts";
import { comparePredictions } from "../report/comparison.ts";
import type { ReportTable } from "../report/document.ts";
import { formatTable } from "../report/table.ts";
import { judgeTogether } from "../report/together.ts";
import { createCommand, printJson, runCommand } from "./common.ts";

const command = createCommand(
  "compare",
  "Compares runs, or the stages of one, paired by utterance: is the difference more than luck?",
  [
    ["every stage of a run against its first", "deno task compare out/emodb-tuned-1-20200812-140506"],
    [
      "two runs, stage by stage",
      "deno task compare out/emodb-compact-1-20200812-140506 out/emodb-tuned-1-20200812-140506",
    ],
    [
      "over three seeds, from their predictions.csv",
      "deno task compare seed-1/predictions.csv,seed-2/predictions.csv,seed-3/predictions.csv",
    ],
    [
      "three seeds together: the average of their mean profiles decides",
      "deno task compare seed-1,seed-2,seed-3 --together",
    ],
  ],
)
  .addOption(
    new Option("--decide <by>", "how an utterance is decided (default: forest; with --together: mean)").choices(
      DECIDED_BY,
    ),
  )
  .option(
    "--together",
    "average the mean profiles of a side's runs and judge the average; requires run folders, but not their weights",
  )
  .option("--json", "print the tables as one JSON document on stdout")
  .argument("<run>", "run folder, or its predictions.csv; separate several seeds with commas")
  .argument("[other]", "the second side, in the same form (default: the later stages of the first)");

await runCommand(command, async () => {
  const { json, decide, together } = command.opts<{ json?: boolean; decide?: DecisionRule; together?: boolean }>();
  const sides = command.args.map((side) => side.split(","));
  if (together) {
    const tables = await judgeTogether(sides, decide);
    if (json) return printJson(tables);
    return console.log([tables.comparison, tables.confusion].map(shown).join("\n\n"));
  }
  const table = await comparePredictions(sides, decide);
  if (json) return printJson(table);
  console.log(shown(table));
});

/** A table as lines of text. */
function shown({ title, head, rows, note }: ReportTable): string {
  return [title, formatTable(head, rows), ...(note === undefined ? [] : [note])].join("\n\n");
}
