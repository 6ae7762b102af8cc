/** Who said what in a run's corpus, and how many segments each has: from its folder alone, without the recordings. */
import { parseCsv } from "../corpora/csv.ts";
import type { Judged } from "../refinery/judge.ts";
import { countProfileSegments } from "./profiles_arrow.ts";
import type { RunConfig, RunFolder } from "./run_folder.ts";

/**
 * Reads it from `corpus.csv` and the first stage's profiles.
 *
 * @throws {Error} where the two do not fit together, or are not there
 */
export async function readRunCorpus(
  folder: RunFolder,
  { corpus: { emotions } }: RunConfig,
): Promise<{ corpus: Judged; digests: string[] }> {
  const file = folder.in("corpus.csv");
  const [, ...records] = parseCsv(await Deno.readTextFile(file), file);
  const counts = countProfileSegments(await Deno.readFile(folder.in("profiles", "stage-1.arrow")));
  let firstSegment = 0;
  const utterances = records.map(({ fields: [id, emotion, speaker] }, u) => {
    const { id: profiled, segmentCount } = counts[u] ?? { id: "none", segmentCount: 0 };
    if (profiled !== id) {
      throw new Error(`${folder.path}: corpus.csv names ${id} where profiles/stage-1.arrow has ${profiled}`);
    }
    const utterance = { id, emotion: emotions.indexOf(emotion), speaker, firstSegment, segmentCount };
    firstSegment += segmentCount;
    return utterance;
  });
  return { corpus: { emotions, utterances }, digests: records.map(({ fields }) => fields[3]) };
}
