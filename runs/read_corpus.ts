/** Reads the labels and the number of segments of a run's utterances from its folder alone, without the recordings. */
import { parseCsv } from "../corpora/csv.ts";
import type { CorpusRecord, UtteranceRecord } from "../refinery/cross_validation.ts";
import { countProfileSegments } from "./profiles_arrow.ts";
import type { RunConfig } from "./run_config.ts";
import type { RunFolder } from "./run_folder.ts";

/**
 * Reads them from `corpus.csv` and the first stage's profiles: those of all folds together or, for a packed run, of
 * each fold.
 *
 * @throws {Error} if the two contradict each other, or are missing
 */
export async function readRunCorpus(
  folder: RunFolder,
  { corpus: { emotions }, settings: { folds } }: RunConfig,
): Promise<{ corpus: CorpusRecord; digests: string[] }> {
  const file = folder.in("corpus.csv");
  const [header, ...records] = parseCsv(await Deno.readTextFile(file), file);
  const place = (name: string) => header.fields.indexOf(name);
  const counts = await countSegments(folder, folds, records.map(({ fields: [id] }) => id));
  let firstSegment = 0;
  const utterances = records.map(({ fields }, u) => {
    const [id, emotion, speaker] = fields, value = (name: string) => fields[place(name)] || undefined;
    const [text, session, fold, copyOf] = ["text", "session", "fold", "copy_of"].map(value);
    const votes = value("votes")?.split(" ").map(Number);
    const { id: profiled, segmentCount } = counts[u] ?? { id: "none", segmentCount: 0 };
    if (profiled !== id) {
      throw new Error(`${folder.path}: corpus.csv names ${id} where the profiles of stage 1 have ${profiled}`);
    }
    const utterance: UtteranceRecord = {
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

/** The number of segments of each utterance, in the corpus's order. */
async function countSegments(folder: RunFolder, folds: number, ids: readonly string[]) {
  const merged = folder.mergedProfilesFile(0);
  if (await Deno.stat(merged).then(() => true, () => false)) return countProfileSegments(await Deno.readFile(merged));
  const counts: ReturnType<typeof countProfileSegments> = [];
  for (let fold = 0; fold < folds; fold++) {
    const file = folder.profilesFile(fold, 0);
    const bytes = await Deno.readFile(file).catch((error) => {
      throw new Error(`${file}: can't be read: ${error.message}`, { cause: error });
    });
    counts.push(...countProfileSegments(bytes));
  }
  const places = new Map(ids.map((id, place) => [id, place]));
  return counts.sort((a, b) => (places.get(a.id) ?? Infinity) - (places.get(b.id) ?? Infinity));
}
