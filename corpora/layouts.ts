/**
 * All known layouts, one line each. To add one, write a file in `layouts/` and add a line here.
 *
 * @module
 */
import { stem } from "./files.ts";
import type { Layout } from "./layout.ts";
import { aesdd } from "./layouts/aesdd.ts";
import { casia } from "./layouts/casia.ts";
import { cremaD } from "./layouts/crema_d.ts";
import { emodb } from "./layouts/emodb.ts";
import { emovo } from "./layouts/emovo.ts";
import { esd } from "./layouts/esd.ts";
import { iemocap } from "./layouts/iemocap.ts";
import { meld } from "./layouts/meld.ts";
import { ravdess } from "./layouts/ravdess.ts";
import { savee } from "./layouts/savee.ts";
import { shemo } from "./layouts/shemo.ts";
import { tess } from "./layouts/tess.ts";
import { urdu } from "./layouts/urdu.ts";

/** The layouts, the paper's three corpora first. */
export const LAYOUTS: readonly Layout[] = [
  emodb,
  savee,
  casia,
  ravdess,
  cremaD,
  tess,
  emovo,
  esd,
  shemo,
  urdu,
  aesdd,
  iemocap,
  meld,
];

/** The share of recordings whose names must match a corpus. */
const MOST = 0.5;

/** The layout that most of the recordings' names match; undefined if there is none. */
export function nearestLayout(files: readonly string[]): Layout | undefined {
  const shares = LAYOUTS.map((layout) => files.filter((file) => matches(layout, file)).length / files.length);
  const best = shares.indexOf(Math.max(...shares));
  return shares[best] >= MOST ? LAYOUTS[best] : undefined;
}

/** Whether a recording's path, relative to its folder, matches a layout's names. */
export const matches = ({ signature }: Layout, file: string) => signature.test(stem(file).normalize("NFC"));

/** Describes file names: one example of each pattern of letters and digits. */
export function describeNames(files: readonly string[]): string {
  const kinds = new Map<string, string[]>();
  for (const file of files) {
    const kind = stem(file).replaceAll(/\p{L}+/gu, "a").replaceAll(/\d+/g, "0");
    const own = kinds.get(kind);
    if (own) own.push(file);
    else kinds.set(kind, [file]);
  }
  const commonest = [...kinds.values()].sort((a, b) => b.length - a.length).slice(0, 3);
  return commonest.map((own) => `${own[0]}${own.length > 1 ? ` (${own.length} such)` : ""}`).join(", ");
}
