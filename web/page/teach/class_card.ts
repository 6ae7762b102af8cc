/** A class: its name, its takes, and the ways to add takes. */
import { LONGEST_NAME } from "../../engine/teach_protocol.ts";
import { button, el } from "../dom.ts";
import type { TakeRow } from "./take_row.ts";

/** A card's actions. */
export interface CardActs {
  /** Starts or ends the recording. */
  record(card: ClassCard): void;
  /** Adds the chosen files. */
  add(card: ClassCard, input: HTMLInputElement): void;
  /** Removes the class and its takes. */
  remove(card: ClassCard): void;
  /** Called when its name has changed. */
  renamed(card: ClassCard): void;
}

let made = 0;

/** See the top of this file. */
export class ClassCard {
  readonly element: HTMLElement;
  rows: TakeRow[] = [];
  readonly #name: HTMLInputElement;
  readonly #fault: HTMLElement;
  readonly #count = el("p", { class: "num count" });
  readonly #list = el("ul", { class: "takes" });
  readonly #record: HTMLButtonElement;
  readonly #loudness = el("progress", { max: 1, value: 0, "aria-hidden": "true", hidden: true });

  constructor(name: string, acts: CardActs) {
    const number = ++made, fault = `class-fault-${number}`;
    this.#name = el("input", {
      ...{ type: "text", value: name, maxlength: LONGEST_NAME, autocomplete: "off", spellcheck: "false" },
      ...{ "aria-label": "Name of the class", "aria-describedby": fault, oninput: () => acts.renamed(this) },
    });
    this.#fault = el("p", { id: fault, class: "class-fault", hidden: true });
    this.#record = button("Record", () => acts.record(this), { class: "record" });
    const input = el("input", {
      type: "file",
      multiple: true,
      accept: "audio/*,.wav",
      onchange: () => acts.add(this, input),
    });
    const files = el("label", { class: "file" }, "Add files", input);
    this.element = el(
      "section",
      { class: "card class-card" },
      el("div", { class: "head" }, this.#name, button("Remove", () => acts.remove(this), { class: "remove" })),
      this.#fault,
      el("div", { class: "acts" }, this.#record, files, this.#loudness),
      this.#count,
      this.#list,
    );
    this.tell();
  }

  get name(): string {
    return this.#name.value.trim();
  }

  rename(name: string): void {
    this.#name.value = name;
    this.tell();
  }

  /** What is wrong with its name; "" if nothing is. */
  set fault(text: string) {
    this.#fault.textContent = text;
    this.#fault.hidden = text === "";
    this.#name.setAttribute("aria-invalid", String(text !== ""));
  }

  /** Seconds recorded so far, and the loudest sample of the last block; undefined: the microphone is off. */
  set recording(state: { seconds: number; loudest: number } | undefined) {
    this.#record.textContent = state ? "Stop" : "Record";
    this.element.classList.toggle("recording", state !== undefined);
    this.#loudness.hidden = state === undefined;
    this.tell();
    if (!state) return;
    // decibels are closer to perception: -60 dB is empty
    this.#loudness.value = Math.max(0, 1 + Math.log10(Math.max(1e-3, state.loudest)) / 3);
    this.#count.textContent = `recording: ${state.seconds.toFixed(1)} s`;
  }

  add(row: TakeRow): void {
    row.ofClass(this.name);
    this.rows.push(row);
    this.#list.append(row.element);
    this.tell();
    row.draw();
  }

  /** Removes a take; the focus moves to the next one, or to the recording button. */
  remove(row: TakeRow): void {
    const at = this.rows.indexOf(row);
    this.rows.splice(at, 1);
    row.element.remove();
    const next = this.rows[at] ?? this.rows.at(-1);
    if (next) next.focus();
    else this.#record.focus();
    this.tell();
  }

  focus(): void {
    this.#name.focus();
    this.#name.select();
  }

  /** Shows the number of takes and the class's name. */
  tell(): void {
    const { length } = this.rows, seconds = this.rows.reduce((sum, row) => sum + row.seconds, 0);
    this.#count.textContent = length === 0
      ? "no takes yet"
      : `${length} ${length === 1 ? "take" : "takes"}, ${seconds.toFixed(1)} s`;
    const label = this.name || "a class without a name";
    this.element.setAttribute("aria-label", label);
    this.#record.setAttribute("aria-label", `${this.#record.textContent} a take of ${label}`);
    this.#list.setAttribute("aria-label", `Takes of ${label}`);
    for (const row of this.rows) row.ofClass(this.name);
  }

  draw(): void {
    for (const row of this.rows) row.draw();
  }
}
