import { el } from "../dom.ts";
import type { App, View } from "../view.ts";
export function trainView(_app: App): View {
  return { id: "train", title: "Train", element: el("section", { "aria-label": "Train" }) };
}
