/**
 * Numbers that the textbook (and README.md, of the same) shows, each computed in another way than the text's: by finite differences
 * of plain loops, by Adam as its authors write it, by counting a file of decisions.
 */
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { corpora, nn, refinery } from "@epr/epr";
import { createReferenceDevice } from "../../kernels/reference_device.ts";
import { takesWinograd } from "../../kernels/cpu/winograd.ts";
import { LADDER } from "../../kernels/webgpu/ladder.ts";
import { adamPaths } from "../../textbook/adam.ts";
import { refinedLabels } from "../../textbook/labels.ts";
import { type SmallNetwork, tapeSlopes } from "../../textbook/tape.ts";

const root = join(import.meta.dirname!, "../..");
const read = (file: string) => Deno.readTextFileSync(join(root, file)).replaceAll(/\s+/g, " ");
const chapter = (name: string) => read(`docs/textbook/${name}.md`);

/** Fails where a text does not have the words. */
function says(text: string, words: string): void {
  assert(text.includes(words), `the text no longer says: ${words}`);
}

/** The loss of chapter 3's network with the moved weight at w: convolution, ReLU, pool, dense layer, cross-entropy, in plain loops. */
function lossAt({ image, labels, values, moved }: SmallNetwork, w: number): number {
  const kernel = Float64Array.from(values["conv.w"]).with(moved, w);
  let loss = 0;
  for (let n = 0; n < 4; n++) {
    const pooled: number[] = []; // [2, 2, 2 channels]
    for (let at = 0; at < 8; at++) {
      const [row, column, channel] = [2 * (at >> 2), 2 * ((at >> 1) & 1), at & 1];
      const window = [[0, 0], [0, 1], [1, 0], [1, 1]].map(([down, right]) => {
        let sum = values["conv.b"][channel];
        for (let r = -1; r <= 1; r++) {
          for (let c = -1; c <= 1; c++) {
            const [h, v] = [row + down + r, column + right + c];
            if (h < 0 || h > 3 || v < 0 || v > 3) continue;
            sum += image[16 * n + 4 * h + v] * kernel[2 * (3 * (r + 1) + c + 1) + channel];
          }
        }
        return sum;
      });
      pooled.push(Math.max(0, ...window));
    }
    const logits = [0, 1, 2].map((k) =>
      pooled.reduce((sum, x, i) => sum + x * values["dense.w"][3 * i + k], values["dense.b"][k])
    );
    const total = Math.log(logits.reduce((sum, z) => sum + Math.exp(z), 0));
    logits.forEach((z, k) => loss += labels[3 * n + k] * (total - z) / 4);
  }
  return loss;
}

Deno.test("chapter 3: each drawn slope is the finite difference of the loss, and each row has a label", async () => {
  const { network, slopes, curve } = await tapeSlopes();
  for (let n = 0; n < 4; n++) {
    assertEquals(network.labels.subarray(3 * n, 3 * n + 3).reduce((a, b) => a + b), 1);
  }
  assertEquals(slopes.length, 4);
  for (const { w, loss, slope } of slopes) {
    const difference = (lossAt(network, w + 1e-5) - lossAt(network, w - 1e-5)) / 2e-5;
    assert(Math.abs(slope - difference) < 1e-5, `at ${w}: drawn ${slope}, measured ${difference}`);
    assert(Math.abs(loss - lossAt(network, w)) < 1e-5);
  }
  for (const { w, loss } of curve) assert(Math.abs(loss - lossAt(network, w)) < 1e-4);
});

Deno.test("chapter 4: Adam's path is that of Kingma & Ba's algorithm 1, and its heights after 30 and 60 steps are the text's", async () => {
  const paths = await adamPaths(), path = paths[2];
  const height = ({ a, b }: { a: number; b: number }) => (a * a + 40 * b * b) / 2;
  const w = [-4.5, 1.2], m = [0, 0], v = [0, 0];
  for (let t = 1; t <= 60; t++) {
    [w[0], 40 * w[1]].forEach((g, i) => {
      m[i] = 0.9 * m[i] + 0.1 * g;
      v[i] = 0.999 * v[i] + 0.001 * g * g;
      w[i] -= 0.3 * (m[i] / (1 - 0.9 ** t)) / (Math.sqrt(v[i] / (1 - 0.999 ** t)) + 1e-8);
    });
    assert(Math.abs(path[t].a - w[0]) < 2e-3 && Math.abs(path[t].b - w[1]) < 2e-3, `step ${t}`);
  }
  const plain = (t: number) => height({ a: -4.5 * 0.955 ** t, b: 1.2 * (1 - 0.045 * 40) ** t }); // in closed form
  const text = chapter("4_adam");
  says(text, `at a height of ${height(path[30]).toFixed(3)}, the faster of the plain paths at ${plain(30).toFixed(3)}`);
  says(text, `Adam is at ${height(path[60]).toFixed(3)}, the plain path at ${plain(60).toFixed(3)}`);
  assert(Math.abs(height(paths[0][60]) - plain(60)) < 1e-3);
});

