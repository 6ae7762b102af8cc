/** The microphone as it is heard: turned on and off, its sound sent to the engine, and how far the picture is behind it. */
import type { HeardBy, Recognition } from "../../engine/protocol.ts";
import { afterNextFrame } from "../dom.ts";
import type { App } from "../view.ts";
import { type Microphone, type MicrophoneNews, openMicrophone } from "./sound.ts";

/** Milliseconds from sound to picture, of the last hundred blocks. */
export interface Delay {
  median: number;
  slowest: number;
}

export class Voice {
  readonly #app: App;
  readonly #by: HeardBy;
  readonly #delays: number[] = [];
  #microphone?: Microphone;

  /** @param by which model hears it */
  constructor(app: App, by: HeardBy = "page") {
    [this.#app, this.#by] = [app, by];
  }

  /** Whether the microphone is on. */
  get on(): boolean {
    return this.#microphone !== undefined;
  }

  /**
   * Turns the microphone on.
   *
   * @param unwanted tells, while that takes its time, whether something else is wanted by now
   * @param onNews hears what happens to it while it is on; "ended" also where the engine fails
   * @returns frames from one segment to the next; undefined where it is unwanted, and off again
   * @throws {Error} kindly, where there is no model, or no microphone that may be used
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
          if (!this.on) return; // of blocks that were on their way
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

  /** Turns it off. Gives all that was heard; undefined where that is less than a segment, or the engine failed. */
  async end(): Promise<Recognition | undefined> {
    this.#microphone?.stop();
    this.#microphone = undefined;
    return await this.#app.engine.ask("liveEnd").catch(this.#app.fail) ?? undefined;
  }

  /** Tells how far the picture is behind when it is on the screen. @param at when its sound was whole, ms of `Date.now()` */
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
