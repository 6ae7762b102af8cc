import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { frameCount } from "../../dsp/log_mel.ts";
import { segmentCount, segmentSeconds, segmentStart, segmentStartSeconds, segmentView } from "../../dsp/segments.ts";
import { frontEnd } from "../../dsp/settings.ts";

Deno.test("segmentCount() agrees with counts by hand", () => {
  for (const frames of [0, 1, 31, 32, 33, 34, 35, 64, 98]) {
    for (const hop of [1, 2, 3, 7, 32, 100]) {
      let count = 0;
      while (count * hop + 32 <= frames) count++;
      assertStrictEquals(segmentCount(frames, hop), count, `${frames} frames, hop ${hop}`);
    }
  }
  assertEquals(segmentCount(frameCount(16000), 1), 67);
});

Deno.test("segmentCount() refuses a hop that is not a positive integer", () => {
  for (const hop of [0, -1, 1.5, NaN]) assertThrows(() => segmentCount(98, hop), RangeError);
});

Deno.test("segmentView() is a view: writing to it writes to the frames", () => {
  const frames = Float32Array.from({ length: 40 * 64 }, (_, i) => i);
  const view = segmentView(frames, 2, 3);
  assertEquals(view.length, 32 * 64);
  assertEquals(view[0], segmentStart(2, 3) * 64);
  view[0] = -1;
  assertEquals(frames[6 * 64], -1);
});

Deno.test("segmentView() refuses a segment that does not exist", () => {
  const frames = new Float32Array(40 * 64);
  assertEquals(segmentView(frames, 8, 1).length, 2048);
  for (const segment of [9, -1, 0.5, NaN]) {
    assertThrows(() => segmentView(frames, segment, 1), Error, "expected a number below this utterance's 9");
  }
});

Deno.test("a segment lasts 335 ms and the fourth at hop 3 begins at 90 ms", () => {
  assertEquals(segmentSeconds(), 0.335);
  assertEquals(segmentStartSeconds(3, 3), 0.09);
  assertEquals(segmentStartSeconds(3, 3, { ...frontEnd, hopLength: 320 }), 0.18);
});