Deno.test("chapter 4: the compared settings are those of the presets", () => {
  const text = chapter("4_adam"), { paper, demo } = refinery.PRESETS;
  const row = (name: string, ...cells: string[]) => says(text, `| ${[name, ...cells].join(" | ")} |`);
  const frames = (n: number) => `${n} (${(n - 1) * 10 + 25} ms)`;
  row("width of the network", String(paper.width), `1/${1 / demo.width}`);
  row("frames of a segment", frames(paper.segmentFrames), frames(demo.segmentFrames));
  row("segments in a batch", String(paper.batch), String(demo.batch));
  row("epochs", `at most ${paper.epochs}`, String(demo.epochs));
  row(
    "Adam's rate",
    `${paper.learningRate}, times ${paper.decay} every two epochs`,
    `${demo.learningRate}, falling to 0 by a cosine`,
  );
  assertEquals([paper.schedule, demo.schedule, paper.monitor, demo.monitor], ["steps", "cosine", "loss", "nothing"]);
  assertEquals([paper.validationShare, demo.validationShare, paper.patience], [0.1, 0, 3]);
  row("average of weights", "none", `${demo.average} of it stays each step`);
  assertEquals([paper.average, paper.batchNorm, demo.batchNorm, demo.batchNormDense], [0, false, true, true]);
  assertEquals([paper.randomStart, demo.randomStart], [false, true]);
  row("stages, folds", `${paper.stages}, ${paper.folds}`, `${demo.stages}, ${demo.folds}`);
  const long = Object.entries(refinery.PRESETS).filter(([, { segmentFrames }]) => segmentFrames !== 32);
  assertEquals(long.map(([name, { segmentFrames }]) => [name, segmentFrames]), [["demo", 64], ["best", 64]]);
  says(
    chapter("1_frames"),
    "The presets `demo` and `best` take segments of 64 frames, 655 ms; all others take the paper's",
  );
  const norm = Object.entries(refinery.PRESETS).filter(([, { batchNorm }]) => batchNorm).map(([name]) => name);
  assertEquals(norm, ["demo", "tuned", "best"]);
});

Deno.test("chapter 5: distances from the truth, and the distance of a network that knows nothing", async () => {
  const { refined, control, corpus: { truth, utterances } } = await refinedLabels(), text = chapter("5_labels");
  const of = (name: string) => refined.find(({ method }) => method === name)!.errors.map((e) => e.toFixed(3));
  // of a label that is wrong for a share of segments: one-hot errs by 2 there; (3/4, 1/4) by 9/8 there, by 1/8 elsewhere
  const wrong = utterances.reduce(
    (n, { firstSegment, segmentCount, emotion }) =>
      n + truth.subarray(firstSegment, firstSegment + segmentCount).filter((t) => t !== emotion).length,
    0,
  ) / truth.length;
  assert(Math.abs(control - (1 / 8 + wrong)) < 1e-6);
  assert(Math.abs(refined[0].errors[0] - 2 * wrong) < 1e-6);
  says(text, `its distance from the truth is ${of("pEPR")[0]}`);
  says(text, `pEPR's at ${of("pEPR")[1]} and sEPR's at ${of("sEPR")[1]}`);
  says(text, `pEPR stays at ${of("pEPR")[3]}, sEPR goes back to ${of("sEPR")[3]}`);
  says(text, `until they are at ${of("hard-dynamic")[3]}`);
  const [first, second] = refined[0].errors, share = 100 * (2 * wrong - (1 / 8 + wrong)) / (first - second);
  says(text, `at a distance of ${(1 / 8 + wrong).toFixed(3)}`);
  says(text, `${share.toFixed(0)} % of the fall`);
});

