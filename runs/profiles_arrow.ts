/**
 * Emotion profiles as an Arrow IPC file, which pandas, polars, DuckDB and R read directly. One row per segment:
 *
 *     utterance utf8 | segment int32 | start_s float32 | one float32 column per emotion: its probability
 *
 * `segment` counts from 0 in each utterance; `start_s` is its start in the recording. If an emotion has the name of one of the
 * first three columns, its column is `emotion_utterance` and so on.
 * https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format
 */
import {
  Field,
  makeVector,
  RecordBatch,
  Schema,
  Table,
  tableFromIPC,
  tableToIPC,
  Utf8,
  type Vector,
  vectorFromArray,
} from "apache-arrow";
import type { FeatureUtterance } from "../corpora/features.ts";
import { frontEnd } from "../dsp/settings.ts";
import { emotionColumn } from "./columns.ts";

/** Profiles, and the utterances of their rows. */
export interface ProfileTable {
  /** The utterances of the segments, in order, some perhaps with a hop of their own. */
  utterances: readonly (Pick<FeatureUtterance, "id" | "segmentCount"> & { segmentHop?: number })[];
  /** Frames from one segment to the next. */
  segmentHop: number;
  /** Names of the columns. */
  emotions: readonly string[];
  /** [segments, emotions], utterance after utterance. */
  profiles: Float32Array;
}

/**
 * The bytes of an Arrow IPC file.
 *
 * @throws {RangeError} if the number of segments differs from the number of the profiles' rows
 */
export function encodeProfiles({ utterances, segmentHop, emotions, profiles }: ProfileTable): Uint8Array {
  const rows = utterances.reduce((sum, { segmentCount }) => sum + segmentCount, 0);
  if (profiles.length !== rows * emotions.length) {
    throw new RangeError(
      `Profiles of ${rows} segments x ${emotions.length} emotions, found ${profiles.length} numbers`,
    );
  }
  const ids: string[] = [], segment = new Int32Array(rows), start = new Float32Array(rows);
  for (const { id, segmentCount, segmentHop: hop = segmentHop } of utterances) {
    for (let s = 0; s < segmentCount; s++) {
      const row = ids.push(id) - 1;
      segment[row] = s;
      start[row] = s * hop * frontEnd.hopLength / frontEnd.sampleRate;
    }
  }
  const columns: [name: string, values: Vector][] = [
    ["utterance", vectorFromArray(ids, new Utf8())],
    ["segment", makeVector(segment)],
    ["start_s", makeVector(start)],
    ...emotions.map((emotion, e): [string, Vector] => {
      const own = Float32Array.from({ length: rows }, (_, row) => profiles[row * emotions.length + e]);
      return [profileColumn(emotion), makeVector(own)];
    }),
  ];
  // an object sorts numeric keys first, so the columns get their names afterwards
  const table = new Table(Object.fromEntries(columns.map(([, values], i) => [`column ${i}`, values])));
  const fields = table.schema.fields.map(({ type, nullable }, i) => new Field(columns[i][0], type, nullable));
  const schema = new Schema(fields);
  return tableToIPC(new Table(schema, table.batches.map(({ data }) => new RecordBatch(schema, data))), "file");
}

/** Columns other than emotions. */
const OWN_COLUMNS = ["utterance", "segment", "start_s"];

const profileColumn = (emotion: string) => emotionColumn(emotion, OWN_COLUMNS);

/**
 * Reads the profiles of such a file, [segments, emotions].
 *
 * @throws {Error} if it is not such a file, or has other columns
 */
export function decodeProfiles(bytes: Uint8Array, emotions: readonly string[]): Float32Array {
  const table = tableFromIPC(bytes);
  const profiles = new Float32Array(table.numRows * emotions.length);
  for (const [e, emotion] of emotions.entries()) {
    const column = table.getChild(profileColumn(emotion));
    if (!column) throw new Error(`There is no column ${profileColumn(emotion)}`);
    const values: ArrayLike<number> = column.toArray();
    for (let row = 0; row < table.numRows; row++) profiles[row * emotions.length + e] = values[row];
  }
  return profiles;
}

/**
 * Counts the segments of each utterance of such a file, in order.
 *
 * @throws {Error} if it is not such a file
 */
export function countProfileSegments(bytes: Uint8Array): { id: string; segmentCount: number }[] {
  const ids = tableFromIPC(bytes).getChild("utterance");
  if (!ids) throw new Error("There is no column utterance");
  const counts: { id: string; segmentCount: number }[] = [];
  for (const id of ids) {
    if (counts.at(-1)?.id === id) counts.at(-1)!.segmentCount++;
    else counts.push({ id, segmentCount: 1 });
  }
  return counts;
}
