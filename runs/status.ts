/**
 * What each fold of a run is doing, read from its folder by whoever sees it, on any machine: finished stages, leases, checkpoints
 * and logs. Nothing is written.
 */
import { identityOf, shortIdentity } from "./identity.ts";
import { readLeases, type SeenLease } from "./lease.ts";
import { type LogEvent, readEvents } from "./log.ts";
import { foldName, readCheckpointNames } from "./names.ts";
import { requireRun } from "./begin.ts";
import type { RunConfig } from "./run_config.ts";
import type { Results } from "../refinery/results.ts";

/** How it stands with a fold. */
export interface FoldStatus {
  /** Which. */
  fold: number;
  /**
   * finished: all its stages are; running: a process has it; silent: a process of another machine had it, and was not heard of for
   * two minutes; stopped: it was begun, and nobody has it; waiting: it was not begun.
   */
  state: "finished" | "running" | "silent" | "stopped" | "waiting";
  /** Stages that are finished. */
  stages: number;
  /** Who has it, or had it. */
  holder?: SeenLease;
  /** Its last epoch that was told. */
  epoch?: Extract<LogEvent, { event: "epoch" }>;
  /** What it would go on from: finished epochs, and steps of the next. */
  checkpoint?: { stage: number; epoch: number; step: number };
}

/** How it stands with a run. */
export interface RunStatus {
  /** `config.json` */
  config: RunConfig;
  /** 16 digits that tell the run from others. */
  run: string;
  /** Each fold, in order. */
  folds: FoldStatus[];
  /** The last thing found amiss, and when, ISO 8601. */
  note?: { text: string; time: string };
  /** `results.json`, if the run is complete. */
  results?: Results;
}

/**
 * Reads how it stands with a run.
 *
 * @throws {Error} if the folder holds none
 */
export async function readStatus(out: string): Promise<RunStatus> {
  const { folder, config } = await requireRun(out);
  const leases = readLeases(folder.in("locks"));
  const names = (dir: string) => {
    try {
      return [...Deno.readDirSync(folder.in(dir))].map(({ name }) => name);
    } catch {
      return []; // not there
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
