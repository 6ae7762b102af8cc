/**
 * Builds a report from a study: its contents and their order. The tables are separate, so that `--check` can rebuild them
 * without drawing anything.
 */
import { OptionError } from "../base/option_error.ts";
import { profileChange } from "../refinery/change.ts";
import { mean } from "../refinery/intervals.ts";
import { PAPER_CORPORA } from "../refinery/paper.ts";
import type { Report, ReportFigure, ReportTable, Section } from "./document.ts";
import { accuracyFigure } from "./figures/accuracy.ts";
import { confusionFigure } from "./figures/confusion.ts";
import { importanceFigure } from "./figures/importance.ts";
import { entropyFigure, truthFigure } from "./figures/labels.ts";
import { learningFigure } from "./figures/learning.ts";
import { listenersFigure } from "./figures/listeners.ts";
import { profileFigure } from "./figures/profile.ts";
import { reliabilityFigure } from "./figures/reliability.ts";
import { hundredths, METHOD_NAMES } from "./format.ts";
import { listenersTable, readListeners } from "./listeners.ts";
import { paperTables } from "./paper_tables.ts";
import { settingsTable } from "./settings_table.ts";
import { calibrationTable, comparisonTable, decisionTable, labelTable } from "./stage_tables.ts";
import { paperCorpus, stageValues, type Study } from "./study.ts";

/** The tables of a report by subject. */
export interface Tables {
  /** The paper's tables, as far as the study has results for them. */
  paper: ReportTable[];
  /** Accuracies of forest, mean vote and segments. */
  decisions: ReportTable;
  /** Labels and profiles of every stage. */
  labels: ReportTable;
  /** Comparisons of stages. */
  comparison: ReportTable;
  /** Probabilities against outcomes. */
  calibration: ReportTable;
  /** Only for Emo-DB, with its listening test. */
  listeners?: ReportTable;
  /** All settings. */
  settings: ReportTable;
}

/** Builds all tables of a study. */
export async function buildTables(study: Study): Promise<Tables> {
  const rates = await readListeners(study);
  return {
    paper: paperTables(study),
    decisions: decisionTable(study),
    labels: labelTable(study),
    comparison: comparisonTable(study),
    calibration: calibrationTable(study),
    ...(rates && { listeners: listenersTable(study, rates) }),
    settings: settingsTable(study),
  };
}

/** Options of a report. */
export interface ReportOptions {
  /**
   * The id of the utterance whose profile is shown. Default: the one whose profile changes most from stage to stage.
   */
  utterance?: string;
}

/**
 * Builds the report.
 *
 * @throws {RangeError} if there is no such utterance
 */
export async function buildReport(study: Study, options: ReportOptions = {}): Promise<Report> {
  const { chains } = study, [main] = chains;
  const tables = await buildTables(study), rates = await readListeners(study);
  const utterance = chooseUtterance(study, options.utterance);
  const dynamic = chains.filter(({ method }) => method === "pEPR" || method === "sEPR");
  const shown = dynamic.length > 0 ? dynamic : [main];
  const truth = await truthFigure(study);
  const sections: Section[] = [
    {
      id: "tables",
      title: "Compared with the paper",
      text: study.missing,
      items: [...tables.paper, await accuracyFigure(study), tables.comparison, tables.decisions],
    },
    {
      id: "confusion",
      title: "Which emotions are confused",
      text: ["The paper's Figure 3: the first stage, before any refinery, and the last."],
      items: [
        await confusionFigure(main, 0),
        ...await inTurn(shown, (chain) => confusionFigure(chain, chain.stages - 1)),
      ],
    },
    {
      id: "profiles",
      title: "One utterance through the stages",
      text: [
        "The paper's Figures 2 and 4. " +
        (options.utterance === undefined
          ? "Of all utterances, this one's profile changes most from stage to stage."
          : ""),
      ],
      items: await inTurn(shown, (chain) => profileFigure(chain, utterance)),
    },
    {
      id: "labels",
      title: "What refinery does to the labels",
      text: [],
      items: [await entropyFigure(study), ...(truth ? [truth] : []), tables.labels],
    },
    { id: "learning", title: "How the networks learned", text: [], items: await inTurn(chains, learningFigure) },
    {
      id: "calibration",
      title: "Are the probabilities calibrated?",
      text: [],
      items: [...await inTurn(shown, reliabilityFigure), tables.calibration],
    },
    { id: "forest", title: "What the forest looks at", text: [], items: [await importanceFigure(main)] },
    ...(rates && tables.listeners
      ? [{
        id: "listeners",
        title: "Is it unsure where listeners were?",
        text: [],
        items: [await listenersFigure(main, rates), tables.listeners],
      }]
      : []),
    { id: "settings", title: "Settings", text: [], items: [tables.settings] },
  ];
  return { title: title(study), summary: summarise(study), sections };
}

/** The utterance to show: the given one, or the one whose profile changes most. */
function chooseUtterance({ chains: [{ runs: [{ corpus, profiles }] }] }: Study, id?: string): number {
  const { utterances, emotions } = corpus;
  if (id !== undefined) {
    const found = utterances.findIndex((own) => own.id === id);
    if (found < 0) {
      throw new OptionError({
        option: "utterance",
        required: `one of the run's, like ${utterances[0].id} (corpus.csv lists them)`,
        found: id,
      });
    }
    return found;
  }
  const changes = utterances.map((own) => profileChange(profiles, own, emotions.length));
  return changes.indexOf(Math.max(...changes));
}

function title(study: Study): string {
  const { name } = study.chains[0].runs[0].config.corpus, corpus = paperCorpus(study);
  return `Emotion profile refinery on ${corpus ? PAPER_CORPORA[corpus] : `the ${name} corpus`}`;
}

function summarise({ chains }: Study): string[] {
  const [{ runs }] = chains, { config: { corpus, settings, preset, started } } = runs[0];
  const seeds = runs.length === 1 ? `seed ${settings.seed}` : `${runs.length} seeds`;
  const accuracy = (chain: typeof chains[0], stage: number) =>
    hundredths(mean(stageValues(chain, stage, ({ stages }, s) => stages[s].weightedAccuracy)));
  const lines = chains.map((chain) =>
    `${METHOD_NAMES[chain.method]}: ${accuracy(chain, 0)} % at stage 1, ${
      accuracy(chain, chain.stages - 1)
    } % at stage ${chain.stages}`
  );
  return [
    `${corpus.utterances.toLocaleString("en")} utterances, ${corpus.segments.toLocaleString("en")} segments, ` +
    `${corpus.emotions.length} emotions; preset ${preset}, ${settings.folds} folds by ${settings.split}, ${seeds}; ` +
    `started ${started.slice(0, 10)}.`,
    `Weighted accuracy: ${lines.join("; ")}.`,
  ];
}

/** Draws figures one after the other: they share one thread anyway. */
async function inTurn<T>(items: readonly T[], make: (item: T) => Promise<ReportFigure>): Promise<ReportFigure[]> {
  const made: ReportFigure[] = [];
  for (const item of items) made.push(await make(item));
  return made;
}