Deno.test("the demo's control: the share of README.md's fall in label error that a uniform distribution also reaches", async () => {
  const corpus = await corpora.openCorpus("synthetic", { seed: 1 });
  const cut = refinery.segmentation(refinery.PRESETS.demo);
  const { utterances, segmentTruth, emotions } = await corpora.extractFeatures(corpus, cut);
  let wrong = 0;
  for (const { firstSegment, segmentCount, emotion } of utterances) {
    for (let s = firstSegment; s < firstSegment + segmentCount; s++) wrong += segmentTruth![s] === emotion ? 0 : 1;
  }
  wrong /= segmentTruth!.length;
  assertEquals(emotions.length, 5);
  // label (0.6, 0.1, 0.1, 0.1, 0.1): right it errs by 0.16 + 4 x 0.01, wrong by 0.36 + 0.81 + 3 x 0.01
  const control = (1 - wrong) * 0.2 + wrong * 1.2, readme = read("README.md"), text = chapter("5_labels");
  const [, onehot, soft, uniform] = readme.match(
    /uniform labels 1 (?:[\d.]+ % ){5}(0\.\d+) 2 (?:[\d.]+ % ){5}(0\.\d+) (0\.\d+)/,
  )!;
  assertStrictEquals((2 * wrong).toFixed(3), onehot);
  const share = (100 * (2 * wrong - control) / (2 * wrong - Number(soft))).toFixed(0);
  assertStrictEquals(control.toFixed(3), uniform);
  says(readme, `brings the labels from ${onehot} to ${soft}`);
  says(readme, `would bring them to ${uniform}, ${share} % of that fall`);
  says(text, `falls from ${onehot} to ${soft}`);
  says(text, `would bring it to ${control.toFixed(3)}, ${share} % of the fall`);
});

Deno.test("chapter 5: this project's results are the counts of its files of decisions", () => {
  const accuracy = (folder: string, method: string) => {
    const file = join(root, "docs/results/emodb", folder, `predictions-${method}.csv`);
    const [, ...rows] = Deno.readTextFileSync(file).trim().split("\n").map((line) => line.split(","));
    assertEquals(rows.length, 535);
    return [3, 4, 5].map((column) => 100 * rows.filter((row) => row[2] === row[column]).length / rows.length);
  };
  const text = chapter("5_labels");
  const row = (name: string, values: number[]) =>
    says(text, `| ${name} | ${values.map((v) => v.toFixed(1)).join(" | ")} |`);
  const mean = (all: number[][]) => [0, 1, 2].map((t) => all.reduce((sum, seed) => sum + seed[t] / all.length, 0));
  const pEPR = [1, 2, 3].map((seed) => accuracy(`not-stopped/seed-${seed}`, "pEPR"));
  const sEPR = [1, 2, 3].map((seed) => accuracy(`not-stopped/seed-${seed}`, "sEPR"));
  pEPR.forEach((values, i) => row(`pEPR, seed ${i + 1}`, values));
  row("pEPR, mean", mean(pEPR));
  row("sEPR, mean", mean(sEPR));
  row("pEPR, speakers not trained on, 1 seed", accuracy("by-speaker-not-stopped", "pEPR"));
  const gain = pEPR.map(([first, , third]) => (third - first).toFixed(1));
  says(text, `third network is ${(mean(pEPR)[2] - mean(pEPR)[0]).toFixed(1)} points better`);
  says(text, `the other two gain ${gain[1]} and ${gain[2]}`);
  says(text, `by ${(mean(pEPR)[2] - mean(sEPR)[2]).toFixed(1)} points at the third network`);
});

