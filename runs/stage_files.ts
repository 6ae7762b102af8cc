/**
 * The files of a finished stage of a fold: its weights, its profiles, and last its record, which says that the stage is finished, of which
 * run it is, and what the profiles' check sum is.
 */
import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import { writeAtomically } from "../files/atomic.ts";
import type { FoldStage } from "../refinery/results.ts";
import { differences, type Identity } from "./identity.ts";
import { decodeProfiles, encodeProfiles, type ProfileTable } from "./profiles_arrow.ts";
import type { RunFolder, StageRecord } from "./run_folder.ts";

/** What is kept of a stage. */
export interface FinishedStage {
  /** Its figures. */
  record: Omit<StageRecord, "profiles" | "identity" | "fold">;
  /** Of the utterances that the fold held out. */
  profiles: ProfileTable;
  /** Of all its members. */
  network: Omit<Parameters<RunFolder["writeWeights"]>[0], "fold" | "stage">;
}

/**
 * Writes them.
 *
 * @param run check: throws where this process may not write for the fold any more
 */
export async function writeStage(
  folder: RunFolder,
  fold: number,
  { record, profiles, network }: FinishedStage,
  { identity, check }: { identity: Identity; check: () => void },
): Promise<void> {
  const { stage } = record;
  check();
  await folder.writeWeights({ fold, stage, ...network });
  const table = encodeProfiles(profiles);
  await writeAtomically(folder.profilesFile(fold, stage), table);
  check();
  await folder.writeRecord({ identity, fold, ...record, profiles: checkSum(table) });
}

/** A finished stage of a run with another identity. */
export class OtherRunError extends Error {
  override name = "OtherRunError";
}

/**
 * A finished stage; undefined where it is not.
 *
 * @throws {OtherRunError} if it is of another run, saying how they differ
 * @throws {Error} if a file of it is gone or damaged
 */
export async function readStage(
  folder: RunFolder,
  fold: number,
  stage: number,
  { identity, emotions }: { identity: Identity; emotions: readonly string[] },
): Promise<FoldStage & { seconds: number } | undefined> {
  const record = await folder.readRecord(fold, stage);
  if (!record) return undefined;
  const differ = differences(record.identity, identity);
  if (record.identity.recordings !== identity.recordings) differ.push("other recordings (corpus.csv)");
  if (differ.length > 0) {
    throw new OtherRunError(
      `${folder.recordFile(fold, stage)} is of another run than config.json: ${differ.join("; ")}`,
    );
  }
  const file = folder.profilesFile(fold, stage);
  const bytes = await Deno.readFile(file).catch((error) => {
    throw new Error(`${file}: can't be read: ${error.message}`, { cause: error });
  });
  if (checkSum(bytes) !== record.profiles) throw new Error(`${file}: damaged: its check sum does not match`);
  const { epochs, bestEpoch, labelEntropy, labelError, labelErrorUniform, seconds } = record;
  const profiles = decodeProfiles(bytes, emotions);
  const errors = {
    ...(labelError !== undefined && { labelError }),
    ...(labelErrorUniform !== undefined && { labelErrorUniform }),
  };
  return { stage, profiles, epochs, bestEpoch, labelEntropy, ...errors, seconds };
}

function checkSum(bytes: Uint8Array): string {
  return crc32(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)).toString(16).padStart(8, "0");
}
