/**
 * The classes and their takes: recorded, dropped, played, deleted. The engine reads one take after the other, in order of arrival. Files
 * that can't be takes are listed with the reason.
 */
import { frontEnd } from "../../../dsp/settings.ts";
import type { SoundSource } from "../../engine/protocol.ts";
import { MOST_CLASSES, plainName, type TeachClass, whatIsMissing } from "../../engine/teach_protocol.ts";
import { el } from "../dom.ts";
import { reportMicrophone } from "../listen/microphone_news.ts";
import { openFile, Player } from "../listen/sound.ts";
import type { App } from "../view.ts";
import { ClassCard } from "./class_card.ts";
import { filesOfInput, type GivenFile } from "./dropped.ts";
import { TakeRecorder } from "./take_recorder.ts";
import { TakeRow } from "./take_row.ts";

/** Seconds after which a take ends automatically. */
const LONGEST_TAKE = 60;
/** Most seconds of takes: their frames take 46 MB. */
const LONGEST_ALL = 1800;

/** See the top of this file. */
export class Classes {
  readonly element = el("div", { class: "classes" });
  /** Files that could not be takes, with the reasons; and those being read. */
  readonly faults = el("ul", { class: "under warnings", id: "teach-faults", "aria-live": "polite", hidden: true });
  readonly status = el("p", { class: "under num", id: "teach-reading", role: "status" });
  /** Increases with every change of the classes. */
  version = 0;
  readonly #app: App;
  #changed = () => {};
  readonly #player = new Player();
  readonly #recorder = new TakeRecorder();
  #cards: ClassCard[] = [];
  #played?: TakeRow;
  /** The card whose take is being recorded, or whose microphone is being turned on; a number identifies the click. */
  #recording?: ClassCard;
  #asked = 0;
  #takesMade = 0;
  #reading: Promise<void> = Promise.resolve();
  #toRead = 0;

  /** @param changed called after every change of classes, names and takes */
  constructor(app: App, changed: () => void) {
    this.#app = app;
    for (let i = 1; i <= 3; i++) this.addClass(`class ${i}`);
    this.#changed = changed;
  }

  /** The classes to learn. */
  get list(): TeachClass[] {
    return this.#cards.map(({ name, rows }) => ({ name, takes: rows.map(({ name, samples }) => ({ name, samples })) }));
  }

