/** `deno task status RUN`: prints what each fold of a run is doing, on any machine. */
import { ordinal } from "../base/numbering.ts";
import { formatTable, stageTable } from "../report/table.ts";
import { writtenEvent } from "../runs/log.ts";
import { type FoldStatus, readStatus, type RunStatus } from "../runs/status.ts";
import { createCommand, printJson, runCommand } from "./common.ts";
import { formatDuration } from "./job_progress.ts";

const command = createCommand("status", "Shows what each fold of a run is doing, on any machine.", [
  ["a run, from any machine that can read its folder", "deno task status out/emodb-paper-1-20200812-140506"],
  ["every ten seconds", "watch -n 10 deno task status out/emodb-paper-1-20200812-140506"],
])
  .option("--json", "print one JSON document on stdout")
  .argument("<run>", "the run folder");

await runCommand(command, async () => {
  const status = await readStatus(command.args[0]);
  if (command.opts<{ json?: boolean }>().json) printJson({ ...status, folds: status.folds.map(written) });
  else console.log(describe(command.args[0], status));
});

/** A fold's state in the JSON document's form: counted from 1, as in the log. */
function written({ fold, epoch, checkpoint, ...rest }: FoldStatus): FoldStatus {
  return {
    fold: ordinal(fold),
    ...rest,
    ...(epoch && { epoch: writtenEvent(epoch) }),
    ...(checkpoint && { checkpoint: { ...checkpoint, stage: ordinal(checkpoint.stage) } }),
  };
}

function describe(out: string, { config, folds, note, results }: RunStatus): string {
  const { corpus, preset, settings: { stages, method, epochs } } = config;
  const rows = folds.map((fold) => row(fold, stages, epochs));
  const counts = Map.groupBy(folds, ({ state }) => state);
  const summary = [...counts].map(([state, { length }]) => `${length} ${state}`).join(", ");
  return [
    `${out}: ${corpus.name}, preset ${preset}, ${method}, ${stages} stages x ${folds.length} folds; folds: ${summary}`,
    formatTable(["fold", "is", "stages finished", "now", "loss", "validation loss", "by", "last sign"], rows),
    ...(note ? [`last note, ${note.time.slice(0, 19)}Z: ${note.text}`] : []),
    ...(results ? [stageTable(results.stages)] : []),
    ...(!results && folds.every(({ state }) => state === "finished")
      ? [`every fold is finished. To judge them: deno task train --merge --out ${out}`]
      : []),
  ].join("\n");
}

function row({ fold, state, stages: finished, holder, epoch, checkpoint }: FoldStatus, stages: number, epochs: number) {
  const doing = holder?.doing as
    | { stage: number; phase: string; epoch: number; part: number; loss?: number }
    | undefined;
  const running = state === "running" && doing;
  const now = running
    ? `stage ${doing.stage}, ` + (doing.phase === "profile" ? "making profiles" : `epoch ${doing.epoch} of ${epochs}`) +
      `, ${Math.floor(100 * doing.part)} %`
    : state !== "finished" && checkpoint
    ? `saved at stage ${ordinal(checkpoint.stage)}, epoch ${ordinal(checkpoint.epoch)}` +
      (checkpoint.step ? `, step ${checkpoint.step}` : "")
    : "";
  const loss = running ? doing.loss ?? epoch?.loss : epoch?.loss;
  return [
    String(ordinal(fold)),
    state,
    `${finished} of ${stages}`,
    now,
    loss?.toFixed(3) ?? "",
    epoch?.validationLoss?.toFixed(3) ?? "",
    holder ? `process ${holder.pid} on ${holder.host}` : "",
    holder ? `${formatDuration(holder.age)} ago` : "",
  ];
}
