/** Views: where they lie, what changes in them, which labels they get; mixup, balance and a teacher's labels beside them. */
import { assert, assertEquals, assertNotEquals, assertStrictEquals } from "@std/assert";
import { extractFeatures } from "../../corpora/features.ts";
import { openSynthetic } from "../../corpora/synthetic.ts";
import { Random } from "../../kernels/random.ts";
import { VIEW } from "../../kernels/table.ts";
import { Tape } from "../../nn/tape.ts";
import { VggE } from "../../nn/vgg_e.ts";
import { pseudoLabels } from "../../refinery/relabel.ts";
import { SegmentDataset, SegmentStore } from "../../refinery/segment_dataset.ts";
import { PRESETS } from "../../refinery/presets.ts";
import { drawBeta, drawView, type ViewSettings } from "../../refinery/views.ts";
import { cpu, onEach, webgpu } from "../devices.ts";

const nothing: ViewSettings = PRESETS.paper;
const everything: ViewSettings = {
  randomStart: true,
  stretch: 0.2,
  warp: 0.1,
  maskBands: 8,
  maskFrames: 5,
  gain: 12,
  noise: 0.05,
  conditions: "clean",
};
const shape = { bands: 64, frames: 32 }, segment = { start: 30, frameCount: 90 }, path = [1, 4, 0, 1, 3];
const draw = (settings: ViewSettings, example: number) => drawView(settings, segment, shape, path, example);

Deno.test("a view without changes is the segment itself", () => {
  const { start, middle, row } = draw(nothing, 5);
  assertEquals([start, middle], [30, 30 + 15.5]);
  assertEquals([...row], [
    1,
    0,
    59,
    1,
    row[VIEW.bandFrom],
    row[VIEW.bandFrom],
    row[VIEW.frameFrom],
    row[VIEW.frameFrom],
    1,
    0,
  ]);
});

Deno.test("views stay inside their utterance and their settings' ranges, and cover both", () => {
  const views = Array.from({ length: 3000 }, (_, example) => draw(everything, example));
  const of = (name: Exclude<keyof typeof VIEW, "length">) => views.map(({ row }) => row[VIEW[name]]);
  const range = (values: number[]) => [Math.min(...values), Math.max(...values)];
  const spans = (values: number[], low: number, high: number, by: number) => {
    const [least, most] = range(values);
    assert(least >= low - 1e-6 && most <= high + 1e-6, `${least} to ${most}, not within ${low} to ${high}`);
    assert(least < low + by && most > high - by, `${least} to ${most} leaves room within ${low} to ${high}`);
  };
  spans(of("rate"), 0.8, 1.2, 0.01);
  spans(of("warp"), 0.9, 1.1, 0.01);
  spans(of("gain").map((gain) => 20 * Math.log10(gain)), -12, 12, 0.2);
  spans(of("noise"), 0, 0.05, 0.001);
  spans(views.map(({ row }) => row[VIEW.bandTo] - row[VIEW.bandFrom]), 0, 8, 1);
  spans(of("bandTo"), 0, 64, 1);
  spans(of("frameTo"), 0, 32, 1);
  const begins = views.map(({ start, row }) => start + row[VIEW.shift]);
  const ends = begins.map((begin, i) => begin + 31 * views[i].row[VIEW.rate]);
  assert(Math.min(...begins) >= 0 && Math.max(...ends) <= 89 + 1e-4);
  assert(Math.min(...begins) < 1 && Math.max(...ends) > 88);
  for (const { start, row } of views) assertEquals(start + row[VIEW.last], 89);
  const shifts = Array.from({ length: 600 }, (_, e) => draw({ ...nothing, randomStart: true }, e));
  assertEquals(new Set(shifts.map(({ start }) => start)), new Set(Array.from({ length: 59 }, (_, i) => i)));
  assert(shifts.every(({ row }) => row[VIEW.shift] === 0), "whole frames, so that nothing is interpolated");
});

Deno.test("a view depends on its place alone, and another setting does not change the draws of the rest", () => {
  assertEquals(draw(everything, 7), draw(everything, 7));
  assertNotEquals(draw(everything, 7), draw(everything, 8));
  assertNotEquals(draw(everything, 7), drawView(everything, segment, shape, [...path.slice(0, 4), 4], 7));
  const { row } = draw(everything, 7), less = draw({ ...everything, gain: 0, maskFrames: 0 }, 7).row;
  for (const name of ["rate", "shift", "last", "warp", "bandFrom", "bandTo"] as const) {
    assertStrictEquals(less[VIEW[name]], row[VIEW[name]], name);
  }
  assertEquals(less[VIEW.gain], 1);
});

