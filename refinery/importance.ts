/**
 * What the forest relies on: the accuracy that it loses when one statistic of the profile is shuffled among the utterances that
 * it judges (Breiman 2001, section 10). If two statistics carry the same information, shuffling either costs little: a small loss
 * does not mean that a statistic is useless.
 */
import { ordinal } from "../base/numbering.ts";
import { STREAMS } from "../base/streams.ts";
import { Random } from "../kernels/random.ts";
import type { CrossValidation } from "./cross_validation.ts";
import { crossValidate } from "./forests.ts";
import { STATISTICS } from "./statistics.ts";

/** Number of shuffles of each statistic. */
const REPEATS = 5;

/**
 * Loss of weighted accuracy by statistic.
 *
 * @param cv the networks' cross-validation
 * @param profiles a stage's out-of-fold profiles of all utterances: [segments, emotions]
 * @returns [emotions, 4], in the order of {@link STATISTICS}: fractions of 1, over all utterances
 */
export function permutationImportance(
  cv: CrossValidation,
  profiles: Float32Array,
  stage: number,
): Float64Array {
  const { corpus, settings } = cv, columns = corpus.emotions.length * STATISTICS.length;
  const losses = new Float64Array(columns);
  let judged = 0;
  for (const { forest, held, x } of crossValidate(cv, profiles, stage)) {
    const right = (table: Float32Array) =>
      forest.predict(table).filter((emotion, row) => emotion === corpus.utterances[held[row]].emotion).length;
    const whole = right(x);
    for (let column = 0; column < columns; column++) {
      for (let repeat = 0; repeat < REPEATS; repeat++) {
        const random = new Random(settings.seed, STREAMS.importance, ordinal(stage), judged, column, repeat);
        const shuffled = x.slice();
        random.shuffle(held.map((_, row) => x[row * columns + column]))
          .forEach((value, row) => shuffled[row * columns + column] = value);
        losses[column] += (whole - right(shuffled)) / REPEATS;
      }
    }
    judged += held.length;
  }
  return losses.map((loss) => loss / judged);
}
