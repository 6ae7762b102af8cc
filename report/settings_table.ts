/** A table of all settings, so that a report is complete on its own. */
import { type SettingName, SETTINGS } from "../refinery/settings.ts";
import type { ReportTable } from "./document.ts";
import { METHOD_NAMES } from "./format.ts";
import type { RunView } from "./read_run.ts";
import type { Study } from "./study.ts";

/** The experiment and its settings. */
export function settingsTable({ chains }: Study): ReportTable {
  const { runs } = chains[0], [{ config }] = runs, { corpus, settings, device, versions } = config;
  const digest = (run: RunView) => run.config.corpus.digest.slice(0, 16);
  const hours = chains.flatMap((chain) => chain.runs).reduce((sum, { seconds }) => sum + seconds, 0) / 3600;
  const { method: _, stages: __, seed: ___, ...common } = settings;
  const rows: [string, unknown][] = [
    ["corpus", corpus.name],
    ["utterances", corpus.utterances],
    ["seconds of speech", corpus.seconds.toFixed(1)],
    ["segments", corpus.segments],
    ["recordings skipped", corpus.skipped],
    ["emotions", corpus.emotions.join(", ")],
    ["labels of stage 1", labelsOf(corpus)],
    ["recordings (SHA-256 of corpus.csv)", [...new Set(runs.map(digest))].join(", ")],
    ["preset", config.preset],
    ["chains", chains.map(({ method, stages }) => `${METHOD_NAMES[method]}, ${stages} stages`).join("; ")],
    ["seeds", runs.map((run) => run.config.settings.seed).join(", ")],
    ...Object.entries(common).map(([name, value]): [string, unknown] => {
      return [SETTINGS[name as SettingName]?.label ?? words(name), value ?? "the corpus's own"];
    }),
    ["device", `${device.kind}: ${device.description}`],
    ...Object.entries(versions),
    ["started", config.started],
    ["hours of all runs", hours.toFixed(2)],
  ];
  return {
    kind: "table",
    id: "settings",
    title: "Every setting",
    head: ["Setting", "Value"],
    rows: rows.map(([name, value]) => [name, typeof value === "number" ? number(value) : String(value)]),
  };
}

/** Whether the first networks learned the corpus's labels or listeners' votes. */
function labelsOf({ utterances, voted = 0 }: RunView["config"]["corpus"]): string {
  if (voted === 0) return "one emotion an utterance, one-hot";
  const all = voted === utterances ? "all" : `${number(voted)} of ${number(utterances)}`;
  return `soft: shares of listeners' votes, for ${all} utterances`;
}

/** segmentHop as "segment hop". */
const words = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

const number = (value: number) =>
  Number.isInteger(value) ? value.toLocaleString("en") : String(Number(value.toPrecision(6)));
