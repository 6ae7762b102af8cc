/**
 * The state of each fold of a run, read from its folder, on any machine that sees it: finished stages, leases, checkpoints and
 * logs. Writes nothing.
 */
import { identityOf, shortIdentity } from "./identity.ts";
import { readLeases, type SeenLease } from "./lease.ts";
import { type LogEvent, readEvents } from "./log.ts";
import { foldName, readCheckpointNames } from "./names.ts";
import { requireRun } from "./begin.ts";
import type { RunConfig } from "./run_config.ts";
import type { Results } from "../refinery/results.ts";

/** The state of a fold. */
export interface FoldStatus {
  /** The fold's index. */
  fold: number;
  /**
   * finished: all stages are done; running: a process holds it; silent: a process of another machine held it and has not updated
   * its lease for two minutes; stopped: it was begun, and no process holds it; waiting: not begun.
   */
  state: "finished" | "running" | "silent" | "stopped" | "waiting";
  /** Number of finished stages. */
  stages: number;
  /** The process that holds it, or held it. */
  holder?: SeenLease;
  /** The last epoch in the log. */
  epoch?: Extract<LogEvent, { event: "epoch" }>;
  /** The checkpoint to resume from: finished epochs, and steps of the next. */
  checkpoint?: { stage: number; epoch: number; step: number };
}

/** The state of a run. */
export interface RunStatus {
  /** `config.json` */
  config: RunConfig;
  /** 16 digits that identify the run. */
  run: string;
  /** All folds, in order. */
  folds: FoldStatus[];
  /** The last note of a problem, and its time, ISO 8601. */
  note?: { text: string; time: string };
  /** `results.json`, if the run is complete. */
  results?: Results;
}

/**
 * Reads the state of a run.
 *
 * @throws {Error} if the folder contains no run
 */
export async function readStatus(out: string): Promise<RunStatus> {
  const { folder, config } = await requireRun(out);
  const leases = readLeases(folder.in("locks"));
  const names = (dir: string) => {
    try {
      return [...Deno.readDirSync(folder.in(dir))].map(({ name }) => name);
    } catch {
      return []; // no such folder
    }
  };
  const records = names("folds"), checkpoints = names("checkpoints");
  const epochs = new Map<number, FoldStatus["epoch"]>();
  let note: RunStatus["note"];
  for (
    const event of names(".").filter((name) => /^log(-fold-\d+)?\.jsonl$/.test(name)).flatMap((name) =>
      readEvents(folder.in(name))
    )
  ) {
    if (event.event === "epoch") epochs.set(event.fold, event);
    if (event.event === "note" && (!note || event.time > note.time)) note = { text: event.text, time: event.time };
  }
  const { folds, stages } = config.settings;
  return {
    config,
    run: shortIdentity(identityOf(config)),
    folds: Array.from({ length: folds }, (_, fold) => {
      const own = `${foldName(fold)}-`;
      const finished = records.filter((name) => name.startsWith(own) && name.endsWith(".json")).length;
      const last = readCheckpointNames(checkpoints.filter((name) => name.startsWith(own))).at(-1);
      const checkpoint = last && { stage: last.stage, epoch: last.epoch, step: last.step };
      const holder = leases.get(foldName(fold));
      const state = finished === stages
        ? "finished"
        : holder?.alive
        ? "running"
        : holder && holder.host !== Deno.hostname()
        ? "silent"
        : finished > 0 || checkpoint || epochs.has(fold)
        ? "stopped"
        : "waiting";
      return { fold, state, stages: finished, holder, epoch: epochs.get(fold), checkpoint };
    }),
    note,
    results: await folder.readResults(),
  };
}
