/**
 * Views: random changes of a segment each time that a network learns it, so that it never looks the same twice. The changes are keyed
 * by position (seed, fold, stage, epoch, example), so a resumed fit draws the same views. The kernel `gatherViews` applies them.
 */
import { FIT_STREAMS } from "../base/streams.ts";
import { VIEW } from "../kernels/table.ts";
import { Random } from "../kernels/random.ts";
import type { Settings } from "./settings.ts";

/** The settings of the views. */
export type ViewSettings = Pick<
  Settings,
  "randomStart" | "stretch" | "warp" | "maskBands" | "maskFrames" | "gain" | "noise" | "conditions"
>;

/** A view of an utterance's frames. */
export interface View {
  /** The view's first frame, rounded down, relative to the utterance's first. */
  start: number;
  /** The frame, with its fraction, at the view's middle. */
  middle: number;
  /** [10]: see VIEW of the kernels. */
  row: Float32Array;
}

/** Whether any view can differ from its segment. */
export function changesSegments(settings: ViewSettings): boolean {
  const { randomStart, stretch, warp, maskBands, maskFrames, gain, noise, conditions } = settings;
  return randomStart || conditions !== "clean" ||
    [stretch, warp, maskBands, maskFrames, gain, noise].some((value) => value > 0);
}

/**
 * Draws a view.
 *
 * @param segment the segment's start in its utterance, and the utterance's number of frames
 * @param shape mel bands and frames of a view
 * @param path seed, purpose, fold, stage, epoch
 * @param example index of the example in its dataset
 */
export function drawView(
  settings: ViewSettings,
  segment: { start: number; frameCount: number },
  { bands, frames }: { bands: number; frames: number },
  path: readonly number[],
  example: number,
): View {
  const random = new Random(...path, FIT_STREAMS.views, example), row = new Float32Array(VIEW.length);
  const around = (share: number) => share * (2 * random.uniform() - 1);
  // all values are drawn whatever the settings are, so that one setting does not change the others' draws
  const rate = 1 + around(settings.stretch), warp = 1 + around(settings.warp);
  const span = (frames - 1) * rate, latest = Math.max(0, segment.frameCount - 1 - span);
  const place = random.uniform();
  const drawn = settings.stretch > 0 ? place * latest : Math.min(Math.floor(place * (latest + 1)), latest);
  const begin = settings.randomStart ? drawn : Math.min(segment.start, latest);
  const start = Math.floor(begin);
  const mask = (most: number, length: number) => {
    const size = Math.min(random.below(most + 1), length), from = random.below(length - size + 1);
    return [from, from + size];
  };
  [row[VIEW.bandFrom], row[VIEW.bandTo]] = mask(settings.maskBands, bands);
  [row[VIEW.frameFrom], row[VIEW.frameTo]] = mask(settings.maskFrames, frames);
  row[VIEW.rate] = rate;
  row[VIEW.shift] = begin - start;
  row[VIEW.last] = segment.frameCount - 1 - start;
  row[VIEW.warp] = warp;
  row[VIEW.gain] = 10 ** (around(settings.gain) / 20);
  row[VIEW.noise] = settings.noise * random.uniform();
  return { start, middle: begin + span / 2, row };
}

/**
 * Draws a share from Beta(a, a) by Jöhnk's rejection method (1964): the ratio of two powers of uniform numbers whose sum is
 * at most 1.
 *
 * @param a above 0, at most 1
 */
export function drawBeta(a: number, random: Random): number {
  for (;;) {
    const [x, y] = [random.uniform() ** (1 / a), random.uniform() ** (1 / a)];
    if (x + y > 0 && x + y <= 1) return x / (x + y);
  }
}
