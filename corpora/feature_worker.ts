/**
 * A worker of `feature_crew.ts`: claims one recording after the other, reads it, and sends its frames back.
 *
 * @module
 */
import { parentPort } from "node:worker_threads";
import { FrameCache } from "./feature_cache.ts";
import { claim, type CrewReport, type CrewStart } from "./feature_crew.ts";
import { framesOf, type Outcome, reasonOf } from "./feature_frames.ts";

// stays, since a worker that listens no more may end, and an end is taken for a death
parentPort!.on("message", async ({ files, claims, member, cacheDir }: CrewStart) => {
  const cache = cacheDir === undefined ? undefined : new FrameCache(cacheDir);
  for (let file; (file = claim(claims, member)) !== undefined;) {
    const outcome = await read(files[file], cache);
    const report: CrewReport = { file, outcome, cacheFault: cache?.fault };
    parentPort!.postMessage(report, "frames" in outcome ? [outcome.frames.buffer] : []);
  }
});

async function read(file: string, cache?: FrameCache): Promise<Outcome> {
  try {
    return await framesOf(Deno.readFileSync(file), file, cache);
  } catch (error) {
    return { reason: reasonOf(error, file) };
  }
}
