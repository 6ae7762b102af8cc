/**
 * Runs on the audio thread: passes on the microphone's samples in blocks of about 10 ms, with the time when each was
 * complete.
 */
declare const sampleRate: number;
declare function registerProcessor(name: string, processor: unknown): void;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}

class Recorder extends AudioWorkletProcessor {
  readonly #block = new Float32Array(Math.round(sampleRate / 100 / 128) * 128 || 128);
  #filled = 0;

  process([channels]: Float32Array[][]): boolean {
    const [first] = channels;
    if (!first) return true;
    for (let i = 0; i < first.length; i++) {
      let sum = 0;
      for (const channel of channels) sum += channel[i];
      this.#block[this.#filled++] = sum / channels.length;
      if (this.#filled < this.#block.length) continue;
      this.port.postMessage({ samples: this.#block.slice(), at: Date.now() });
      this.#filled = 0;
    }
    return true;
  }
}

registerProcessor("recorder", Recorder);
