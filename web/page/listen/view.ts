/** Listen: judges a recording, an example or the microphone, and shows the emotions as they arrive. */
import { segmentSeconds } from "../../../dsp/segments.ts";
import { frontEnd } from "../../../dsp/settings.ts";
import { emotionColours } from "../../../report/colours.ts";
import type { News, Recognition, SoundSource } from "../../engine/protocol.ts";
import { button, choice, el, oncePerFrame } from "../dom.ts";
import type { App, PageView } from "../view.ts";
import { aboutModel, aboutRecognition, named } from "./about.ts";
import { type FileKind, type ProfileExport, save } from "./export.ts";
import { moveByHand } from "./cursor.ts";
import { Meters } from "./meters.ts";
import { OverviewStrip } from "./overview.ts";
import { Scene } from "./scene.ts";
import { reportMicrophone } from "./microphone_news.ts";
import { type MicrophoneNews, openFile, Player } from "./sound.ts";
import { Voice } from "./voice.ts";

const EXAMPLES = ["anger", "fear", "happiness", "neutral", "sadness"];
/** Seconds after which the microphone is turned off, since all its sound is kept in memory. */
const LONGEST_LIVE = 600;

export function listenView(app: App): PageView {
  const scene = new Scene(), player = new Player(), meters = new Meters(), voice = new Voice(app);
  let shown: ProfileExport | undefined, model: Pick<ProfileExport, "model" | "frontEnd"> = { model: "", frontEnd };
  /** The number of the latest request: results of earlier requests are not shown. */
  let asked = 0;

  // its elements
  const input = el("input", { type: "file", accept: "audio/*,.wav", "aria-label": "Open a recording", id: "file" });
  const file = el("label", { class: "file" }, "Open a recording", input);
  const { field: examples, select: example } = choice("or a synthetic example", [
    ["", "choose…"],
    ...EXAMPLES.flatMap((emotion, i): [string, string][] => [
      [String(i), `${emotion}, a man`],
      [String(i + 5), `${emotion}, a woman`],
    ]),
  ]);
  example.id = "example";
  const speak = button("Speak", () => voice.on ? stopSpeaking() : startSpeaking(), { id: "speak" });
  const play = button("Play", () => player.playing ? pause() : start(), { id: "play", disabled: true });
  const exports = (["SVG", "PNG", "JSON"] satisfies FileKind[]).map((kind) =>
    button(kind, () => shown && save(kind, shown).catch(app.fail), { disabled: true, "aria-label": `Save as ${kind}` })
  );
  const canvas = el("canvas", {
    id: "scene",
    tabindex: 0,
    role: "slider",
    "aria-label": "Time in the recording",
    "aria-valuemin": 0,
    "aria-valuemax": 0,
    "aria-valuenow": 0,
    "aria-valuetext": "no recording yet",
  });
  const empty = el("div", { class: "empty" }, "Drop a recording here, choose an example, or speak.");
  const under = el("p", { class: "under num", id: "under" }), status = el("p", { class: "under num", id: "status" });
  const warnings = el("ul", { class: "under warnings", id: "warnings", hidden: true });
  const about = el("p", { class: "under about", id: "about" });
  const reasons = el("pre", { id: "reasons", tabindex: 0, "aria-label": "Why: votes and statistics" });
  const why = el("details", { class: "why", hidden: true }, el("summary", {}, "Why"), reasons);
  const overview = new OverviewStrip(scene, moveTo);
  const element = el(
    "section",
    { "aria-label": "Listen" },
    el(
      "div",
      { class: "bar" },
      file,
      examples,
      speak,
      play,
      el(
        "span",
        { class: "bar push", role: "group", "aria-label": "Save" },
        el("span", { class: "field" }, "Save as"),
        ...exports,
      ),
    ),
    meters.element,
    el("div", { class: "card scene" }, canvas, empty),
    overview.element,
    under,
    status,
    warnings,
    why,
    about,
  );
  const redraw = oncePerFrame(() => {
    scene.draw(canvas);
    overview.follow();
    tellCursor();
    if (!player.playing) return;
    setCursor(player.place);
  });

  // its functions
  async function prepare(): Promise<void> {
    const description = await app.model();
    if (!description) {
      about.textContent = "This page was built without a model, so it cannot decide emotions.";
      return;
    }
    about.textContent = aboutModel(description);
    model = { model: description.name, frontEnd: description.frontEnd };
    scene.emotions = description.emotions;
    scene.colours = emotionColours(description.emotions);
    scene.segmentHop = description.segmentHop;
    scene.segmentSeconds = segmentSeconds(description.frontEnd);
    meters.setEmotions(description.emotions, scene.colours as string[]);
  }

  async function recognise(name: string, load: () => Promise<SoundSource>): Promise<void> {
    const own = ++asked;
    app.quiet();
    await stopSpeaking();
    pause();
    status.textContent = `Listening to ${name}…`;
    try {
      const what = await load();
      await app.device();
      const recognition = await app.engine.ask("recognise", what);
      if (own === asked) show(name, recognition);
    } catch (error) {
      if (own !== asked) return;
      tellShown();
      app.fail(named(error, name));
    }
  }

  function show(name: string, recognition: Recognition): void {
    scene.clear();
    scene.live = false;
    scene.append(recognition.samples, recognition.frames, recognition.profile);
    scene.speech = recognition.speech.includes(1) ? recognition.speech : undefined;
    scene.segmentHop = recognition.segmentHop;
    shown = { name, recognition, emotions: scene.emotions, colours: scene.colours, ...model };
    meters.show(recognition.probabilities, name);
    app.recognition = { name, recognition, cursor: 0 };
    setCursor(recognition.seconds / 2);
    overview.show();
    empty.hidden = true;
    why.hidden = false;
    reasons.textContent = recognition.why;
    canvas.setAttribute("aria-valuemax", recognition.seconds.toFixed(2));
    enable();
    tellShown();
    element.dataset.recognition = JSON.stringify({ name, probabilities: recognition.probabilities });
  }

  /** Describes the shown recording in a line. */
  function tellShown(): void {
    status.textContent = shown ? aboutRecognition(shown) : "";
    const lines = shown?.recognition.warnings ?? [];
    warnings.hidden = lines.length === 0;
    warnings.replaceChildren(...lines.map((line) => el("li", {}, line)));
  }

  /** Enables the actions available for the shown recording. */
  function enable(): void {
    for (const one of [play, ...exports]) one.disabled = !shown || scene.live;
  }

  function setCursor(seconds: number): void {
    scene.cursor = Math.min(scene.seconds, Math.max(0, seconds));
    if (app.recognition) app.recognition.cursor = scene.cursor;
    redraw();
  }

  /** Moves the cursor; playback continues there. */
  function moveTo(seconds: number): void {
    setCursor(seconds);
    if (player.playing) start();
  }

  function tellCursor(): void {
    const row = scene.at(scene.live ? scene.seconds : scene.cursor);
    const at = `${(scene.live ? scene.seconds : scene.cursor).toFixed(2)} s`;
    const values = row
      ? [...row].map((p, k) => ({ p, name: scene.emotions[k] })).sort((a, b) => b.p - a.p).slice(0, 3)
      : [];
    const text = row ? `${at}: ${values.map(({ p, name }) => `${name} ${(100 * p).toFixed(0)} %`).join(", ")}` : "";
    under.textContent = text;
    canvas.setAttribute("aria-valuenow", scene.cursor.toFixed(2));
    if (text) canvas.setAttribute("aria-valuetext", text);
  }

  function start(): void {
    if (!shown || scene.live) return;
    const from = scene.cursor >= scene.seconds - 0.05 ? 0 : scene.cursor;
    player.play(shown.recognition.samples, frontEnd.sampleRate, from, () => {
      play.textContent = "Play";
      setCursor(scene.seconds);
    });
    play.textContent = "Pause";
    redraw();
  }

  function pause(): void {
    player.pause();
    play.textContent = "Play";
  }

  async function startSpeaking(): Promise<void> {
    const own = ++asked;
    pause();
    app.quiet();
    example.value = "";
    try {
      const hop = await voice.begin(() => own !== asked || Boolean(element.hidden), microphoneNews);
      if (hop === undefined) return;
      scene.clear();
      scene.segmentHop = hop;
      scene.live = true;
      overview.show();
      empty.hidden = true;
      why.hidden = true;
      speak.textContent = "Stop";
      enable();
    } catch (error) {
      app.fail(error);
    }
  }

  /** Handles the events of the active microphone. */
  function microphoneNews(news: MicrophoneNews): void {
    if (voice.on) reportMicrophone(app, news, stopSpeaking, "Press Speak to turn it on again.");
  }

  async function stopSpeaking(): Promise<void> {
    if (!voice.on) return;
    const ended = voice.end();
    speak.textContent = "Speak";
    scene.live = false;
    status.textContent = "Processing the rest…";
    const recognition = await ended;
    if (recognition) return show("your speech", recognition);
    // nothing to show: the previous recording is restored
    scene.clear();
    if (shown) show(shown.name, shown.recognition);
    empty.hidden = shown !== undefined;
    redraw();
    status.textContent = "That was shorter than one segment of the model. Speak for longer.";
  }

  function live(news: News): void {
    if (news.news === "fault" && voice.on) stopSpeaking(); // the shell prints the reason
    if (news.news !== "live" || !voice.on) return;
    scene.append(news.samples, news.frames, news.profile);
    if (news.probabilities.length > 0) meters.show(news.probabilities, "so far");
    redraw();
    if (scene.seconds >= LONGEST_LIVE) {
      stopSpeaking();
      app.say(
        `The microphone was turned off after ${
          LONGEST_LIVE / 60
        } minutes. deno task predict reads recordings of any length.`,
      );
      return;
    }
    const { at, behind } = news;
    voice.measure(at, ({ median, slowest }) => {
      status.textContent = `Live: ${scene.seconds.toFixed(1)} s; the picture is ${
        median.toFixed(0)
      } ms behind the sound${behind > 20 ? "; this machine is too slow to keep up" : ""}.`;
      const { segments, seconds } = scene;
      element.dataset.live = JSON.stringify({ segments, seconds, behind, latency: median, slowest });
    });
  }

  function hearFile(file: File): void {
    example.value = "";
    recognise(file.name, () => openFile(file));
  }

  // its events
  input.addEventListener("change", () => {
    const [chosen] = input.files ?? [];
    if (chosen) hearFile(chosen);
    input.value = "";
  });
  example.addEventListener("change", () => {
    if (example.value === "") return;
    recognise(`${EXAMPLES[Number(example.value) % 5]} (synthetic)`, async () => {
      const { samples } = await app.engine.ask("example", Number(example.value));
      return { samples, sampleRate: frontEnd.sampleRate };
    });
  });
  moveByHand(canvas, scene, {
    movable: () => !scene.live && shown !== undefined,
    move: moveTo,
    toggle: () => player.playing ? pause() : start(),
    point(seconds) {
      const row = seconds === undefined || player.playing ? undefined : scene.at(seconds);
      if (!row) return tellCursor();
      const values = [...row].map((p, k) => `${scene.emotions[k]} ${(100 * p).toFixed(0)} %`);
      under.textContent = `${seconds!.toFixed(2)} s: ${values.join(", ")}`;
    },
  });
  new ResizeObserver(() => redraw()).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => redraw());
  app.engine.listen(live);
  prepare().catch(app.fail);
  return {
    id: "listen",
    title: "Listen",
    element,
    drop({ files: [first, ...more] }) {
      hearFile(first);
      if (more.length > 0) app.say(`One recording at a time: opened ${first.name}, not the ${more.length} others.`);
    },
    shown: redraw,
    hidden() {
      pause();
      stopSpeaking();
    },
    deviceChanging: stopSpeaking,
  };
}
