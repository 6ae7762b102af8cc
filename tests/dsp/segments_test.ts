import assert from "@std/assert";
import {
  frameCount,
  frontEnd,
  segmentCount,
  segmentSeconds,
  segmentStart,
  segmentStartSeconds,
  segmentView,
} from "../../dsp/mod.ts";

Deno.test("segmentCount() counts by hand what fits", () => {
  for (const frames of [0, 1, 31, 32, 33, 34, 35, 64, 98]) {
    for (const hop of [1, 2, 3, 7, 32, 100]) {
      let count = 0;
      while (count * hop + 32 <= frames) count++;
      assert.equal(segmentCount(frames, hop), count, `${frames} frames, hop ${hop}`);
    }
  }
  assert.equal(segmentCount(frameCount(16000), 1), 67);
});

Deno.test("segmentCount() refuses a hop that is no positive integer", () => {
  for (const hop of [0, -1, 1.5, NaN]) assert.throws(() => segmentCount(98, hop), RangeError);
});

Deno.test("segmentView() is a view: writing to it writes to the frames", () => {
  const frames = Float32Array.from({ length: 40 * 64 }, (_, i) => i);
  const view = segmentView(frames, 2, 3);
  assert.equal(view.length, 32 * 64);
  assert.equal(view[0], segmentStart(2, 3) * 64);
  view[0] = -1;
  assert.equal(frames[6 * 64], -1);
});

Deno.test("segmentView() refuses a segment that is not there", () => {
  const frames = new Float32Array(40 * 64);
  assert.equal(segmentView(frames, 8, 1).length, 2048);
  for (const segment of [9, -1, 0.5, NaN]) {
    assert.throws(() => segmentView(frames, segment, 1), /an utterance that has 9/);
  }
});

Deno.test("a segment lasts 335 ms and the fourth at hop 3 begins at 90 ms", () => {
  assert.equal(segmentSeconds(), 0.335);
  assert.equal(segmentStartSeconds(3, 3), 0.09);
  assert.equal(segmentStartSeconds(3, 3, { ...frontEnd, hopLength: 320 }), 0.18);
});
