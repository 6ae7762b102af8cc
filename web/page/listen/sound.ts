/** Sound input and output: files, microphone, playback. */
import { isKnown } from "../../../dsp/sniff.ts";
import type { SoundSource } from "../../engine/protocol.ts";

/** Largest recording that the page accepts, in bytes. */
const LARGEST = 512 << 20;

/**
 * Opens a dropped or chosen file: returns its bytes, which the engine decodes as `deno task predict` does, or samples decoded by the
 * browser if EPR has no decoder for the format.
 *
 * @throws {TypeError} with the file, if it can't be decoded
 */
export async function openFile(file: File): Promise<SoundSource> {
  if (file.size > LARGEST) {
    throw new TypeError(`${file.name}: expected at most 512 MB, found more; deno task predict reads any length`);
  }
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (isKnown(bytes)) return { bytes, name: file.name };
  const context = new OfflineAudioContext(1, 1, 48000);
  let sound: AudioBuffer;
  try {
    sound = await context.decodeAudioData(bytes.buffer);
  } catch {
    throw new TypeError(
      `${file.name}: expected a recording that this browser can read, such as wav, flac, mp3, ogg or m4a, found another file`,
    );
  }
  const samples = new Float32Array(sound.length);
  for (let c = 0; c < sound.numberOfChannels; c++) {
    const channel = sound.getChannelData(c);
    for (let i = 0; i < samples.length; i++) samples[i] += channel[i] / sound.numberOfChannels;
  }
  const warning =
    `${file.name}: EPR has no decoder for this kind of file; this browser decoded it, at ${sound.sampleRate} Hz`;
  return { samples, sampleRate: sound.sampleRate, warnings: [warning] };
}

/** An active microphone. */
export interface Microphone {
  readonly sampleRate: number;
  /** Whether it can still deliver sound. */
  readonly live: boolean;
  /** Turns it off. */
  stop(): void;
}

/**
 * Events of an active microphone: it was unplugged, its permission was revoked, or its thread failed ("ended"); a call, a lid or the
 * browser has paused its sound ("interrupted") or resumed it ("running").
 */
export type MicrophoneNews = "ended" | "interrupted" | "running";

/** Milliseconds that sound may take to start. */
const PATIENCE = 5000;

/**
 * Turns the microphone on. If anything fails after the browser has granted it, it is turned off again.
 *
 * @param onSamples receives blocks of about 10 ms, and the time when each was complete (ms of `Date.now()`)
 * @param onNews receives its events, until it is turned off
 * @throws {Error} with a friendly message, if there is none or it may not be used
 */
export async function openMicrophone(
  onSamples: (samples: Float32Array, at: number) => void,
  onNews: (news: MicrophoneNews) => void,
): Promise<Microphone> {
  if (!navigator.mediaDevices?.getUserMedia) {
    throw new Error("This page may not use a microphone here: browsers allow it on https pages and on localhost only.");
  }
  let stream: MediaStream;
  try {
    const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    stream = await navigator.mediaDevices.getUserMedia({ audio });
  } catch (error) {
    const { name } = error as DOMException;
    if (name === "NotFoundError") throw new Error("Found no microphone. Open a file or choose an example instead.");
    if (name === "NotAllowedError") {
      throw new Error("The microphone is blocked. Allow it with the sign beside the address.");
    }
    throw new Error("The microphone does not start; another program may be using it.");
  }
  const off = new AbortController(), { signal } = off;
  let context: AudioContext | undefined;
  const stop = () => {
    off.abort();
    for (const track of stream.getTracks()) track.stop();
    if (context && context.state !== "closed") context.close().catch(() => {}); // it may be closing
  };
  try {
    context = new AudioContext({ latencyHint: "interactive" });
    await context.audioWorklet.addModule("recorder.js");
    const recorder = new AudioWorkletNode(context, "recorder", { numberOfOutputs: 0 });
    recorder.port.onmessage = ({ data: { samples, at } }) => onSamples(samples, at);
    context.createMediaStreamSource(stream).connect(recorder);
    await within(PATIENCE, context.resume(), "The microphone is on, but its sound does not start. Try again.");
    const ended = () => onNews("ended");
    recorder.addEventListener("processorerror", ended, { signal });
    follow(context, stream.getAudioTracks(), onNews, signal);
    const { sampleRate } = context;
    const live = () => stream.active && stream.getAudioTracks().some(({ readyState }) => readyState === "live");
    if (!live()) throw new Error("The microphone was disconnected while it started.");
    return {
      sampleRate,
      get live() {
        return live();
      },
      stop,
    };
  } catch (error) {
    stop();
    throw error;
  }
}

/** Reports the state of the sound, and resumes it as soon as the browser allows. */
function follow(
  context: AudioContext,
  tracks: readonly MediaStreamTrack[],
  onNews: (news: MicrophoneNews) => void,
  signal: AbortSignal,
): void {
  let held = false;
  const look = () => {
    // "interrupted" is Safari's: a call, or Siri; the device of a muted track delivers nothing
    const now = context.state !== "running" || tracks.some(({ muted }) => muted);
    if (now !== held) onNews(now ? "interrupted" : "running");
    held = now;
  };
  const goOn = () => {
    if (context.state !== "running") context.resume().catch(() => {}); // not allowed yet: the next event is another chance
  };
  context.addEventListener("statechange", () => {
    look();
    goOn();
  }, { signal });
  for (const track of tracks) {
    track.addEventListener("ended", () => onNews("ended"), { signal });
    for (const change of ["mute", "unmute"]) track.addEventListener(change, look, { signal });
  }
  for (const chance of ["visibilitychange", "pointerdown", "keydown"]) {
    document.addEventListener(chance, goOn, { signal });
  }
}

/** Awaits a promise, or throws an error if it takes longer. */
async function within<T>(milliseconds: number, promise: Promise<T>, otherwise: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => timer = setTimeout(() => reject(new Error(otherwise)), milliseconds));
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Plays samples from a given position. */
export class Player {
  #context?: AudioContext;
  #source?: AudioBufferSourceNode;
  #began = 0;
  #from = 0;

  /** Whether it is playing. */
  get playing(): boolean {
    return this.#source !== undefined;
  }

  /** Seconds from the start of the samples. */
  get place(): number {
    return this.#from + this.#context!.currentTime - this.#began;
  }

  /** Plays; `ended` is called when the end is reached, not on a pause. */
  play(samples: Float32Array, sampleRate: number, from: number, ended: () => void): void {
    this.pause();
    const context = this.#context ??= new AudioContext();
    context.resume();
    const sound = context.createBuffer(1, samples.length, sampleRate);
    sound.getChannelData(0).set(samples);
    const source = context.createBufferSource();
    source.buffer = sound;
    source.connect(context.destination);
    source.onended = () => {
      if (this.#source !== source) return;
      this.#source = undefined;
      ended();
    };
    [this.#source, this.#from, this.#began] = [source, from, context.currentTime];
    source.start(0, from);
  }

  /** Stops. */
  pause(): void {
    const source = this.#source;
    this.#source = undefined;
    source?.stop();
  }
}
