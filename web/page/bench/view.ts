import { el } from "../dom.ts";
import type { App, View } from "../view.ts";
export function benchView(_app: App): View {
  return { id: "bench", title: "Bench", element: el("section", { "aria-label": "Bench" }) };
}
