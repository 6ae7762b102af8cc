/**
 * The moving picture: waveform, log-mel frames and profile over one axis of time, with a cursor. New sound is appended. Only
 * the visible part is drawn, so the cost of drawing does not depend on the recording's length.
 */
import { frontEnd } from "../../../dsp/settings.ts";
import { segmentSeconds } from "../../../dsp/segments.ts";
import { sharpen, themeColour } from "../dom.ts";
import { FRAME, MelPicture } from "./mel_picture.ts";

/** Longest visible time, in seconds. */
export const WINDOW = 8;
/** Shares of the height. */
export const PANELS = { wave: [0.02, 0.2], mel: [0.23, 0.53], profile: [0.57, 0.93] } as const;
const LEFT = 34, RIGHT = 10;

/** The contents of the picture. */
export class Scene {
  emotions: readonly string[] = [];
  colours: readonly string[] = [];
  segmentHop = 1;
  /** Duration of a segment. */
  segmentSeconds: number = segmentSeconds();
  /** [segments]: 0 if a segment has no speech, and is veiled; undefined: not known. */
  speech?: Uint8Array;
  /** Seconds. */
  cursor = 0;
  /** Whether sound is still arriving: the picture then ends at its end. */
  live = false;
  #samples = new FloatList();
  #frames = new FloatList();
  #profile = new FloatList();
  #mel = new MelPicture();
  #loudest = QUIET;

  /** Removes everything. */
  clear(): void {
    [this.#samples, this.#frames, this.#profile] = [new FloatList(), new FloatList(), new FloatList()];
    this.#mel = new MelPicture();
    this.#loudest = QUIET;
    this.speech = undefined;
    this.cursor = 0;
  }

  /** Appends samples (16 kHz), frames [n, nMels] and a profile [n, emotions]. */
  append(samples: Float32Array, frames: Float32Array, profile: Float32Array): void {
    this.#samples.push(samples);
    this.#loudest = loudestOf(samples, this.#loudest);
    this.#frames.push(frames);
    this.#profile.push(profile);
  }

  get seconds(): number {
    return this.#samples.length / frontEnd.sampleRate;
  }

  get segments(): number {
    return this.emotions.length > 0 ? this.#profile.length / this.emotions.length : 0;
  }

  /** The profile's row at a time: that of the segment whose middle is nearest. */
  at(seconds: number): Float32Array | undefined {
    return this.segments === 0 ? undefined : this.#row(this.#nearest(seconds));
  }

  /** The mean of the profile's rows from one time to another; there must be segments. */
  mean(from: number, to: number): Float32Array {
    const first = this.#nearest(from), last = this.#nearest(to), sum = new Float32Array(this.emotions.length);
    for (let s = first; s <= last; s++) this.#row(s).forEach((p, k) => sum[k] += p);
    return sum.map((p) => p / (last - first + 1));
  }

  /** The segment whose middle is nearest to a time. */
  #nearest(seconds: number): number {
    const s = Math.round((seconds - this.segmentSeconds / 2) / (this.segmentHop * FRAME));
    return Math.min(this.segments - 1, Math.max(0, s));
  }

