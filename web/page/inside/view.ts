import { el } from "../dom.ts";
import type { App, View } from "../view.ts";
export function insideView(_app: App): View {
  return { id: "inside", title: "Inside", element: el("section", { "aria-label": "Inside" }) };
}