  /** The missing requirements for learning. */
  get missing(): string[] {
    return whatIsMissing(this.#cards.map(({ name, rows }) => ({ name, takes: rows.length })));
  }

  /** The number of takes, and whether any of them exists only here. */
  get takes(): { count: number; recorded: boolean } {
    const rows = this.#cards.flatMap(({ rows }) => rows);
    return { count: rows.length, recorded: rows.some(({ recorded }) => recorded) };
  }

  /** Whether another class may be added. */
  get mayGrow(): boolean {
    return this.#cards.length < MOST_CLASSES;
  }

  addClass(name: string): ClassCard {
    const card = new ClassCard(name, {
      record: (card) => this.#recording === card ? this.endRecording() : this.#record(card),
      add: (card, input) => {
        this.give(filesOfInput(input).files, card);
        input.value = "";
      },
      remove: (card) => this.#removeClass(card),
      renamed: (card) => {
        card.tell();
        this.#tellChange();
      },
    });
    this.#cards.push(card);
    this.element.append(card.element);
    this.#tellChange();
    return card;
  }

  /** The card at a place in the page. */
  cardOf(element: Element | null): ClassCard | undefined {
    return this.#cards.find((card) => card.element.contains(element));
  }

  /**
   * Adds files: those in folders to the class with the folder's name, others to a given class.
   *
   * @param to if given, the class for all files, whatever their folders
   * @param others number of ignored files in folders
   */
  give(files: readonly GivenFile[], to?: ClassCard, others = 0): void {
    this.#clearFaults();
    if (others > 0) {
      this.#refuse(`skipped ${others} ${others === 1 ? "file" : "files"} of the folder: not named like recordings`);
    }
    if (files.length === 0 && others === 0) this.#refuse("The folder has no files");
    for (const { file, folder } of files) {
      const card = to ?? (folder === undefined ? undefined : this.#classNamed(folder));
      if (card) this.#read(card, file.name, () => openFile(file), false);
      else if (folder === undefined) this.#refuse(`${file.name}: drop it on its class, or on "Try it"`);
      else this.#refuse(`${file.name}: a class ${folder} would be one more than ${MOST_CLASSES}`);
    }
  }

  /** Ends the recording and keeps it; does nothing if there is none. */
  endRecording(): void {
    this.#asked++;
    const card = this.#recording, sound = this.#recorder.end();
    this.#recording = undefined;
    if (card) card.recording = undefined;
    if (card && sound) this.#read(card, `take ${++this.#takesMade}`, () => Promise.resolve(sound), true);
  }

  /** Stops the playback. */
  pause(): void {
    this.#player.pause();
    if (this.#played) this.#played.playing = false;
    this.#played = undefined;
  }

  /** Shows the decisions on takes by networks that were not trained on them; undefined: not known. */
  showDecided(decidedAs?: Readonly<Record<string, number>>, classes: readonly string[] = []): void {
    for (const card of this.#cards) {
      for (const row of card.rows) {
        const decided = classes[decidedAs?.[row.name] ?? -1];
        row.decidedAs = decided === undefined || decided === card.name ? undefined : decided;
      }
    }
  }

  draw(): void {
    for (const card of this.#cards) card.draw();
  }

  /** The class for a folder's name: the one with this name, a new one, or one without name and takes. */
  #classNamed(folder: string): ClassCard | undefined {
    const known = this.#cards.find(({ name }) => plainName(name) === plainName(folder));
    if (known) return known;
    const empty = this.#cards.find(({ name, rows }) => rows.length === 0 && /^(class \d)?$/.test(name));
    if (empty) {
      empty.rename(folder);
      return empty;
    }
    return this.mayGrow ? this.addClass(folder) : undefined;
  }

  #removeClass(card: ClassCard): void {
    if (this.#recording === card) this.endRecording();
    if (card.rows.some((row) => row === this.#played)) this.pause();
    const at = this.#cards.indexOf(card);
    this.#cards.splice(at, 1);
    card.element.remove();
    (this.#cards[at] ?? this.#cards.at(-1))?.focus();
    this.#tellChange();
  }

  async #record(card: ClassCard): Promise<void> {
    this.endRecording();
    this.pause();
    this.#app.quiet();
    const own = ++this.#asked;
    this.#recording = card;
    card.recording = { seconds: 0, loudest: 0 };
    try {
      await this.#recorder.begin(
        () => own !== this.#asked,
        (loudest) => {
          card.recording = { seconds: this.#recorder.seconds, loudest };
          if (this.#recorder.seconds < LONGEST_TAKE) return;
          this.endRecording();
          this.#app.say(`A take is ${LONGEST_TAKE} seconds long at most.`);
        },
        (news) => reportMicrophone(this.#app, news, () => this.endRecording()),
      );
    } catch (error) {
      if (own !== this.#asked) return;
      this.#recording = undefined;
      card.recording = undefined;
      this.#app.fail(error);
    }
  }

  /** Reads a take after the earlier ones. */
  #read(card: ClassCard, name: string, open: () => Promise<SoundSource>, recorded: boolean): void {
    this.#toRead++;
    this.#tellReading();
    if (recorded) this.#clearFaults();
    this.#reading = this.#reading.then(async () => {
      try {
        const { samples, warnings } = await this.#app.engine.ask("take", await open(), name);
        if (!this.#cards.includes(card)) return; // it was removed meanwhile
        this.#keep(card, name, samples, recorded);
        for (const warning of warnings) this.#refuse(warning);
      } catch (error) {
        this.#refuse(error instanceof Error ? error.message : String(error));
      } finally {
        this.#toRead--;
        this.#tellReading();
      }
    });
  }

  #keep(card: ClassCard, name: string, samples: Float32Array, recorded: boolean): void {
    const all = this.#cards.flatMap((own) => own.rows.map((row) => ({ card: own, row })));
    const same = all.find(({ row }) => isSame(row.samples, samples));
    if (same) {
      throw new Error(`${name} is the same recording as ${same.row.name} of ${same.card.name}: expected another one`);
    }
    const seconds = all.reduce((sum, { row }) => sum + row.seconds, samples.length / frontEnd.sampleRate);
    if (seconds > LONGEST_ALL) {
      throw new Error(`${name}: expected takes of at most ${LONGEST_ALL / 60} minutes together`);
    }
    let unique = name;
    for (let n = 2; all.some(({ row }) => row.name === unique); n++) unique = `${name} (${n})`;
    card.add(
      new TakeRow(unique, samples, recorded, {
        play: (row) => this.#play(row),
        remove: (row) => {
          if (this.#played === row) this.pause();
          card.remove(row);
          this.#tellChange();
        },
      }),
    );
    this.#tellChange();
  }

  #play(row: TakeRow): void {
    const again = this.#played === row;
    this.pause();
    if (again) return;
    this.#player.play(row.samples, frontEnd.sampleRate, 0, () => this.pause());
    this.#played = row;
    row.playing = true;
  }

  #tellReading(): void {
    const n = this.#toRead;
    this.status.textContent = n === 0 ? "" : `Reading: ${n} ${n === 1 ? "take" : "takes"} to go…`;
    this.element.setAttribute("aria-busy", String(n > 0));
  }

  #refuse(line: string): void {
    this.faults.append(el("li", {}, line));
    this.faults.hidden = false;
  }

  #clearFaults(): void {
    this.faults.replaceChildren();
    this.faults.hidden = true;
  }

  #tellChange(): void {
    this.version++;
    const names = this.#cards.map(({ name }) => plainName(name));
    this.#cards.forEach((card, i) => {
      card.fault = names[i] === ""
        ? "A class needs a name."
        : names.indexOf(names[i]) < i
        ? "Another class has this name."
        : "";
    });
    this.#changed();
  }
}

/** Whether two takes are equal, sample by sample. */
function isSame(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((x, i) => x === b[i]);
}
