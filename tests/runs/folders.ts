/** Folders that tests of the run folder work in. */

/** Runs `body` with a new folder, which is removed after it. */
export async function inTemporary(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "epr_runs_" });
  try {
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** What is in a folder, by name. */
export const names = (dir: string) => [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