  #row(segment: number): Float32Array {
    const K = this.emotions.length;
    return this.#profile.values.subarray(segment * K, (segment + 1) * K);
  }

  /** The visible range of time. */
  get view(): [from: number, to: number] {
    const span = this.live ? WINDOW : Math.min(WINDOW, Math.max(this.seconds, 0.5));
    if (this.live) return this.seconds > span ? [this.seconds - span, this.seconds] : [0, span];
    const from = Math.min(Math.max(0, this.seconds - span), Math.max(0, this.cursor - span / 2));
    return [from, from + span];
  }

  /** The time at a position on the canvas. */
  timeAt(x: number, width: number): number {
    const [from, to] = this.view;
    return Math.min(this.seconds, Math.max(0, from + (x - LEFT) / (width - LEFT - RIGHT) * (to - from)));
  }

  /** Draws everything. */
  draw(canvas: HTMLCanvasElement): void {
    const { pen, width, height } = sharpen(canvas);
    if (width <= LEFT + RIGHT) return; // the view is hidden: its width would give a division by zero
    const [from, to] = this.view, right = width - RIGHT;
    const x = (seconds: number) => LEFT + (seconds - from) / (to - from) * (right - LEFT);
    const [ink, faint, line] = ["ink", "faint", "line"].map(themeColour);
    pen.font = "11px system-ui, sans-serif";
    this.#drawAxes(pen, { x, from, to, width, height, faint, line });
    if (this.seconds === 0) return;
    pen.save();
    pen.beginPath();
    pen.rect(LEFT, 0, right - LEFT, height);
    pen.clip();
    this.#drawWave(pen, x, from, to, right, height, faint);
    const [top, bottom] = PANELS.mel.map((share) => share * height);
    this.#mel.draw(pen, { frames: this.#frames.values, x, from, to, top, bottom });
    this.#drawProfile(pen, x, from, to, height);
    pen.restore();
    pen.fillStyle = ink;
    const at = Math.round(x(this.live ? this.seconds : this.cursor));
    if (at >= LEFT - 1 && at <= right + 1) {
      pen.fillRect(at - 0.75, 0.01 * height, 1.5, 0.93 * height);
      if (!this.live) {
        pen.beginPath();
        pen.arc(at, 0.012 * height + 4, 4.5, 0, 7);
        pen.fill();
      }
    }
  }

  #drawAxes(
    pen: CanvasRenderingContext2D,
    { x, from, to, width, height, faint, line }: {
      x: (seconds: number) => number;
      from: number;
      to: number;
      width: number;
      height: number;
      faint: string;
      line: string;
    },
  ): void {
    const [top, bottom] = PANELS.profile.map((share) => share * height);
    pen.fillStyle = faint;
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (const p of [0, 0.5, 1]) {
      const y = bottom - p * (bottom - top);
      pen.fillText(String(p), LEFT - 7, y);
      pen.fillStyle = line;
      pen.fillRect(LEFT, y - 0.5, width - LEFT - RIGHT, 1);
      pen.fillStyle = faint;
    }
    const mel = PANELS.mel.map((share) => share * height);
    pen.fillText("7.5k", LEFT - 7, mel[0] + 5);
    pen.fillText("Hz", LEFT - 7, (mel[0] + mel[1]) / 2);
    pen.fillText("125", LEFT - 7, mel[1] - 5);
    pen.textAlign = "center";
    const step = width < 500 && to - from > 4 ? 2 : to - from > 2 ? 1 : 0.5;
    for (let t = Math.ceil(from / step) * step; t <= to + 1e-9; t += step) {
      const at = Math.min(width - RIGHT - 6, x(t));
      pen.fillText(`${+t.toFixed(1)} s`, at, bottom + 14);
    }
  }

  #drawWave(
    pen: CanvasRenderingContext2D,
    x: (s: number) => number,
    from: number,
    to: number,
    right: number,
    height: number,
    faint: string,
  ): void {
    const [top, bottom] = PANELS.wave.map((share) => share * height), middle = (top + bottom) / 2;
    const { values, length } = this.#samples, rate = frontEnd.sampleRate;
    const each = (to - from) * rate / (right - LEFT), scale = (bottom - top) / 2 / this.#loudest;
    pen.fillStyle = faint;
    // columns begin at multiples of their width in time, so that they do not flicker when the picture scrolls
    const first = Math.floor(from * rate / each);
    for (let c = first; c * each < Math.min(length, to * rate); c++) {
      let low = 0, high = 0;
      const end = Math.min(length, (c + 1) * each);
      for (let i = Math.floor(c * each), skip = Math.max(1, Math.floor(each / 64)); i < end; i += skip) {
        low = Math.min(low, values[i]);
        high = Math.max(high, values[i]);
      }
      const y0 = middle - high * scale, y1 = middle - low * scale;
      pen.fillRect(x(c * each / rate), y0, 1, Math.max(0.8, y1 - y0));
    }
  }

  #drawProfile(
    pen: CanvasRenderingContext2D,
    x: (s: number) => number,
    from: number,
    to: number,
    height: number,
  ): void {
    const K = this.emotions.length, every = this.segmentHop * FRAME, half = this.segmentSeconds / 2;
    if (K === 0) return;
    const [top, bottom] = PANELS.profile.map((share) => share * height);
    const first = Math.max(0, Math.floor((from - half) / every) - 1);
    const last = Math.min(this.segments - 1, Math.ceil((to - half) / every) + 1);
    if (last < first) return;
    const { values } = this.#profile;
    const under = new Float32Array(last - first + 1);
    for (let k = 0; k < K; k++) {
      pen.beginPath();
      const points: [number, number][] = [];
      for (let s = first; s <= last; s++) {
        const at = x(s * every + half), low = under[s - first], high = low + values[s * K + k];
        under[s - first] = high;
        points.push([at, bottom - Math.min(1, high) * (bottom - top)]);
        if (s === first) pen.moveTo(at, bottom - low * (bottom - top));
        else pen.lineTo(at, bottom - low * (bottom - top));
      }
      for (const [at, y] of points.reverse()) pen.lineTo(at, y);
      pen.closePath();
      pen.fillStyle = this.colours[k];
      pen.globalAlpha = 0.88;
      pen.fill();
    }
    pen.globalAlpha = 0.7;
    pen.fillStyle = themeColour("card");
    for (let s = first; s <= last; s++) {
      if (this.speech?.[s] !== 0) continue;
      let end = s;
      while (end < last && this.speech[end + 1] === 0) end++;
      pen.fillRect(
        x((s - 0.5) * every + half),
        top,
        x((end + 0.5) * every + half) - x((s - 0.5) * every + half),
        bottom - top,
      );
      s = end;
    }
    pen.globalAlpha = 1;
  }
}

/** Sound below this level is not magnified to full height. */
const QUIET = 0.1;

/** The largest absolute value of some samples and of the previous result. */
export function loudestOf(samples: Float32Array, before: number = QUIET): number {
  let loudest = before;
  for (const sample of samples) loudest = Math.max(loudest, Math.abs(sample));
  return loudest;
}

/** A growing array of numbers. */
class FloatList {
  #all = new Float32Array(1 << 14);
  length = 0;

  push(more: Float32Array): void {
    if (this.length + more.length > this.#all.length) {
      const larger = new Float32Array(2 * (this.length + more.length));
      larger.set(this.#all.subarray(0, this.length));
      this.#all = larger;
    }
    this.#all.set(more, this.length);
    this.length += more.length;
  }

  get values(): Float32Array {
    return this.#all.subarray(0, this.length);
  }
}
