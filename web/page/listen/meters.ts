/**
 * The emotion of the utterance, and a bar for each emotion. Its space is reserved from the start, so that nothing
 * moves.
 */
import { el, sharpen } from "../dom.ts";

/** The verdict. */
export class Meters {
  readonly element: HTMLElement;
  readonly #what: HTMLElement;
  readonly #how: HTMLElement;
  readonly #list = el("ul", { class: "meters num", "aria-label": "Probability of each emotion" });
  #rows: { canvas: HTMLCanvasElement; value: HTMLElement; colour: string }[] = [];
  #emotions: readonly string[] = [];

  /** @param prefix of the ids of its elements */
  constructor(prefix = "") {
    this.#what = el("strong", { id: `${prefix}emotion` }, "–");
    this.#how = el("small", { class: "num", id: `${prefix}probability` }, "no recording yet");
    const what = el("div", { class: "what", "aria-live": "polite" }, this.#what, this.#how);
    this.element = el("div", { class: "card verdict" }, what, this.#list);
  }

  setEmotions(emotions: readonly string[], colours: readonly string[]): void {
    this.#emotions = emotions;
    this.#rows = emotions.map((_, k) => ({
      canvas: el("canvas", { "aria-hidden": "true" }),
      value: el("span", {}, "–"),
      colour: colours[k],
    }));
    this.#list.replaceChildren(
      ...this.#rows.map(({ canvas, value }, k) => el("li", {}, el("span", {}, emotions[k]), canvas, value)),
    );
    this.#draw(emotions.map(() => 0));
  }

  /** @param probabilities in the order of the emotions */
  show(probabilities: readonly number[], of: string): void {
    const best = probabilities.indexOf(Math.max(...probabilities));
    const percent = (p: number) => `${(100 * p).toFixed(0)} %`;
    if (this.#what.textContent !== this.#emotions[best]) this.#what.textContent = this.#emotions[best];
    this.#how.textContent = `${percent(probabilities[best])}, ${of}`;
    this.#rows.forEach(({ value }, k) => value.textContent = percent(probabilities[k]));
    this.#draw(probabilities);
  }

  #draw(probabilities: readonly number[]): void {
    requestAnimationFrame(() => {
      this.#rows.forEach(({ canvas, colour }, k) => {
        const { pen, width, height } = sharpen(canvas);
        pen.fillStyle = colour;
        pen.fillRect(0, 0, width * probabilities[k], height);
      });
    });
  }
}