Deno.test("a view stays inside an utterance that is hardly longer than a segment", () => {
  const short = { start: 0, frameCount: 32 };
  for (let example = 0; example < 200; example++) {
    const { start, row } = drawView(everything, short, shape, path, example);
    assert(start + row[VIEW.shift] >= 0 && start <= 31 && row[VIEW.last] === 31 - start);
    const ends = start + row[VIEW.shift] + 31 * row[VIEW.rate];
    assert(ends <= 31 + 1e-4 || start === 0, "what is stretched beyond the end repeats the last frame");
  }
});

Deno.test("drawBeta() has the mean and the variance of Beta(a, a)", () => {
  for (const a of [0.2, 0.5, 1]) {
    const random = new Random(3), shares = Array.from({ length: 20000 }, () => drawBeta(a, random));
    const mean = shares.reduce((sum, x) => sum + x) / shares.length;
    const variance = shares.reduce((sum, x) => sum + (x - mean) ** 2, 0) / shares.length;
    assert(Math.abs(mean - 1 / 2) < 0.01, `${mean}`);
    assert(Math.abs(variance - 1 / (4 * (2 * a + 1))) < 0.004, `${a}: ${variance}`);
  }
});

const features = await extractFeatures(openSynthetic(1, { utterances: 10, speakers: 2 }), { segmentHop: 8 });
const K = features.emotions.length,
  scaling = { mean: -2, deviation: 1.5 },
  everyone = features.utterances.map((_, i) => i);

/** A batch as a dataset loads it. */
async function load(data: SegmentDataset, store: SegmentStore, examples: number[], path?: number[]) {
  const { device } = store, size = 64 * features.segmentFrames;
  const x = device.allocate(examples.length * size, "x"), targets = device.allocate(examples.length * K, "targets");
  data.load(Int32Array.from(examples), x, targets, path);
  const loaded = { x: await device.read(x), targets: await device.read(targets) };
  for (const buffer of [x, targets]) device.release(buffer);
  return loaded;
}

onEach(
  [cpu, webgpu],
  "a dataset gives views where a network learns, with the label of the nearest segment",
  async (device) => {
    const store = new SegmentStore(device, features), segments = features.segmentStart.length;
    // each segment's label identifies it: (place in its utterance) / 100, the rest on the emotion
    const labels = new Float32Array(segments * K);
    for (let s = 0; s < segments; s++) {
      const { firstSegment } = features.utterances[features.segmentUtterance[s]];
      labels[s * K] = (s - firstSegment) / 100;
      labels[s * K + 1] = 1 - labels[s * K];
    }
    store.setLabels(labels);
    const data = new SegmentDataset(store, everyone, scaling, { randomStart: true, stride: 3 });
    const examples = Array.from({ length: 20 }, (_, i) => (7 * i) % data.length);
    const plain = await load(data, store, examples), seen = await load(data, store, examples, path);
    const expected = new SegmentDataset(store, everyone, scaling);
    assertEquals(
      plain,
      await load(expected, store, examples.map((e) => expected.segments.indexOf(data.segments[e]))),
    );
    examples.forEach((example, i) => {
      const s = data.segments[example],
        { firstFrame, frameCount, segmentCount } = features.utterances[features.segmentUtterance[s]];
      const own = { start: features.segmentStart[s] - firstFrame, frameCount };
      const { start } = drawView({ ...nothing, randomStart: true }, own, shape, path, example);
      for (const [h, w] of [[0, 0], [63, 31], [20, 7]]) {
        const value = (features.frames[(firstFrame + start + w) * 64 + h] - scaling.mean) / scaling.deviation;
        assert(Math.abs(seen.x[i * 2048 + h * 32 + w] - value) < 1e-5);
      }
      const nearest = Math.min(Math.round(start / 8), segmentCount - 1);
      assert(Math.abs(seen.targets[i * K] - nearest / 100) < 1e-6);
    });
    data.release();
    expected.release();
    store.release();
  },
);

