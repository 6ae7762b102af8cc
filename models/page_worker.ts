/** The worker that runs a page's model: see `page.ts`. */
import { answerCalls } from "../workers/calls.ts";
import { type EmotionModel, loadHere } from "./emotion_model.ts";
import type { PageCall } from "./page_messages.ts";

let model: EmotionModel | undefined;

async function answer(message: PageCall): Promise<unknown> {
  if (message.call === "predict") return await model!.predict(message.sound, message.options);
  const source = message.address ? new URL(message.source as string) : message.source;
  model = await loadHere(source, message.options);
  const { description, device } = model;
  return { description, device: { kind: device.kind, description: device.description } };
}

answerCalls(answer);
postMessage("started");
