/** One take from the microphone: turned on, its sound kept, turned off. */
import { type Microphone, type MicrophoneNews, openMicrophone } from "../listen/sound.ts";

/** See the file's comment. */
export class TakeRecorder {
  #microphone?: Microphone;
  #blocks: Float32Array[] = [];
  #length = 0;

  /** Whether it is on. */
  get on(): boolean {
    return this.#microphone !== undefined;
  }

  /** What was recorded so far. */
  get seconds(): number {
    return this.#microphone ? this.#length / this.#microphone.sampleRate : 0;
  }

  /**
   * Turns the microphone on.
   *
   * @param unwanted whether, when it is on at last, nobody wants it any more: then it is off again
   * @param onBlock hears of each block: its largest sample
   * @param onNews hears what happens to the microphone
   * @returns whether it is on
   * @throws {Error} kindly, where there is none or it may not be used
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

  /** Turns it off, and gives what was recorded; nothing where it was off. */
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
