/** What a long recording is drawn from: compared with what a look at the whole gives. */
import { assert, assertEquals } from "@std/assert";
import { logMel } from "../../dsp/log_mel.ts";
import { frontEnd } from "../../dsp/settings.ts";
import { Overview } from "../../report/figures/overview.ts";

Deno.test("an Overview has the lowest and the highest sample of each stretch, and mean frames, for any length and any blocks", () => {
  for (const length of [5, 1200, 1201, 2400, 2401, 100_003]) {
    const samples = Float32Array.from({ length }, (_, i) => Math.sin(i * i * 1e-5) * (i % 7));
    const overview = new Overview();
    for (let at = 0; at < length; at += 997) overview.addSamples(samples.subarray(at, at + 997));
    const { waveform } = overview, step = Math.round((waveform[1]?.t ?? 0) * frontEnd.sampleRate);
    assert(waveform.length <= 1200 && (length < 1200 || waveform.length > 600), `${waveform.length} of ${length}`);
    assertEquals(waveform.length, Math.ceil(length / step));
    waveform.forEach(({ t, low, high }, bin) => {
      const own = samples.subarray(bin * step, (bin + 1) * step);
      assertEquals({ t, low, high }, { t: bin * step / 16000, low: Math.min(...own), high: Math.max(...own) });
    });
  }
  const frames = logMel(Float32Array.from({ length: 16000 * 30 }, (_, i) => Math.sin(i * i * 1e-6))),
    { nMels } = frontEnd;
  const overview = new Overview();
  for (let at = 0; at < frames.length; at += 100 * nMels) overview.addFrames(frames.subarray(at, at + 100 * nMels));
  const { columns, step } = overview.logMel, T = frames.length / nMels;
  assertEquals(step, 4);
  assertEquals(columns.length, Math.ceil(T / step) * nMels);
  for (const column of [0, 1, 400, columns.length / nMels - 1]) {
    const count = Math.min(step, T - column * step);
    let mean = 0;
    for (let f = 0; f < count; f++) mean += frames[(column * step + f) * nMels + 20] / count;
    assert(Math.abs(columns[column * nMels + 20] - mean) < 1e-5);
  }
});
