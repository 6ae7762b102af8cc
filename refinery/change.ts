/**
 * How much a profile changes from stage to stage: the mean over segments and steps of the total variation between the
 * distributions of one stage and the next, half the sum of |p - q|: 0 if nothing changes, 1 if everything does.
 */

/**
 * The change of one utterance's profile.
 *
 * @param profiles one for each stage, [segments, emotions] of the corpus
 * @param utterance the position of its segments
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const stages = [Float32Array.of(1, 0), Float32Array.of(0, 1)];
 * assertEquals(profileChange(stages, { firstSegment: 0, segmentCount: 1 }, 2), 1);
 * ```
 */
export function profileChange(
  profiles: readonly Float32Array[],
  { firstSegment, segmentCount }: { firstSegment: number; segmentCount: number },
  emotions: number,
): number {
  let moved = 0;
  for (let stage = 1; stage < profiles.length; stage++) {
    for (let i = firstSegment * emotions; i < (firstSegment + segmentCount) * emotions; i++) {
      moved += Math.abs(profiles[stage][i] - profiles[stage - 1][i]) / 2;
    }
  }
  return moved / (segmentCount * Math.max(1, profiles.length - 1));
}
