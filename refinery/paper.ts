/**
 * The paper's experiments and the numbers it gives for them, as data: Mao, Ching & Lee 2020, arXiv:2008.05259v1, Tables 2 to 4.
 *
 * A row is a network of a chain: the method that refines the labels, and the stage. Stage 1 learns the utterances' labels and
 * does not depend on the later method, so the tables share it. Table 3's soft dynamic row is Table 2's second.
 */
import { fromOrdinal } from "../base/numbering.ts";
import { type Method, METHODS } from "./choices.ts";

/** The corpora of the paper. */
export type PaperCorpus = "casia" | "emodb" | "savee";

/** Their names in the paper. */
export const PAPER_CORPORA: Readonly<Record<PaperCorpus, string>> = {
  casia: "CASIA",
  emodb: "Emo-DB",
  savee: "SAVEE",
};

/** One row of a table. */
export interface PaperRow {
  /** Its name in the paper. */
  model: string;
  /** How its labels were refined; stage 1 is the same for every method. */
  method: Method;
  /** Its stage in the chain. */
  stage: number;
  /** WA and UA, in percent. */
  accuracies: Readonly<Record<PaperCorpus, readonly [weighted: number, unweighted: number]>>;
}

/** One table. */
export interface PaperTable {
  /** Its number in the paper. */
  number: number;
  /** Its subject. */
  title: string;
  /** From top to bottom. */
  rows: readonly PaperRow[];
}

/** The source of the numbers. */
export const PAPER_SOURCE = "Mao, Ching & Lee 2020, arXiv:2008.05259v1";

type Pair = readonly [number, number];
/** A row in the paper's notation: VGG² is its second network. */
const row = (model: string, method: Method, number: number, casia: number, emodb: Pair, savee: Pair): PaperRow => ({
  model,
  method,
  stage: fromOrdinal(number),
  accuracies: { casia: [casia, casia], emodb, savee }, // CASIA is balanced, so its WA equals its UA
});

/** The paper's Tables 2 to 4. */
export const PAPER_TABLES: readonly PaperTable[] = [
  {
    number: 2,
    title: "Standard refinery (sEPR)",
    rows: [
      row("VGG", "sEPR", 1, 93.10, [83.00, 82.36], [70.63, 69.88]),
      row("VGG²", "sEPR", 2, 93.67, [83.74, 83.96], [71.88, 70.64]),
      row("VGG³", "sEPR", 3, 90.07, [69.91, 67.92], [26.04, 21.07]),
    ],
  },
  {
    number: 3,
    title: "Dynamic labels and soft labels",
    rows: [
      row("No refinery", "sEPR", 1, 93.10, [83.00, 82.36], [70.63, 69.88]),
      row("Soft static", "soft-static", 2, 91.36, [79.64, 78.77], [67.71, 66.48]),
      row("Hard dynamic", "hard-dynamic", 2, 93.21, [83.18, 83.13], [71.04, 70.00]),
      row("Soft dynamic", "sEPR", 2, 93.67, [83.74, 83.96], [71.88, 70.64]),
    ],
  },
  {
    number: 4,
    title: "Refinery with the pseudo one-hot label (pEPR)",
    rows: [
      row("VGG", "pEPR", 1, 93.10, [83.00, 82.36], [70.63, 69.88]),
      row("VGG*²", "pEPR", 2, 94.83, [87.10, 86.78], [73.96, 71.67]),
      row("VGG*³", "pEPR", 3, 94.54, [86.92, 86.42], [76.67, 74.33]),
      row("VGG*⁴", "pEPR", 4, 94.60, [85.23, 85.07], [77.08, 74.64]),
      row("VGG*⁵", "pEPR", 5, 94.24, [88.04, 87.78], [74.58, 73.10]),
    ],
  },
];

/** A chain of networks needed for the tables. */
export interface PaperChain {
  /** Its method. */
  method: Method;
  /** Number of its networks, including the first, which all chains share. */
  stages: number;
}

/**
 * The chains needed for the rows of the tables. The first chain provides stage 1 for all of them.
 *
 * @param most largest number of networks in a chain; rows of later stages are left out
 */
export function paperChains(tables: readonly PaperTable[] = PAPER_TABLES, most: number = Infinity): PaperChain[] {
  const rows = tables.flatMap(({ rows }) => rows).filter(({ stage }) => stage < most);
  return METHODS.flatMap((method) => {
    const stages = Math.max(0, ...rows.filter((row) => row.method === method).map(({ stage }) => stage + 1));
    return stages > 1 ? [{ method, stages }] : [];
  });
}

/** Number of networks that the chains fit for each fold, counting the first stage once. */
export function countNetworks(chains: readonly PaperChain[]): number {
  return 1 + chains.reduce((sum, { stages }) => sum + stages - 1, 0);
}
