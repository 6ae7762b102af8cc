/**
 * The files of a fold's finished stage: its weights, its profiles, and last its record. The record marks the stage as finished, and
 * contains the run's identity and the check sum of the profiles.
 */
import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import { FileError } from "../base/file_error.ts";
import { writeAtomically } from "../files/atomic.ts";
import type { FoldStage } from "../refinery/results.ts";
import { differences, type Identity } from "./identity.ts";
import { decodeProfiles, encodeProfiles, type ProfileTable } from "./profiles_arrow.ts";
import type { RunFolder, StageRecord } from "./run_folder.ts";

/** The saved parts of a stage. */
export interface FinishedStage {
  /** Its record. */
  record: Omit<StageRecord, "profiles" | "identity" | "fold">;
  /** Profiles of the fold's held-out utterances. */
  profiles: ProfileTable;
  /** Weights of all its members. */
  network: Omit<Parameters<RunFolder["writeWeights"]>[0], "fold" | "stage">;
}

/**
 * Writes a finished stage.
 *
 * @param run check: throws if this process no longer has the right to write for the fold
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

/** Thrown for a finished stage of a run with another identity. */
export class OtherRunError extends Error {
  override name = "OtherRunError";
  /** How the two runs differ: a setting each. */
  readonly differences: readonly string[];

  /** Names the stage's file and the differences. */
  constructor(file: string, differences: readonly string[]) {
    super(`${file} is of another run than config.json: ${differences.join("; ")}`);
    this.differences = differences;
  }
}

/**
 * Reads a finished stage; undefined if it is not finished.
 *
 * @throws {OtherRunError} if it belongs to another run; the error lists the differences
 * @throws {Error} if one of its files is missing or damaged
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
  if (differ.length > 0) throw new OtherRunError(folder.recordFile(fold, stage), differ);
  const file = folder.profilesFile(fold, stage);
  const bytes = await Deno.readFile(file).catch((error) => {
    throw new Error(`${file}: can't be read: ${error.message}`, { cause: error });
  });
  const sum = checkSum(bytes);
  if (sum !== record.profiles) {
    throw new FileError({ file, damaged: true, expected: `the check sum ${record.profiles}`, found: sum });
  }
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
