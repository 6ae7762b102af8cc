/**
 * A worker of `feature_crew.ts`: claims one recording after the other, reads it, and sends its frames back.
 *
 * @module
 */
import { parentPort } from "node:worker_threads";
import { withLevel } from "../dsp/levelling.ts";
import { type FrontEnd, frontEnd } from "../dsp/settings.ts";
import type { Span } from "./corpus.ts";
import { FrameCache } from "./feature_cache.ts";
import { framesOf, type Outcome, reasonOf, SpanReader } from "./feature_frames.ts";
import { claim, type CrewReport, type CrewStart } from "./feature_messages.ts";

// stays, since a worker that listens no more may end, and an end is taken for a death
parentPort!.on("message", async ({ files, spans, claims, member, cacheDir, level }: CrewStart) => {
  const settings = withLevel(frontEnd, level ?? "none"), parts = new SpanReader(settings);
  const cache = cacheDir === undefined ? undefined : new FrameCache(cacheDir, settings),
    how = { parts, cache, settings };
  for (let file; (file = claim(claims, member)) !== undefined;) {
    const outcome = await read(files[file], spans?.[file], how);
    const report: CrewReport = { file, outcome, cacheFault: cache?.fault };
    parentPort!.postMessage(report, "frames" in outcome ? [outcome.frames.buffer] : []);
  }
});

async function read(
  file: string,
  span: Span | undefined,
  { parts, ...how }: { parts: SpanReader; cache?: FrameCache; settings: FrontEnd },
): Promise<Outcome> {
  try {
    if (span !== undefined) return await parts.frames(file, span, () => Deno.readFileSync(file));
    return await framesOf(Deno.readFileSync(file), file, how);
  } catch (error) {
    return { reason: reasonOf(error, file) };
  }
}
