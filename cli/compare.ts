/**
 * `deno task compare A [B]`: the stages of a run, or two runs stage by stage, paired by utterance: better, or luck?
 */
import { Option } from "commander";
import { DECIDED_BY, type DecidedBy } from "../models/predictor.ts";
import { comparePredictions } from "../report/comparison.ts";
import { formatTable } from "../report/table.ts";
import { createCommand, printJson, runCommand } from "./common.ts";

const command = createCommand("compare", "Better, or luck? Runs against each other, paired by utterance.", [
  ["every stage of a run against its first", "deno task compare out/emodb-tuned-1-20200812-140506"],
  [
    "two runs, stage by stage",
    "deno task compare out/emodb-compact-1-20200812-140506 out/emodb-tuned-1-20200812-140506",
  ],
  [
    "over three seeds, from what was kept of them",
    "deno task compare seed-1/predictions.csv,seed-2/predictions.csv,seed-3/predictions.csv",
  ],
])
  .addOption(new Option("--decide <by>", "what decides on an utterance").choices(DECIDED_BY).default("forest"))
  .option("--json", "print the table as one JSON document on stdout")
  .argument("<run>", "run folder, or its predictions.csv; several seeds apart by commas")
  .argument("[other]", "what is compared with it, in the same way (default: its own later stages)");

await runCommand(command, async () => {
  const { json, decide } = command.opts<{ json?: boolean; decide: DecidedBy }>();
  const table = await comparePredictions(command.args.map((side) => side.split(",")), decide);
  if (json) return printJson(table);
  console.log(`${table.title}\n\n${formatTable(table.head, table.rows)}\n\n${table.note}`);
});
