/** Tables 2 to 4: our results beside the paper's. A table is shown if the study has at least two of its rows. */
import { PAPER_CORPORA, PAPER_SOURCE, PAPER_TABLES, type PaperCorpus, type PaperRow } from "../refinery/paper.ts";
import type { ReportTable } from "./document.ts";
import { intervalPercent, meanPercent } from "./format.ts";
import { paperCorpus, stageValues, type Study, type StudyChain } from "./study.ts";

/** The tables for which a study has results. */
export function paperTables(study: Study): ReportTable[] {
  const own = paperCorpus(study);
  const corpora = own ? [own] : Object.keys(PAPER_CORPORA) as PaperCorpus[];
  const several = study.chains[0].runs.length > 1;
  const tables = PAPER_TABLES.flatMap(({ number, title, rows }): ReportTable[] => {
    const found = rows.map((row) => ({ row, chain: chainOf(study, row) }));
    if (found.filter(({ chain }) => chain).length < 2) return [];
    const head = ["Model", "WA", ...(several ? [] : ["95 % interval"]), "UA"];
    return [{
      kind: "table",
      id: `table-${number}`,
      title: `Table ${number}. ${title}`,
      head: [...head, ...corpora.map((corpus) => `${own ? "The paper" : PAPER_CORPORA[corpus]}: WA / UA`)],
      rows: found.map(({ row, chain }) => [
        row.model,
        ...ours(chain, row.stage, several),
        ...corpora.map((corpus) => row.accuracies[corpus].map((value) => value.toFixed(2)).join("\u00a0/ ")), // a line break is possible after the slash,
      ]),
    }];
  });
  // shown once, since it is the same for all
  return tables.map((table, t) => t > 0 ? table : { ...table, note: note(own, study.chains[0].runs.length) });
}

function ours(chain: StudyChain | undefined, stage: number, several: boolean): string[] {
  if (!chain) return Array(several ? 2 : 3).fill("–");
  const values = (figure: "weightedAccuracy" | "unweightedAccuracy") =>
    stageValues(chain, stage, ({ stages }, s) => stages[s][figure]);
  const weighted = values("weightedAccuracy");
  return [
    meanPercent(weighted),
    ...(several ? [] : [intervalPercent(weighted[0], chain.runs[0].corpus.utterances.length)]),
    meanPercent(values("unweightedAccuracy")),
  ];
}

function chainOf({ chains }: Study, { method, stage }: PaperRow): StudyChain | undefined {
  return chains.find((chain) => chain.method === method && chain.stages > stage);
}

function note(own: PaperCorpus | undefined, seeds: number): string {
  const unit = "In percent. WA: share of utterances right; UA: mean recall of the emotions.";
  const interval = seeds > 1
    ? `Mean of ${seeds} seeds, with half the 95 % t interval of the mean.`
    : "The interval is Wilson's, over utterances.";
  const paper = own
    ? `The paper's numbers for ${PAPER_CORPORA[own]}`
    : "The paper's numbers are for its own corpora and not comparable with these";
  return `${unit} ${interval} ${paper}: ${PAPER_SOURCE}.`;
}
