/**
 * Locates the Berlin emotional speech corpus (Emo-DB), for the tests that need real recordings: in the folder given by
 * the environment variable `EMODB_DIR`, or in `../shared/corpora/emodb` beside the repository. It is not part of the
 * repository: if it is missing, a test that needs it is ignored with this reason.
 */
import { join } from "@std/path";

/** Why a test on Emo-DB is ignored; add it to the test's name. */
export const noEmodb = "ignored without Emo-DB: set EMODB_DIR";

/** The corpus folder (which contains `wav/03a01Fa.wav` and so on), or undefined if it is not on this machine. */
export function emodbDir(): string | undefined {
  const beside = join(import.meta.dirname!, "..", "..", "shared", "corpora", "emodb");
  for (const dir of [Deno.env.get("EMODB_DIR"), beside]) {
    if (dir && exists(join(dir, "wav", "03a01Fa.wav"))) return dir;
  }
}

function exists(file: string): boolean {
  try {
    return Deno.statSync(file).isFile;
  } catch {
    return false;
  }
}
