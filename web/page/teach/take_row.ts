/** A take in its class's list: its waveform, duration and decision; it can be played and deleted. */
import { frontEnd } from "../../../dsp/settings.ts";
import { button, el, sharpen, themeColour } from "../dom.ts";
import { loudestOf } from "../listen/scene.ts";

/** Samples below this level are not magnified to full height. */
const QUIET = 0.02;

/** See the top of this file. */
export class TakeRow {
  readonly element: HTMLLIElement;
  readonly #canvas = el("canvas", { "aria-hidden": "true" });
  readonly #verdict = el("span", { class: "decided-as" });
  readonly #play: HTMLButtonElement;
  readonly #drop: HTMLButtonElement;

  constructor(
    readonly name: string,
    /** Mono, 16 kHz. */
    readonly samples: Float32Array,
    /** Whether it was recorded here, so that there is no other copy. */
    readonly recorded: boolean,
    act: { play(row: TakeRow): void; remove(row: TakeRow): void },
  ) {
    this.#play = button("Play", () => act.play(this));
    this.#drop = button("Delete", () => act.remove(this));
    const seconds = el("span", { class: "num" }, `${this.seconds.toFixed(1)} s`);
    this.element = el(
      "li",
      {},
      this.#canvas,
      el("span", { class: "name", title: name }, name),
      seconds,
      this.#verdict,
      this.#play,
      this.#drop,
    );
    this.ofClass("");
  }

  get seconds(): number {
    return this.samples.length / frontEnd.sampleRate;
  }

  /** Its class has a new name. */
  ofClass(name: string): void {
    const of = name ? `${this.name} of ${name}` : this.name;
    this.#play.setAttribute("aria-label", `Play ${of}`);
    this.#drop.setAttribute("aria-label", `Delete ${of}`);
  }

  set playing(playing: boolean) {
    this.#play.textContent = playing ? "Stop" : "Play";
  }

  /** The decision of networks that were not trained on it; undefined: not known, or correct. */
  set decidedAs(name: string | undefined) {
    this.#verdict.textContent = name === undefined ? "" : `decided as ${name}`;
  }

  focus(): void {
    this.#drop.focus();
  }

  /** Draws the waveform. */
  draw(): void {
    const { pen, width, height } = sharpen(this.#canvas), { samples } = this;
    const each = samples.length / width, scale = height / 2 / loudestOf(samples, QUIET);
    pen.fillStyle = themeColour("faint");
    for (let c = 0; c < width; c++) {
      let low = 0, high = 0;
      for (let i = Math.floor(c * each); i < Math.min(samples.length, (c + 1) * each); i++) {
        low = Math.min(low, samples[i]);
        high = Math.max(high, samples[i]);
      }
      pen.fillRect(c, height / 2 - high * scale, 1, Math.max(0.8, (high - low) * scale));
    }
  }
}
