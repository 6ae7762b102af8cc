/**
 * The pictures of the textbook in `docs/textbook/`, one or more per chapter, each computed by the code that the chapter
 * describes. `deno task textbook` writes them.
 *
 * @module
 */
import { standalone } from "../report/figures/draw.ts";
import { adamFigure } from "./adam.ts";
import { convolutionFigure } from "./convolution.ts";
import { forestFigure } from "./forest.ts";
import { framesFigure } from "./frames.ts";
import { labelsFigure } from "./labels.ts";
import { ladderFigure } from "./ladder.ts";
import { layerFigure } from "./layer.ts";
import { stepFigure } from "./step.ts";
import { tapeFigure } from "./tape.ts";
import { tilesFigure } from "./tiles.ts";

/** The name and drawing function of each picture, in the order of the chapters. */
const FIGURES: readonly (readonly [name: string, draw: () => Promise<string>])[] = [
  ["1_frames", framesFigure],
  ["2_convolution", convolutionFigure],
  ["3_tape", tapeFigure],
  ["4_adam", adamFigure],
  ["5_labels", labelsFigure],
  ["6_forest", forestFigure],
  ["7_speed", ladderFigure],
  ["7_tiles", tilesFigure],
  ["8_step", stepFigure],
  ["9_layer", layerFigure],
];

/** Draws a picture by its name. @throws RangeError if there is no such picture */
export async function drawFigure(name: string): Promise<string> {
  const found = FIGURES.find(([own]) => own === name);
  if (!found) throw new RangeError(`The textbook's pictures are ${FIGURES.map(([own]) => own)}; found ${name}`);
  return standalone(await found[1]());
}

/** Draws all pictures: SVG files by name. The result is the same on every machine. */
export async function* textbookFigures(): AsyncGenerator<{ name: string; svg: string }> {
  for (const [name, draw] of FIGURES) yield { name: `${name}.svg`, svg: standalone(await draw()) };
}
