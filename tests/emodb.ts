/**
 * Where the Berlin emotional speech corpus (Emo-DB) lies, for the tests that need real recordings: the folder that the
 * environment variable `EMODB_DIR` names, or `../shared/corpora/emodb` beside the repository. It is not part of the
 * repository: a test that needs it is ignored, with this reason, where it is absent.
 */
import { join } from "@std/path";

/** Why a test on Emo-DB is ignored; say it in the test's name. */
export const noEmodb = "ignored without Emo-DB: set EMODB_DIR";

/** The corpus folder (it holds `wav/03a01Fa.wav` and so on), or undefined if it is not on this machine. */
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
