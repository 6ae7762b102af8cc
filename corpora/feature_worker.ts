/** A worker thread that reads recordings, and sends their frames back. */
import { serve } from "../workers/member.ts";
import { type ReadJob, type ReadResult, type ReadSetup, RecordingReader } from "./feature_job.ts";

serve<ReadSetup, ReadJob, ReadResult>(
  (setup) => {
    const reader = new RecordingReader(setup);
    return { run: (job) => reader.read(job) };
  },
  ({ outcome }) => "frames" in outcome ? [outcome.frames.buffer as ArrayBuffer] : [],
);
