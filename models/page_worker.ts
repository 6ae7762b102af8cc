/** The worker that runs a page's model: see `page.ts`. */
import { type EmotionModel, loadHere } from "./emotion_model.ts";
import type { PageAnswer, PageCall } from "./page_messages.ts";

let model: EmotionModel | undefined;

async function answer(message: PageCall): Promise<unknown> {
  if (message.call === "predict") return await model!.predict(message.sound, message.options);
  const source = message.address ? new URL(message.source as string) : message.source;
  model = await loadHere(source, message.options);
  const { description, device } = model;
  return { description, device: { kind: device.kind, description: device.description } };
}

addEventListener("message", async ({ data }: MessageEvent<PageCall & { number: number }>) => {
  let told: PageAnswer;
  try {
    told = { number: data.number, value: await answer(data) };
  } catch (error) {
    const { name, message } = error as Error;
    told = { number: data.number, error: { name, message } };
  }
  postMessage(told);
});
postMessage("started");
