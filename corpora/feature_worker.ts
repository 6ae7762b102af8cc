/** A worker thread that reads recordings and sends their frames back. */
import { serve } from "../workers/member.ts";
import { FrameReader, type ReadJob, type ReadResult, type ReadSetup } from "./feature_frames.ts";

serve<ReadSetup, ReadJob, ReadResult>(
  (setup) => {
    const reader = new FrameReader(setup);
    return { run: (job) => reader.read(job) };
  },
  ({ outcome }) => "frames" in outcome ? [outcome.frames, ...outcome.copies ?? []].map(({ buffer }) => buffer) : [],
);