onEach(
  [cpu, webgpu],
  "with copies, views are cut from the recordings and from each copy equally often",
  async (device) => {
    const copies = [1, 2, 3, 4].map((c) => features.frames.map((x) => x + 10 * c));
    const store = new SegmentStore(device, { ...features, copies });
    store.setLabels(pseudoLabels(features.utterances, features.segmentStart.length, K));
    const data = new SegmentDataset(store, everyone, scaling, { conditions: "multi" });
    const examples = Array.from({ length: Math.min(data.length, 250) }, (_, i) => i);
    const plain = (await load(data, store, examples)).x, seen = (await load(data, store, examples, path)).x;
    assertEquals(
      plain.subarray(0, 3),
      (await load(new SegmentDataset(store, everyone, scaling), store, [0])).x.subarray(0, 3),
    );
    const counts = [0, 0, 0, 0, 0];
    for (const i of examples) {
      const steps = Array.from(
        { length: 2048 },
        (_, j) => (seen[i * 2048 + j] - plain[i * 2048 + j]) * scaling.deviation / 10,
      );
      const copy = Math.round(steps[0]);
      assert(steps.every((step) => Math.abs(step - copy) < 1e-4), "a segment is cut from one copy, at the same place");
      counts[copy]++;
    }
    // binomial, 250 draws of probability 1/5: 50 +- 4 deviations of 6.3
    assert(counts.every((n) => Math.abs(n - examples.length / 5) < 26), counts.join(" "));
    assertEquals((await load(data, store, examples, path)).x, seen);
    assertNotEquals((await load(data, store, examples, [...path.slice(0, 4), 4])).x, seen);
    data.release();
    store.release();
  },
);

Deno.test("mixup blends neighbours in a batch, and their labels, by the same share", async () => {
  const store = new SegmentStore(await cpu.open(), features);
  store.setLabels(pseudoLabels(features.utterances, features.segmentStart.length, K));
  const plain = new SegmentDataset(store, everyone, scaling);
  const mixed = new SegmentDataset(store, everyone, scaling, { mixup: 0.4 });
  const last = plain.length - 1, examples = [0, last, 5, last - 40];
  const [a, b] = [await load(plain, store, examples), await load(mixed, store, examples, path)];
  const share = 1 - drawBeta(0.4, new Random(...path, 13, examples[0]));
  examples.forEach((_, i) => {
    const next = (i + 1) % examples.length;
    for (const [values, blended, size] of [[a.x, b.x, 2048], [a.targets, b.targets, K]] as const) {
      for (let j = 0; j < size; j++) {
        const [own, other] = [values[i * size + j], values[next * size + j]];
        assert(Math.abs(blended[i * size + j] - (own + share * (other - own))) < 1e-4);
      }
    }
  });
  assert(share > 0 && share < 1);
  assertEquals(await load(mixed, store, examples), a, "not where nothing is learned");
  for (const data of [plain, mixed]) data.release();
  store.release();
});

Deno.test("a balanced order has equally many examples of each emotion, and changes each epoch", async () => {
  const store = new SegmentStore(await cpu.open(), features);
  const few = everyone.filter((i) => i < 7), data = new SegmentDataset(store, few, scaling, { balance: true });
  const emotionOf = (example: number) => features.utterances[features.segmentUtterance[data.segments[example]]].emotion;
  const order = data.order([1, 2], 0), counts = new Map<number, number>();
  assertEquals(order.length, data.length);
  for (const example of order) counts.set(emotionOf(example), (counts.get(emotionOf(example)) ?? 0) + 1);
  const sizes = [...counts.values()];
  assert(Math.max(...sizes) - Math.min(...sizes) <= 1, String(sizes));
  const there = new Set(few.map((i) => features.utterances[i].emotion));
  assertEquals(counts.size, there.size);
  assertNotEquals(data.order([1, 2], 1), order);
  assertEquals(data.order([1, 2], 0), order);
  data.release();
  store.release();
});

Deno.test("a teacher labels the view that is learned: half its tempered probabilities, half the utterance's label", async () => {
  const device = await cpu.open(), store = new SegmentStore(device, features);
  store.setLabels(pseudoLabels(features.utterances, features.segmentStart.length, K));
  const data = new SegmentDataset(store, everyone, scaling, { ...everything, stride: 1 });
  const network = new VggE(device, { classes: K, width: 1 / 32 }).initialise(4), temperature = 2;
  const examples = [3, 60, 100], alone = await load(data, store, examples, path);
  data.teacher = { network, temperature, share: 1 / 2 };
  const taught = await load(data, store, examples, path);
  assertEquals(taught.x, alone.x);

  const tape = new Tape(device, { recording: false }), input = tape.input([3, 64, 32, 1]);
  device.write(input.buffer, taught.x);
  const logits = await device.read(network.forward(tape, input).buffer);
  examples.forEach((_, i) => {
    const z = logits.subarray(i * K, (i + 1) * K), powers = [...z].map((v) => Math.exp(v / temperature));
    const total = powers.reduce((a, b) => a + b);
    powers.forEach((power, k) => {
      const expected = (alone.targets[i * K + k] + power / total) / 2;
      assert(Math.abs(taught.targets[i * K + k] - expected) < 1e-5);
    });
  });
  tape.release();
  network.parameters.release();
  data.release();
  store.release();
});
