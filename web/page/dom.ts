/** Small helpers instead of a framework: elements, sharp canvases, downloads. */

/** An element's properties, `class`, `data-`/`aria-` attributes, and `on...` listeners. */
type Attributes = Record<string, string | number | boolean | undefined | ((event: never) => void)>;

/** An element with attributes and children. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value as EventListener);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

/** A button. */
export function button(label: string, onclick: () => void, attributes: Attributes = {}): HTMLButtonElement {
  return el("button", { type: "button", onclick, ...attributes }, label);
}

/** A select with its label. */
export function choice(
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  chosen?: string,
): { field: HTMLLabelElement; select: HTMLSelectElement } {
  const select = el(
    "select",
    {},
    ...options.map(([value, text]) => el("option", { value, selected: value === chosen }, text)),
  );
  return { field: el("label", { class: "field" }, label, select), select };
}

/** A slider with its label; `draw` runs whenever it moves. */
export function slider(label: string, [min, max, step, value]: [number, number, number, number], draw: () => void) {
  const input = el("input", { type: "range", min, max, step, value, oninput: draw });
  return { field: el("label", { class: "field" }, label, input), at: () => Number(input.value), input };
}

/** Sets a canvas's size in device pixels from its element; its context then draws in CSS pixels. */
export function sharpen(canvas: HTMLCanvasElement): { pen: CanvasRenderingContext2D; width: number; height: number } {
  const { clientWidth: width, clientHeight: height } = canvas, ratio = globalThis.devicePixelRatio || 1;
  const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const pen = canvas.getContext("2d")!;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  return { pen, width, height };
}

/** A colour of the theme: "ink", "faint", "line", "page", "card", "accent". */
export function themeColour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Whether the theme is dark. */
export const dark = (): boolean => matchMedia("(prefers-color-scheme: dark)").matches;

/** Offers a file as a download. */
export function download(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Runs `draw` once in the next frame, however often it is requested. */
export function oncePerFrame(draw: () => void): () => void {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      draw();
    });
  };
}

/** Runs `act` when the next frame is on the screen, as closely as a page can know. */
export function afterNextFrame(act: () => void): void {
  requestAnimationFrame(() => setTimeout(act, 0));
}
