/** A worker that answers calls (`calls_test.ts`), the slow ones late. */
import { answerCalls } from "../../workers/calls.ts";

/** What it is asked. */
export type OddCall = { double: number; after?: number } | { fail: string; message: string } | { crash: true };

answerCalls(async (call: OddCall) => {
  if ("crash" in call) setTimeout(() => reportError(new Error("out of luck")), 0);
  if ("crash" in call) return await new Promise(() => {});
  if ("fail" in call) throw Object.assign(new Error(call.message), { name: call.fail });
  await new Promise((resolve) => setTimeout(resolve, call.after ?? 0));
  return 2 * call.double;
});
postMessage("started");
