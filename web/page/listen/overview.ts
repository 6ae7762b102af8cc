/**
 * A strip with the whole recording, if the picture shows only a part: the position of that part, and the whole profile.
 */
import { el, sharpen } from "../dom.ts";
import { type Scene, WINDOW } from "./scene.ts";

/** The strip. It is for eye and pointer; for keys, and for the time in words, there is the picture's slider. */
export class OverviewStrip {
  readonly element: HTMLElement;
  #scene: Scene;
  #canvas = el("canvas");
  #stretch = el("div", { class: "stretch" });

  /** @param move moves the cursor to a time, in seconds */
  constructor(scene: Scene, move: (seconds: number) => void) {
    this.#scene = scene;
    this.element = el("div", { class: "overview", "aria-hidden": "true", hidden: true }, this.#canvas, this.#stretch);
    const follow = (event: PointerEvent) => {
      const { left, width } = this.#canvas.getBoundingClientRect();
      move((event.clientX - left) / width * scene.seconds);
    };
    this.element.addEventListener("pointerdown", (event) => {
      this.element.setPointerCapture(event.pointerId);
      follow(event);
    });
    this.element.addEventListener("pointermove", (event) => event.buttons & 1 && follow(event));
    new ResizeObserver(() => this.draw()).observe(this.#canvas);
  }

  /** Shows the recording if it is longer than the picture and no longer grows. */
  show(): void {
    this.element.hidden = this.#scene.live || this.#scene.seconds <= WINDOW || this.#scene.segments === 0;
    this.draw();
    this.follow();
  }

  /** Marks the part that the picture shows. */
  follow(): void {
    if (this.element.hidden) return;
    const { view: [from, to], seconds } = this.#scene, percent = (time: number) => `${100 * time / seconds}%`;
    this.#stretch.style.left = percent(from);
    this.#stretch.style.width = percent(to - from);
  }

  /** Draws the profile in columns of one pixel: emotions stacked, each as high as its mean probability. */
  draw(): void {
    if (this.element.hidden) return;
    const { pen, width, height } = sharpen(this.#canvas), { seconds, colours } = this.#scene;
    for (let x = 0; x < width; x++) {
      const mean = this.#scene.mean(x / width * seconds, (x + 1) / width * seconds);
      // from the top, each is drawn down to the bottom and covered by the next: no gaps between them
      let y = 0;
      for (let k = mean.length - 1; k >= 0; y += mean[k--] * height) {
        pen.fillStyle = colours[k];
        pen.fillRect(x, y, 1, height - y);
      }
    }
  }
}
