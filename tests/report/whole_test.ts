/** The one-file program of the textbook agrees with the engine, on the same sound and the same weights. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { dsp, forest, kernels, nn, refinery } from "@epr/epr";
import * as whole from "../../docs/textbook/whole.ts";

/** Fails where two arrays differ by more than 1e-4 of the largest value. */
function close(found: ArrayLike<number>, expected: ArrayLike<number>, what: string, least = 0): void {
  assertEquals(found.length, expected.length, what);
  let largest = least, worst = 0;
  for (let i = 0; i < found.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]));
    worst = Math.max(worst, Number.isNaN(found[i]) ? Infinity : Math.abs(found[i] - expected[i]));
  }
  assert(worst <= 1e-4 * largest, `${what}: off by ${worst} of ${largest}`);
}

Deno.test("whole.ts has at most 400 lines, and imports the corpus alone", async () => {
  const text = await Deno.readTextFile(new URL("../../docs/textbook/whole.ts", import.meta.url));
  assert(text.split("\n").length - 1 <= 400, `it has ${text.split("\n").length - 1}`);
  assertEquals([...text.matchAll(/^import .* from "(.*)";$/gm)].map(([, from]) => from), ["../../corpora/mod.ts"]);
});

Deno.test("whole.ts: frames equal the engine's", () => {
  const random = new kernels.Random(1), samples = Float32Array.from({ length: 8000 }, () => 0.1 * random.normal());
  close(whole.logMel(samples), dsp.logMel(samples), "log-mel frames");
});

Deno.test("whole.ts: logits, loss, every gradient and the weights after steps of Adam equal the engine's", async () => {
  const n = 3, K = 5, random = new kernels.Random(2), device = await kernels.openDevice({ device: "cpu", threads: 1 });
  const weights = whole.initialise(1 / 32, K, whole.randomFrom(3));
  const network = new nn.VggE(device, { classes: K, width: 1 / 32 }),
    metrics = device.allocate(kernels.METRICS.length, "loss");
  network.parameters.write(Object.fromEntries(Object.entries(weights).map(([k, w]) => [k, new Float32Array(w)])));
  for (const name in weights) weights[name] = Float64Array.from(new Float32Array(weights[name])); // what float32 keeps of them
  const x = Float32Array.from({ length: n * 64 * 32 }, () => random.normal());
  const labels = Float32Array.from([0.6, 0.1, 0.1, 0.1, 0.1, 0, 0, 1, 0, 0, 0, 0.5, 0, 0.5, 0]);
  const ours = new whole.Adam(), theirs = new nn.Adam(network.parameters), start = structuredClone(weights);
  for (let step = 1; step <= 3; step++) {
    device.fill({ x: metrics, length: metrics.length, value: 0 });
    const tape = new nn.Tape(device), input = tape.input([n, 64, 32, 1]), targets = tape.input([n, K]);
    device.write(input.buffer, x);
    device.write(targets.buffer, labels);
    const logits = network.forward(tape, input), found = whole.forward(weights, Float64Array.from(x), n);
    close(found.logits, await device.read(logits.buffer), `logits of step ${step}`);
    tape.softmaxCrossEntropy(logits, targets, { count: n, step, metrics });
    tape.backward();
    const { loss, dLogits } = whole.crossEntropy(found.logits, labels, n);
    close([loss], [(await device.read(metrics))[kernels.METRICS.loss] / n], "loss");
    const gradients = found.back(dLogits), expected = await network.parameters.read(network.parameters.gradients);
    for (const name in gradients) close(gradients[name], expected[name], `gradient to ${name}, step ${step}`);
    // both move by the same gradients, so that rounding of a gradient near zero does not turn a step round
    ours.step(weights, Object.fromEntries(Object.entries(expected).map(([k, g]) => [k, Float64Array.from(g)])), 1e-4);
    theirs.step(1e-4);
    const moved = await network.parameters.read();
    for (const name in weights) {
      close(weights[name], moved[name], `${name} after step ${step}`);
      assert(weights[name].some((w, i) => w !== start[name][i]), `${name} has not moved`);
    }
    tape.release();
  }
  device.close();
});

Deno.test("whole.ts: refined labels, statistics and a tree's first question equal the engine's", () => {
  const random = new kernels.Random(4), K = 3, n = 7;
  const profile = Float32Array.from({ length: n * K }, () => random.uniform());
  const utterances = [{ firstSegment: 0, segmentCount: n, emotion: 1 }];
  close(whole.refine(profile, 1, K), refinery.refineLabels("pEPR", profile, utterances, K), "labels");
  close(whole.statistics(Float64Array.from(profile), K), refinery.profileStatistics(profile, K), "statistics");
  for (let draw = 0; draw < 10; draw++) {
    const x = Float32Array.from({ length: 60 * 4 }, () => random.normal());
    const y = Uint8Array.from({ length: 60 }, (_, i) => x[4 * i + draw % 4] + random.normal() > 0 ? 1 : 0);
    const rows = Array.from(y, (_, i) => [...x.subarray(4 * i, 4 * i + 4)]);
    const tree = whole.growTree(rows, [...y], 2, 4, whole.randomFrom(draw));
    const { feature, threshold } = forest.DecisionTree.fit(x, y, { features: 4, classes: 2 }).nodes;
    if (!("feature" in tree)) throw new Error("no question was found");
    assertStrictEquals(tree.feature, feature[0]);
    close([tree.threshold], [threshold[0]], "threshold");
    assert(rows.every((row, i) => whole.decide([tree], row, 2) === y[i]), "a tree knows its samples by heart");
  }
});

Deno.test("whole.ts: the whole program runs, and a network learns its training set", async () => {
  const right = await whole.main(15, 40, { width: 1 / 64, epochs: 1, batch: 8, rate: 0.001 });
  assertEquals(right.length, 2);
  assert(right.every((share) => share >= 0 && share <= 1 && Number.isInteger(Math.round(share * 15))));

  // two kinds of picture that are easily distinguished: bright above, bright below
  const corpus = Array.from({ length: 8 }, (_, u) => ({
    frames: Float64Array.from({ length: 32 * 64 }, (_, i) => (i % 64 < 32) === (u % 2 === 0) ? 1 : -1),
    starts: [0],
    emotion: u % 2,
  }));
  const labels = corpus.map(({ emotion }) => Float64Array.from([1 - emotion, emotion]));
  const weights = whole.train(
    corpus,
    labels,
    2,
    { width: 1 / 32, epochs: 15, batch: 8, rate: 0.003 },
    whole.randomFrom(1),
  );
  corpus.forEach(({ frames, emotion }) => {
    const image = Float64Array.from({ length: 64 * 32 }, (_, i) => frames[(i % 32) * 64 + Math.floor(i / 32)]);
    const { logits } = whole.forward(weights, image, 1);
    assertStrictEquals(logits[1] > logits[0] ? 1 : 0, emotion);
  });
});
