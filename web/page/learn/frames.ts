/**
 * Chapter 1, live: the frame under the pointer, its spectrum and its mel bands, and the segment that begins with it. Every number
 * comes from the front end itself.
 */
import { openSynthetic } from "../../../corpora/synthetic.ts";
import { hann, logMel, Spectrum } from "../../../dsp/log_mel.ts";
import { hzToMel } from "../../../dsp/mel.ts";
import { frontEnd } from "../../../dsp/settings.ts";
import { choice, el, oncePerFrame, sharpen, slider, themeColour } from "../dom.ts";
import { FRAME, melBrightness, MelPicture } from "../listen/mel_picture.ts";

const { sampleRate, hopLength, windowLength, fftLength, nMels, segmentFrames, fMin, fMax } = frontEnd;
const FONT = "11px system-ui, sans-serif";

/** One second of a sound, computed sample by sample. */
const second = (sample: (i: number) => number) => Float32Array.from({ length: sampleRate }, (_, i) => sample(i));

/** A tone that rises from the lowest band to the highest in a second, evenly in mel. */
function risingTone(): Float32Array {
  const [low, high] = [fMin, fMax].map(hzToMel);
  let phase = 0;
  return second((i) => {
    const mel = low + (high - low) * i / sampleRate;
    phase += 2 * Math.PI * 700 * Math.expm1(mel / 1127) / sampleRate;
    return 0.5 * Math.sin(phase);
  });
}

/** The sounds by name; the first is that of the chapter's picture. */
const SOUNDS: Record<string, () => Promise<Float32Array> | Float32Array> = {
  "a sentence": async () => (await openSynthetic(1, { utterances: 5, speakers: 1 }).utterances[2].read()).samples,
  "a tone of 440 Hz": () => second((i) => 0.5 * Math.sin(2 * Math.PI * 440 * i / sampleRate)),
  "a rising tone": risingTone,
  "a click": () => second((i) => i === sampleRate / 2 ? 1 : 0),
};

