/** A worker of any crew that dies as soon as it has a job: for the tests. */
import { serve } from "../../workers/member.ts";

serve<unknown, unknown, never>(() => ({
  run() {
    setTimeout(() => {
      throw new Error("out of luck");
    }, 0);
    return new Promise(() => {});
  },
}));