Deno.test("chapter 7: operations of a step, sums a lane of the ladder, its figures, and what they gain", () => {
  const text = chapter("7_speed"), [h, w] = [64, 32];
  // two operations a multiply-add, three products a layer, but no gradient to the first layer's input
  let channels = 1, pixels = h * w, forward = 0, first = 0;
  for (const block of [[64, 64], [128, 128], Array(4).fill(256), Array(4).fill(512), Array(4).fill(512)]) {
    for (const out of block) {
      forward += 2 * 9 * channels * out * pixels;
      first ||= forward;
      channels = out;
    }
    pixels /= 4;
  }
  for (const [k, n] of [[1024, 4096], [4096, 4096], [4096, 7]]) forward += 2 * k * n;
  says(text, `is ${((3 * forward - first) / 1e9).toFixed(2)} thousand million`);

  // a core's peak, four of them, and how long a product of 1,024 takes at least
  const core = 2.8 * 2 * 4 * 2, product = 2 * 1024 ** 3 / 1e9;
  says(text, `2.8 GHz x 2 x 4 x 2 = ${core.toFixed(0)} GFLOP/s`);
  says(text, `four cores like this one could do 4 x 45 = ${4 * 45} GFLOP/s`);
  says(text, `${product.toFixed(2)} thousand million operations`);
  says(text, `at the measured peak of 50, ${(1000 * product / 50).toFixed(0)} ms on one`);
  const [one, four] = [1000, 250].map((ms) => (ms * product / core).toFixed(0));
  says(text, `${one} ms at this peak on one core, ${four} ms on four`);

  const { source, tile } = LADDER[2], lanes = Number(source.match(/@workgroup_size\((\d+)\)/)![1]);
  const side = Math.sqrt(tile ** 2 / lanes);
  says(text, `${side} x ${side} sums in registers; then vectors`);
  const step = (name: string) => read("docs/gpu_kernels.md").match(`\\| ${name} \\| [\\d.]+ \\| ([\\d.]+) \\|`)![1];
  says(
    text,
    `vectors gain ${step("4 vec4")} times, unrolling ${step("5 unrolled")}, registers ${step("3 register-blocked")}`,
  );
  says(text, `tiles _lose_ (${step("2 tiled")})`);
  const [two, three] = ["2", "3"].map((rung) =>
    read("docs/cpu_kernels.md").match(`\\| ${rung} \\| \\[[^|]*\\| ([\\d.]+) \\|`)![1]
  );
  says(text, `from ${two} to ${three} GFLOP/s`);
});

Deno.test("chapter 2: at width 1 each convolution's gradient to its input is computed by Winograd's algorithm", () => {
  let channels = 1, height = 64, width = 32, looked = 0;
  for (const { name, output } of nn.summarise({ classes: 7, width: 1 })) {
    if (name.startsWith("pool")) [height, width] = output;
    if (!name.startsWith("conv")) continue;
    const shape = { batch: 128, height, width, channelsIn: channels, channelsOut: output[2] };
    if (name !== "conv1") assert(takesWinograd(shape, "auto", "convolution"), name); // conv1's input gets no gradient
    channels = output[2];
    looked++;
  }
  assertEquals(looked, 16);
});

Deno.test("library.md: the distance between the shipped model's segments is the documented one", async () => {
  const { segmentHop, frontEnd } = JSON.parse(await Deno.readTextFile(join(root, "models/emodb/model.json")));
  says(read("docs/library.md"), `every ${1000 * segmentHop * frontEnd.hopLength / frontEnd.sampleRate} ms`);
});

Deno.test("a dataset rejects targets that are no distributions", () => {
  const x = new Float32Array(4), device = createReferenceDevice();
  const make = (...targets: number[]) => new nn.ArrayDataset(device, x, Float32Array.from(targets), [2]);
  make(1, 0, 0.25, 0.75).release();
  assertThrows(
    () => make(1, 0, 0, 0),
    Error,
    "Row 1 of the targets: expected probabilities that sum to 1, found [0, 0]",
  );
  assertThrows(() => make(1, 0, 1.5, -0.5), RangeError);
  assertThrows(() => make(NaN, 1, 1, 0), RangeError);
});

Deno.test("segments without a label are refused", async () => {
  const corpus = await corpora.openCorpus("synthetic", { seed: 1, size: { utterances: 5, speakers: 1 } });
  const features = await corpora.extractFeatures(corpus, { segmentHop: 40 }), device = createReferenceDevice();
  const store = new refinery.SegmentStore(device, features), K = features.emotions.length;
  const labels = refinery.pseudoLabels(features.utterances, features.segmentStart.length, K);
  store.setLabels(labels.fill(0, K, 2 * K)); // segment 1 loses its label
  const data = new refinery.SegmentDataset(store, [0], { mean: 0, deviation: 1 });
  const [x, targets] = [device.allocate(64 * 32, "x"), device.allocate(K, "targets")];
  data.load(Int32Array.of(0), x, targets);
  data.load(Int32Array.of(1), x); // only profiles are used
  assertThrows(() => data.load(Int32Array.of(1), x, targets), RangeError, "Segment 1: expected a label");
});
