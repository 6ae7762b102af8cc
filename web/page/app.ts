/** The shell: navigation, the device and its switch, notes. Each view has a separate folder. */
import { DeviceLostError } from "../../kernels/device_lost.ts";
import { StopError } from "../engine/breath.ts";
import type { DeviceInfo, DeviceKind } from "../engine/protocol.ts";
import { benchView } from "./bench/view.ts";
import { button, choice, el } from "./dom.ts";
import { onDrop } from "./drop.ts";
import { Engine, faultOf } from "./engine.ts";
import { insideView } from "./inside/view.ts";
import { registerServiceWorker } from "./isolation.ts";
import { learnView } from "./learn/view.ts";
import { listenView } from "./listen/view.ts";
import { teachView } from "./teach/view.ts";
import { trainView } from "./train/view.ts";
import type { App, PageView } from "./view.ts";

const engine = new Engine();
const main = document.querySelector("main")!, notes = document.querySelector("#notes")!;
const line = el("p", { class: "device-line", id: "device-line", "aria-live": "polite" }, "Opening the engine…");
const { field, select } = choice("Runs on", [["webgpu", "WebGPU"], ["wasm", "WebAssembly"]]);
let opening: Promise<DeviceInfo>, kind: DeviceKind = "wasm", lostTwice = 0;

const app: App = {
  engine,
  device: () => opening,
  model: () => engine.ask("model"),
  say(message, kind = "note") {
    const note = el(
      "div",
      { class: `note ${kind}`, role: kind === "fault" ? "alert" : "status" },
      el("span", {}, message),
    );
    note.append(button("Close", () => note.remove()));
    notes.replaceChildren(note);
    if (kind === "note") setTimeout(() => note.remove(), 8000);
  },
  quiet: () => notes.replaceChildren(),
  fail(error) {
    const { message, name } = error instanceof Error ? error : new Error(String(error));
    if (name === "AbortError" || error instanceof StopError) return;
    if (kind === "webgpu" && error instanceof DeviceLostError && lostTwice++ < 1) {
      app.say("The GPU was lost (its driver may have been restarted). The engine now uses WebAssembly.", "fault");
      open("wasm");
      return;
    }
    app.say(message, "fault");
  },
};

/** Opens a device; on failure the previous one stays. */
function open(asked: DeviceKind | "auto"): void {
  const before = opening;
  select.disabled = true;
  line.textContent = "Opening the engine…";
  opening = Promise.all(views.map((view) => view.deviceChanging?.())).then(() => engine.ask("open", asked)).then(
    (info) => {
      show(info);
      views.forEach((view) => view.deviceChanged?.());
      return info;
    },
    async (error) => {
      app.say(error.message, "fault");
      if (before) {
        const info = await before;
        show(info);
        return info;
      }
      throw error;
    },
  ).finally(() => select.disabled = false);
  opening.catch(() => line.textContent = "The engine has no device");
}

function show(info: DeviceInfo): void {
  kind = select.value = info.kind;
  line.textContent = `${info.kind === "webgpu" ? "WebGPU" : "WebAssembly"}: ${info.description}. ${info.note}`;
  document.documentElement.dataset.device = info.kind;
}

const views: PageView[] = [listenView, insideView, trainView, teachView, benchView, learnView].map((make) => make(app));
const links = views.map(({ id, title }) => el("a", { href: `#${id}` }, title));
document.querySelector("#views")!.append(...links);
document.querySelector("#device")!.append(field);
select.addEventListener("change", () => open(select.value as DeviceKind));
/** The chapter of the textbook for each view. */
const CHAPTERS: Readonly<Record<string, readonly [name: string, words: string]>> = {
  listen: ["1_frames", "What frames are"],
  inside: ["2_convolution", "What a convolution is"],
  train: ["5_labels", "What refinery does"],
  teach: ["6_forest", "What a forest decides"],
  bench: ["7_speed", "How the kernels get fast"],
};
const read = el("a", {}), reading = el("p", { class: "reading" }, "Read: ", read);
main.append(line, reading, ...views.map(({ element }) => element));

let current: PageView | undefined;
function route(): void {
  const next = views.find(({ id }) => `#${id}` === location.hash.split("/")[0]) ?? views[0];
  if (next === current) return;
  current?.hidden?.();
  views.forEach((view, i) => {
    view.element.hidden = view !== next;
    if (view === next) links[i].setAttribute("aria-current", "page");
    else links[i].removeAttribute("aria-current");
  });
  const chapter = CHAPTERS[next.id];
  reading.hidden = !chapter;
  if (chapter) [read.href, read.textContent] = [`#learn/${chapter[0]}`, chapter[1]];
  document.title = `${next.title} · EPR: emotion profiles of speech`;
  current = next;
  next.shown?.();
}
addEventListener("hashchange", route);
onDrop(main, (transfer, place) => {
  const taker = current?.drop ? current : views[0];
  location.hash = `#${taker.id}`;
  taker.drop!(transfer, place);
});
// otherwise the link's #view would be read as a view's name
document.querySelector(".skip")!.addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
engine.listen((news) => {
  if (news.news === "fault") app.fail(faultOf(news.error));
});
const asked = new URLSearchParams(location.search).get("device");
open(asked === "wasm" || asked === "webgpu" ? asked : "auto");
route();

registerServiceWorker((reload) => {
  const note = el(
    "div",
    { class: "note", role: "status" },
    el("span", {}, "After a reload, this page uses all processors."),
  );
  note.append(button("Reload", reload), button("Later", () => note.remove()));
  notes.replaceChildren(note);
}).catch(() => {}); // the page works without the worker or storage, in one thread
