/**
 * A worker of `feature_crew.ts`: claims one recording after the other, reads it, and sends its frames back.
 *
 * @module
 */
import { parentPort } from "node:worker_threads";
import { FrameCache } from "./feature_cache.ts";
import { claim, type CrewReport, type CrewStart } from "./feature_crew.ts";
import type { Span } from "./corpus.ts";
import { framesOf, type Outcome, reasonOf, SpanReader } from "./feature_frames.ts";

// stays, since a worker that listens no more may end, and an end is taken for a death
parentPort!.on("message", async ({ files, spans, claims, member, cacheDir }: CrewStart) => {
  const parts = new SpanReader();
  const cache = cacheDir === undefined ? undefined : new FrameCache(cacheDir);
  for (let file; (file = claim(claims, member)) !== undefined;) {
    const outcome = await read(files[file], spans?.[file], parts, cache);
    const report: CrewReport = { file, outcome, cacheFault: cache?.fault };
    parentPort!.postMessage(report, "frames" in outcome ? [outcome.frames.buffer] : []);
  }
});

async function read(file: string, span: Span | undefined, parts: SpanReader, cache?: FrameCache): Promise<Outcome> {
  try {
    if (span !== undefined) return await parts.frames(file, span, () => Deno.readFileSync(file));
    return await framesOf(Deno.readFileSync(file), file, cache);
  } catch (error) {
    return { reason: reasonOf(error, file) };
  }
}
