/** Who said what in a run's corpus, and how many segments each has: from its folder alone, without the recordings. */
import { parseCsv } from "../corpora/csv.ts";
import type { Judged, JudgedUtterance } from "../refinery/judge.ts";
import { countProfileSegments } from "./profiles_arrow.ts";
import type { RunConfig } from "./run_config.ts";
import type { RunFolder } from "./run_folder.ts";

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
  const [header, ...records] = parseCsv(await Deno.readTextFile(file), file);
  const place = (name: string) => header.fields.indexOf(name);
  const counts = countProfileSegments(await Deno.readFile(folder.in("profiles", "stage-1.arrow")));
  let firstSegment = 0;
  const utterances = records.map(({ fields }, u) => {
    const [id, emotion, speaker] = fields, value = (name: string) => fields[place(name)] || undefined;
    const [text, session, fold, copyOf] = ["text", "session", "fold", "copy_of"].map(value);
    const votes = value("votes")?.split(" ").map(Number);
    const { id: profiled, segmentCount } = counts[u] ?? { id: "none", segmentCount: 0 };
    if (profiled !== id) {
      throw new Error(`${folder.path}: corpus.csv names ${id} where profiles/stage-1.arrow has ${profiled}`);
    }
    const utterance: JudgedUtterance = {
      ...{ id, emotion: emotions.indexOf(emotion), speaker, firstSegment, segmentCount },
      ...(text !== undefined && { text }),
      ...(session !== undefined && { session }),
      ...(fold !== undefined && { fold }),
      ...(copyOf !== undefined && { copyOf }),
      ...(votes && { votes }),
    };
    firstSegment += segmentCount;
    return utterance;
  });
  return { corpus: { emotions, utterances }, digests: records.map(({ fields }) => fields[place("sha256")]) };
}