export function framesMove(): Node[] {
  const canvas = el("canvas", {
    class: "tall",
    role: "img",
    "aria-label": "A sound, its log-mel frames, and one frame",
  });
  const words = el("figcaption", { role: "status" }), names = Object.keys(SOUNDS), draw = oncePerFrame(paint);
  const { field, select } = choice("Sound", names.map((name) => [name, name]));
  const frame = slider("Frame", [0, 1, 1, 0], draw), window = hann(windowLength), spectrum = new Spectrum();
  let samples = new Float32Array(0), frames = new Float32Array(0), picture = new MelPicture();

  async function load(): Promise<void> {
    samples = new Float32Array(await SOUNDS[select.value]());
    [frames, picture] = [logMel(samples), new MelPicture()];
    frame.input.max = String(frames.length / nMels - 1);
    frame.input.value = "52"; // as in the chapter's picture
    draw();
  }

  /** Chooses the frame under the pointer. */
  function point({ offsetX }: PointerEvent): void {
    const seconds = offsetX / canvas.clientWidth * samples.length / sampleRate;
    frame.input.value = String(Math.round((seconds - windowLength / 2 / sampleRate) / FRAME));
    draw();
  }

  function paint(): void {
    if (frames.length === 0) return;
    const { pen, width, height } = sharpen(canvas), t = frame.at(), seconds = samples.length / sampleRate;
    const x = (s: number) => s / seconds * width,
      [faint, accent, fault] = ["faint", "accent", "fault"].map(themeColour);
    const begin = t * hopLength, own = samples.subarray(begin, begin + windowLength);
    const [wave, mel, below] = [[14, 0.2], [0.27, 0.58], [0.67, 1]].map(([top, bottom]) =>
      [top < 1 ? top * height : top, bottom * height] as const
    );
    pen.font = FONT;
    const label = (text: string, left: number, top: number) => {
      pen.fillStyle = faint;
      pen.fillText(text, left, top - 4);
    };

    label("samples", 0, wave[0]);
    const loudest = samples.reduce((most, s) => Math.max(most, Math.abs(s)), 1e-9);
    const line = (values: ArrayLike<number>, left: number, right: number, y: (v: number) => number) => {
      pen.beginPath();
      for (let i = 0; i < values.length; i++) pen.lineTo(left + i / (values.length - 1) * (right - left), y(values[i]));
      pen.stroke();
    };
    const swing = ([top, bottom]: readonly [number, number], most: number) => (v: number) =>
      (top + bottom) / 2 - v / most * (bottom - top) / 2;
    pen.strokeStyle = faint;
    line(samples, 0, width, swing(wave, loudest));

    label("log-mel frames; red: the segment that begins here", 0, mel[0]);
    const middle = windowLength / 2 / sampleRate - FRAME / 2; // a frame is drawn around its middle
    picture.draw(pen, { frames, x: (s) => x(s + middle), from: 0, to: seconds, top: mel[0], bottom: mel[1] });
    pen.strokeStyle = accent;
    for (const [top, bottom] of [wave, mel]) {
      pen.strokeRect(x(begin / sampleRate), top, x(windowLength / sampleRate), bottom - top);
    }
    if (hasSegment(t)) {
      pen.strokeStyle = fault;
      const length = x(((segmentFrames - 1) * hopLength + windowLength) / sampleRate);
      for (const [top, bottom] of [wave, mel]) pen.strokeRect(x(begin / sampleRate), top, length, bottom - top);
    }

    const third = width / 3, [top, bottom] = below, gap = 12;
    label("the frame under its window", 0, top);
    const largest = own.reduce((most, s) => Math.max(most, Math.abs(s)), 1e-9);
    pen.strokeStyle = faint;
    line(own, 0, third - gap, swing(below, largest));
    pen.strokeStyle = accent;
    line(own.map((s, i) => s * window[i]), 0, third - gap, swing(below, largest));

    label(`${fftLength / 2 + 1} tones`, third, top);
    const magnitude = Float64Array.from(spectrum.magnitude(samples, begin));
    const strongest = Math.max(...magnitude, 1e-9);
    pen.strokeStyle = accent;
    line(magnitude, third, 2 * third - gap, (v) => bottom - v / strongest * (bottom - top));

    label(`${nMels} mel bands`, 2 * third, top);
    const bands = frames.subarray(t * nMels, (t + 1) * nMels), each = (width - 2 * third) / nMels;
    pen.fillStyle = accent;
    bands.forEach((value, b) => {
      const tall = Math.max(0, Math.min(1, melBrightness(value))) * (bottom - top);
      pen.fillRect(2 * third + b * each, bottom - tall, Math.max(1, each - 1), tall);
    });
    say(t, magnitude, bands);
  }

  const hasSegment = (t: number) => t + segmentFrames <= frames.length / nMels;

  function say(t: number, magnitude: Float64Array, bands: Float32Array): void {
    const at = (frame: number) => (frame * hopLength / sampleRate).toFixed(3);
    const end = ((t * hopLength + windowLength) / sampleRate).toFixed(3);
    const strongest = magnitude.indexOf(Math.max(...magnitude)) * sampleRate / fftLength;
    const tone = Math.max(...magnitude) < 1e-6
      ? "It is silent."
      : `Its strongest tone is ${strongest} Hz, its loudest mel band number ${bands.indexOf(Math.max(...bands)) + 1}.`;
    const segment = hasSegment(t)
      ? `The segment that begins here has frames ${t} to ${t + segmentFrames - 1}.`
      : `No segment begins here: fewer than ${segmentFrames} frames are left.`;
    words.textContent = `Frame ${t}, from ${at(t)} to ${end} s. ${tone} ${segment}`;
  }

  canvas.addEventListener("pointermove", point);
  canvas.addEventListener("pointerdown", point);
  select.addEventListener("change", load);
  new ResizeObserver(draw).observe(canvas);
  load();
  return [el("div", { class: "bar" }, field, frame.field), canvas, words];
}
