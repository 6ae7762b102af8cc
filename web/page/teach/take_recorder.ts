/** Records one take from the microphone. */
import { type Microphone, type MicrophoneNews, openMicrophone } from "../listen/sound.ts";

/** See the top of this file. */
export class TakeRecorder {
  #microphone?: Microphone;
  #blocks: Float32Array[] = [];
  #length = 0;

  /** Whether it is on. */
  get on(): boolean {
    return this.#microphone !== undefined;
  }

  /** Seconds recorded so far. */
  get seconds(): number {
    return this.#microphone ? this.#length / this.#microphone.sampleRate : 0;
  }

  /**
   * Turns the microphone on.
   *
   * @param unwanted returns whether, when it is finally on, it is no longer requested: it is then turned off again
   * @param onBlock receives the largest sample of each block
   * @param onNews receives the microphone's events
   * @returns whether it is on
   * @throws {Error} with a friendly message, if there is none or it may not be used
   */
  async begin(
    unwanted: () => boolean,
    onBlock: (loudest: number) => void,
    onNews: (news: MicrophoneNews) => void,
  ): Promise<boolean> {
    [this.#blocks, this.#length] = [[], 0];
    const opened = await openMicrophone((samples) => {
      if (this.#microphone !== opened) return;
      this.#blocks.push(samples);
      this.#length += samples.length;
      onBlock(samples.reduce((most, x) => Math.max(most, Math.abs(x)), 0));
    }, (news) => this.#microphone === opened && onNews(news));
    if (unwanted()) {
      opened.stop();
      return false;
    }
    this.#microphone = opened;
    return true;
  }

  /** Turns it off and returns the recording; undefined if it was off. */
  end(): { samples: Float32Array; sampleRate: number } | undefined {
    const microphone = this.#microphone;
    this.#microphone = undefined;
    microphone?.stop();
    if (!microphone) return undefined;
    const samples = new Float32Array(this.#length);
    let at = 0;
    for (const block of this.#blocks) {
      samples.set(block, at);
      at += block.length;
    }
    this.#blocks = [];
    return { samples, sampleRate: microphone.sampleRate };
  }
}
