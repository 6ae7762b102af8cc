/** Teach: learns a model of the user's classes in the page, from takes that are recorded or dropped here. */
import type { News } from "../../engine/protocol.ts";
import { describeTeaching } from "../../engine/teach_settings.ts";
import { button, download, el } from "../dom.ts";
import type { App, PageView } from "../view.ts";
import { Classes } from "./classes.ts";
import { filesOfDrop, filesOfInput } from "./dropped.ts";
import { Learning } from "./learning.ts";
import { TakeTrial } from "./trial.ts";

export function teachView(app: App): PageView {
  const folders = el("input", {
    ...{ type: "file", multiple: true, webkitdirectory: true, id: "teach-folders" },
    onchange: () => {
      const { files, others } = filesOfInput(folders);
      classes.give(files, undefined, others);
      folders.value = "";
    },
  });
  const more = button("Add a class", () => classes.addClass("").focus(), { id: "teach-add" });
  const takesHome = button("Download the takes", () => downloadTakes(), { id: "teach-takes", disabled: true });
  const missing = el("ul", { class: "under missing", id: "teach-missing" });
  const train = button("Train", () => start(), { class: "main", id: "teach-start", disabled: true });
  const stop = button("Stop", () => app.engine.ask("teachStop"), { disabled: true, id: "teach-stop" });
  const stale = el("p", { class: "under", id: "teach-stale", role: "status" });
  const home = button("Download the model", () => takeHome(), { id: "teach-home" });
  const how = el("p", { class: "under", id: "teach-how" });
  const homeBar = el("div", { hidden: true }, el("div", { class: "bar" }, home), how);
  const classes = new Classes(app, changed), learning = new Learning();
  const trial = new TakeTrial(app, () => classes.endRecording());
  const element = el(
    "section",
    { "aria-label": "Teach" },
    el(
      "p",
      { class: "lead" },
      "Name some classes and give each a dozen takes: record them, or drop files, or one folder for each class. Nothing leaves this machine. Closing the page deletes the takes and the model, unless you download them.",
    ),
    el("div", { class: "bar" }, el("label", { class: "file" }, "Open folders of takes", folders), more, takesHome),
    classes.element,
    classes.status,
    classes.faults,
    el("div", { class: "bar" }, train, stop),
    missing,
    stale,
    learning.element,
    trial.element,
    homeBar,
    el("p", { class: "under about" }, describeTeaching()),
  );
  let running = false, learned: number | undefined, atHome = true, downloaded: number | undefined;

  async function start(): Promise<void> {
    if (running || classes.missing.length > 0) return;
    const { list, version } = classes;
    running = true;
    classes.pause();
    app.quiet();
    await trial.stop();
    learning.begin();
    learning.element.hidden = false;
    changed();
    try {
      await app.device();
      const taught = await app.engine.ask("teach", list);
      if (!taught) {
        learning.phase.textContent = "stopped";
        return;
      }
      [learned, atHome] = [version, false];
      learning.show(taught);
      classes.showDecided(taught.decidedAs, taught.classes);
      trial.show(taught.classes);
      how.textContent = `${taught.name}.tar, ${
        (taught.bytes / 1e6).toFixed(1)
      } MB. To use it: deno task predict --model ${taught.name}.tar recording.wav`;
      homeBar.hidden = false;
      element.dataset.taught = JSON.stringify(taught);
    } catch (error) {
      learning.phase.textContent = "stopped";
      app.fail(error);
    } finally {
      running = false;
      changed();
    }
  }

  /** Updates the available actions. */
  function changed(): void {
    const lines = classes.missing;
    missing.replaceChildren(...lines.slice(0, 4).map((line) => el("li", {}, line)));
    missing.hidden = lines.length === 0;
    train.disabled = running || lines.length > 0;
    stop.disabled = !running;
    more.disabled = !classes.mayGrow;
    trial.usable = !running && learned !== undefined;
    home.disabled = running;
    takesHome.disabled = classes.takes.count === 0;
    const changes = learned !== undefined && learned !== classes.version;
    if (changes) classes.showDecided();
    stale.textContent = changes && !running
      ? "Classes or takes have changed since the model was trained. Train again to include them."
      : "";
  }

  async function downloadTakes(): Promise<void> {
    try {
      const { list, version } = classes;
      const archive = await app.engine.ask("packTakes", list);
      download("takes.tar", new Blob([archive], { type: "application/x-tar" }));
      downloaded = version;
    } catch (error) {
      app.fail(error);
    }
  }

  async function takeHome(): Promise<void> {
    try {
      const archive = await app.engine.ask("takeHome"), { name } = JSON.parse(element.dataset.taught!);
      download(`${name}.tar`, new Blob([archive], { type: "application/x-tar" }));
      atHome = true;
    } catch (error) {
      app.fail(error);
    }
  }

  function draw(): void {
    classes.draw();
    learning.redraw();
    trial.redraw();
  }

  addEventListener("beforeunload", (event) => {
    const unsaved = classes.takes.recorded && downloaded !== classes.version;
    if (running || !atHome || unsaved) event.preventDefault(); // the browser asks whether to leave
  });
  app.engine.listen((news: News) => running && learning.report(news));
  new ResizeObserver(() => classes.draw()).observe(classes.element);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => classes.draw());
  learning.element.hidden = true; // there is nothing to show yet
  changed();
  return {
    id: "teach",
    title: "Teach",
    element,
    shown: draw,
    hidden() {
      classes.endRecording();
      classes.pause();
      trial.stop();
    },
    deviceChanging() {
      return trial.stop();
    },
    async drop(transfer, place) {
      const { files, others } = await filesOfDrop(transfer);
      if (trial.element.contains(place)) {
        if (files[0]) trial.hearFile(files[0].file);
        return;
      }
      const card = classes.cardOf(place);
      classes.give(files, card, others);
    },
  };
}
