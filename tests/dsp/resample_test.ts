import { assert, assertEquals, assertNotStrictEquals, assertThrows } from "@std/assert";
import { resample, Resampler } from "../../dsp/resample.ts";

const rates = [44100, 48000, 24414, 22050, 8000, 11025, 32000, 96000];

function tone(hz: number, rate: number, seconds: number): Float32Array {
  return Float32Array.from({ length: Math.round(rate * seconds) }, (_, i) => Math.sin(2 * Math.PI * hz * i / rate));
}

/** The middle of a signal, at least 50 ms from its ends, and its start. */
function middle(y: Float32Array): { part: Float32Array; start: number } {
  return { part: y.subarray(800, y.length - 800), start: 800 };
}

function rms(y: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < y.length; i++) sum += y[i] * y[i];
  return Math.sqrt(sum / y.length);
}

/** Level relative to a full-scale tone, in dB. */
const decibels = (level: number) => 20 * Math.log10(level / Math.SQRT1_2);

/** The rest of a resampled tone after subtraction of the true tone at its own phase. */
function residue(hz: number, from: number, gain = 1): Float64Array {
  const { part, start } = middle(resample(tone(hz, from, 0.5), from, 16000));
  return Float64Array.from(part, (y, i) => y - gain * Math.sin(2 * Math.PI * hz * (start + i) / 16000));
}

for (const rate of [...rates, 44101, 15999]) {
  Deno.test(`resample() keeps a 1 kHz tone from ${rate} Hz to 80 dB and better, without delay`, () => {
    const snr = -decibels(rms(residue(1000, rate)));
    assert(snr > 90, `${snr} dB`);
  });

  Deno.test(`resample() from ${rate} Hz has a ripple under 0.1 dB up to 7 kHz or 0.44 of the rate`, () => {
    const edge = Math.min(7000, 0.44 * rate);
    for (const hz of [60, 0.3 * edge, 0.71 * edge, 0.9 * edge, 0.97 * edge, edge]) {
      const { part } = middle(resample(tone(hz, rate, 0.5), rate, 16000));
      // Fitted, since a window need not contain whole periods, and images of the tone may be present.
      let s = 0, c = 0;
      part.forEach((y, i) => {
        s += y * Math.sin(2 * Math.PI * hz * (800 + i) / 16000);
        c += y * Math.cos(2 * Math.PI * hz * (800 + i) / 16000);
      });
      const gain = 20 * Math.log10(2 * Math.hypot(s, c) / part.length);
      assert(Math.abs(gain) < 0.1, `${gain} dB at ${hz} Hz`);
    }
  });
}

for (const rate of rates.filter((rate) => rate > 17000)) {
  Deno.test(`resample() from ${rate} Hz leaves under -80 dB of what would fold below 7.5 kHz`, () => {
    for (const hz of [8500, 8600, 10000, 12000, 15000, 15999, 17000, 22000, 31000, 33000, 47000]) {
      if (hz > rate / 2) continue;
      const { part } = middle(resample(tone(hz, rate, 0.5), rate, 16000));
      const level = decibels(rms(part));
      assert(level < -80, `${hz} Hz leaves ${level} dB`);
    }
  });
}

for (const rate of [8000, 11025, 44100]) {
  Deno.test(`resample() from ${rate} Hz makes no images of tones in its pass band`, () => {
    for (const hz of [500, Math.min(0.2 * rate, 5000), Math.min(0.43 * rate, 6900)]) {
      const level = decibels(rms(residue(hz, rate)));
      assert(level < -80, `${hz} Hz comes with ${level} dB of other things`);
    }
  });
}

Deno.test("resample() gives ceil(n to / from) samples, and equal rates give the samples back", () => {
  for (const rate of [...rates, 44101, 1000, 7]) {
    for (const n of [0, 1, 2, 99]) {
      assertEquals(
        resample(new Float32Array(n), rate, 16000).length,
        Math.ceil(n * 16000 / rate),
        `${n} at ${rate} Hz`,
      );
    }
  }
  const x = tone(300, 16000, 0.01);
  assertEquals(resample(x, 16000, 16000), x);
  assertNotStrictEquals(resample(x, 16000, 16000).buffer, x.buffer);
});

Deno.test("resample() spreads a unit sample symmetrically around its position, with a sum of to / from", () => {
  for (const [place, output] of [[999, 333], [0, 0], [1998, 666]]) {
    const x = new Float32Array(1999);
    x[place] = 1;
    const y = resample(x, 48000, 16000); // output m coincides with sample 3m
    assert(Math.abs(y[output] - 0.484375 / 1.5) < 1e-3, `${y[output]}`); // the cut-off, 7.75 kHz, relative to half of 48 kHz
    if (place !== 999) continue;
    for (let k = 1; k < 100; k++) assert(Math.abs(y[output + k] - y[output - k]) < 1e-9);
    assert(Math.abs(y.reduce((a, b) => a + b, 0) - 1 / 3) < 1e-5);
  }
});

Deno.test("Resampler gives the same samples, bit for bit, however the signal is cut", () => {
  for (const rate of [...rates, 16000, 44101]) {
    const x = Float32Array.from({ length: 20011 }, (_, i) => Math.sin(i * i * 1e-4) + 0.1 * Math.cos(i));
    const whole = resample(x, rate, 16000);
    for (const sizes of [[1, 0, 17, 3], [4096], [9973, 1]]) {
      const resampler = new Resampler(rate, 16000);
      const parts: number[] = [];
      for (let at = 0, turn = 0; at < x.length; turn++) {
        const size = sizes[turn % sizes.length];
        parts.push(...resampler.push(x.subarray(at, at + size)));
        at += size;
      }
      parts.push(...resampler.finish());
      assertEquals(Float32Array.from(parts), whole, `${rate} Hz in blocks of ${sizes}`);
    }
  }
});

Deno.test("resample() refuses rates that are not positive integers", () => {
  for (const rate of [0, -1, 44100.5, NaN, Infinity, 2 ** 40]) {
    assertThrows(() => resample(new Float32Array(1), rate, 16000), RangeError);
    assertThrows(() => resample(new Float32Array(1), 16000, rate), RangeError);
  }
});
