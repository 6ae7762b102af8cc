/** The live microphone: turned on and off, its sound sent to the engine, and the delay of the picture. */
import type { ModelChoice, Recognition } from "../../engine/protocol.ts";
import { afterNextFrame } from "../dom.ts";
import type { App } from "../view.ts";
import { type Microphone, type MicrophoneNews, openMicrophone } from "./sound.ts";

/** Milliseconds from sound to picture, for the last hundred blocks. */
export interface Delay {
  median: number;
  slowest: number;
}

export class Voice {
  readonly #app: App;
  readonly #by: ModelChoice;
  readonly #delays: number[] = [];
  #microphone?: Microphone;

  /** @param by the model to use */
  constructor(app: App, by: ModelChoice = "page") {
    [this.#app, this.#by] = [app, by];
  }

  /** Whether the microphone is on. */
  get on(): boolean {
    return this.#microphone !== undefined;
  }

  /**
   * Turns the microphone on.
   *
   * @param unwanted returns whether the user has meanwhile requested something else
   * @param onNews receives its events while it is on; "ended" also if the engine fails
   * @returns frames from one segment to the next; undefined if it was no longer requested, and is off again
   * @throws {Error} with a friendly message, if there is no model, or no microphone that may be used
   */
  async begin(unwanted: () => boolean, onNews: (news: MicrophoneNews) => void): Promise<number | undefined> {
    const { engine } = this.#app;
    await this.#app.device();
    if (this.#by === "page" && !await this.#app.model()) {
      throw new Error(
        "This page was built without a model, so it cannot decide emotions. Train and Bench work without one.",
      );
    }
    let begun = false;
    const opened = await openMicrophone(
      (samples, at) => {
        if (!begun) return;
        engine.ask("liveSamples", samples, at).catch((error) => {
          if (!this.on) return; // news of blocks that were in transit
          onNews("ended");
          this.#app.fail(error);
        });
      },
      (news) => begun && onNews(news),
    );
    try {
      const hop = unwanted() ? undefined : await engine.ask("liveBegin", opened.sampleRate, this.#by);
      begun = hop !== undefined && !unwanted();
      if (begun && !opened.live) {
        begun = false;
        throw new Error("The microphone was disconnected while it started.");
      }
      if (!begun) return undefined;
      this.#microphone = opened;
      this.#delays.length = 0;
      return hop;
    } finally {
      if (!begun) opened.stop();
    }
  }

  /**
   * Turns it off. Returns the result for all its sound; undefined if that is shorter than a segment, or the engine
   * failed.
   */
  async end(): Promise<Recognition | undefined> {
    this.#microphone?.stop();
    this.#microphone = undefined;
    return await this.#app.engine.ask("liveEnd").catch(this.#app.fail) ?? undefined;
  }

  /**
   * Reports the picture's delay when it is on the screen. @param at the time when its sound was complete, ms of
   * `Date.now()`
   */
  measure(at: number, tell: (delay: Delay) => void): void {
    afterNextFrame(() => {
      if (!this.#microphone) return;
      this.#delays.push(Date.now() - at);
      if (this.#delays.length > 100) this.#delays.shift();
      const sorted = [...this.#delays].sort((a, b) => a - b);
      tell({ median: sorted[sorted.length >> 1], slowest: sorted.at(-1)! });
    });
  }
}
