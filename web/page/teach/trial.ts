/** Tries the taught model at once: on the live microphone, or on a recording. */
import { emotionColours } from "../../../report/colours.ts";
import { segmentSeconds } from "../../../dsp/segments.ts";
import { frontEnd } from "../../../dsp/settings.ts";
import { TEACH_SETTINGS } from "../../engine/teach_settings.ts";
import type { News, Recognition } from "../../engine/protocol.ts";
import { button, el, oncePerFrame } from "../dom.ts";
import { aboutRecognition, named } from "../listen/about.ts";
import { Meters } from "../listen/meters.ts";
import { Scene } from "../listen/scene.ts";
import { reportMicrophone } from "../listen/microphone_news.ts";
import { openFile } from "../listen/sound.ts";
import { Voice } from "../listen/voice.ts";
import type { App } from "../view.ts";

/** Seconds after which the microphone is turned off, since all its sound is kept in memory. */
const LONGEST_LIVE = 120;

/** See the top of this file. */
export class TakeTrial {
  readonly element: HTMLElement;
  readonly redraw: () => void;
  readonly #app: App;
  readonly #scene = new Scene();
  readonly #meters = new Meters("teach-");
  readonly #voice: Voice;
  readonly #speak = button("Speak", () => this.#voice.on ? this.stop() : this.#start(), { id: "teach-speak" });
  readonly #input = el("input", { type: "file", accept: "audio/*,.wav", id: "teach-file" });
  readonly #canvas = el("canvas", {
    role: "img",
    "aria-label": "Waveform, log-mel frames and profile by your classes",
  });
  readonly #status = el("p", { class: "under num", id: "teach-status", role: "status" });
  #classes: readonly string[] = [];
  #asked = 0;

  /** @param beforeSpeaking turns off other uses of the microphone */
  constructor(app: App, beforeSpeaking: () => void) {
    this.#scene.segmentSeconds = segmentSeconds({ ...frontEnd, segmentFrames: TEACH_SETTINGS.segmentFrames });
    [this.#app, this.#beforeSpeaking] = [app, beforeSpeaking];
    this.#voice = new Voice(app, "taught");
    this.element = el(
      "div",
      { id: "teach-try", hidden: true },
      el("h2", {}, "Try it"),
      el("div", { class: "bar" }, this.#speak, el("label", { class: "file" }, "Open a recording", this.#input)),
      this.#meters.element,
      el("div", { class: "card scene" }, this.#canvas),
      this.#status,
    );
    this.redraw = oncePerFrame(() => this.#scene.draw(this.#canvas));
    this.#input.addEventListener("change", () => {
      const [file] = this.#input.files ?? [];
      if (file) this.hearFile(file);
      this.#input.value = "";
    });
    app.engine.listen((news) => this.#report(news));
    new ResizeObserver(this.redraw).observe(this.#canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", this.redraw);
  }

  readonly #beforeSpeaking: () => void;

  /** Whether it can be used. */
  set usable(usable: boolean) {
    this.#speak.disabled = this.#input.disabled = !usable;
  }

  /** Shows that there is a model with these classes. */
  show(classes: readonly string[]): void {
    this.#classes = classes;
    this.element.hidden = false;
    const colours = emotionColours(classes);
    [this.#scene.emotions, this.#scene.colours] = [classes, colours];
    this.#scene.clear();
    this.#meters.setEmotions(classes, colours);
    this.#status.textContent = "";
    delete this.element.dataset.recognition;
    this.redraw();
  }

  /** Judges a recording. */
  async hearFile(file: File): Promise<void> {
    await this.stop();
    const own = ++this.#asked;
    this.#app.quiet();
    this.#status.textContent = `Listening to ${file.name}…`;
    try {
      const what = await openFile(file), recognition = await this.#app.engine.ask("recognise", what, "taught");
      if (own === this.#asked) this.#show(file.name, recognition);
    } catch (error) {
      if (own !== this.#asked) return;
      this.#status.textContent = "";
      this.#app.fail(named(error, file.name));
    }
  }

  /** Turns the microphone off and shows the result. */
  async stop(): Promise<void> {
    this.#asked++;
    if (!this.#voice.on) return;
    const ended = this.#voice.end();
    this.#speak.textContent = "Speak";
    this.#scene.live = false;
    const recognition = await ended;
    if (recognition) this.#show("your speech", recognition);
    else this.#status.textContent = "That was shorter than one segment of the model. Speak for longer.";
  }

  #show(name: string, recognition: Recognition): void {
    this.#scene.clear();
    this.#scene.live = false;
    this.#scene.append(recognition.samples, recognition.frames, recognition.profile);
    this.#scene.speech = recognition.speech.includes(1) ? recognition.speech : undefined;
    this.#scene.segmentHop = recognition.segmentHop;
    this.#scene.cursor = recognition.seconds / 2;
    this.#meters.show(recognition.probabilities, name);
    this.#status.textContent = aboutRecognition({ name, emotions: this.#classes, recognition });
    this.element.dataset.recognition = JSON.stringify({ name, probabilities: recognition.probabilities });
    this.redraw();
  }

  async #start(): Promise<void> {
    this.#beforeSpeaking();
    const own = ++this.#asked;
    this.#app.quiet();
    try {
      const hop = await this.#voice.begin(() => own !== this.#asked, (news) => {
        if (this.#voice.on) reportMicrophone(this.#app, news, () => this.stop());
      });
      if (hop === undefined) return;
      this.#scene.clear();
      this.#scene.segmentHop = hop;
      this.#scene.live = true;
      this.#speak.textContent = "Stop";
      this.redraw();
    } catch (error) {
      this.#app.fail(error);
    }
  }

  #report(news: News): void {
    if (news.news === "fault" && this.#voice.on) this.stop(); // the shell prints the reason
    if (news.news !== "live" || !this.#voice.on) return;
    this.#scene.append(news.samples, news.frames, news.profile);
    if (news.probabilities.length > 0) this.#meters.show(news.probabilities, "so far");
    this.#status.textContent = `Live: ${this.#scene.seconds.toFixed(1)} s`;
    this.element.dataset.live = String(this.#scene.segments);
    this.redraw();
    if (this.#scene.seconds < LONGEST_LIVE) return;
    this.stop();
    this.#app.say(`The microphone was turned off after ${LONGEST_LIVE / 60} minutes.`);
  }
}
