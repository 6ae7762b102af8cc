/**
 * EPR in one file: from sound to an emotion, with nothing below but loops. What micrograd is to PyTorch, this is to the rest of the
 * repository: the same frames, network, gradients, Adam, labels, statistics and trees, in float64, slowly. It imports one thing,
 * the synthetic corpus. A test holds it to the engine on the same weights, within 1e-4.
 *
 *     deno run -q -P=textbook docs/textbook/whole.ts       # some minutes: prints how right each stage is
 *
 * Layouts are the engine's: images [n, height, width, channels], kernels [3, 3, in, out], dense weights [in, out].
 */
import { openSynthetic } from "../../corpora/mod.ts";

type Numbers = Float64Array;
const zeros = (length: number): Numbers => new Float64Array(length);
const argmax = (values: ArrayLike<number>) =>
  Array.from(values).reduce((best, v, i, all) => v > all[best] ? i : best, 0);

// --- chance
/** Random numbers from 0 to 1 by a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffled(items: readonly number[], random: () => number): number[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

// --- sound to frames (chapter 1)
const RATE = 16000, WINDOW = 400, HOP = 160, FFT = 512, BANDS = 64, FRAMES = 32;

/** The Fourier transform of length 2^n: of the even samples, of the odd ones, and put together (Cooley & Tukey 1965). */
function fourier(re: Numbers, im: Numbers): [Numbers, Numbers] {
  const n = re.length;
  if (n === 1) return [re, im];
  const pick = (x: Numbers, odd: number) => Float64Array.from({ length: n / 2 }, (_, i) => x[2 * i + odd]);
  const [[evenRe, evenIm], [oddRe, oddIm]] = [0, 1].map((odd) => fourier(pick(re, odd), pick(im, odd)));
  const outRe = zeros(n), outIm = zeros(n);
  for (let k = 0; k < n / 2; k++) {
    const c = Math.cos(2 * Math.PI * k / n), s = -Math.sin(2 * Math.PI * k / n);
    const [a, b] = [oddRe[k] * c - oddIm[k] * s, oddRe[k] * s + oddIm[k] * c];
    [outRe[k], outIm[k]] = [evenRe[k] + a, evenIm[k] + b];
    [outRe[k + n / 2], outIm[k + n / 2]] = [evenRe[k] - a, evenIm[k] - b];
  }
  return [outRe, outIm];
}

const mel = (hz: number) => 1127 * Math.log(1 + hz / 700);

/** Log-mel frames [T, 64] of a recording at 16 kHz. */
export function logMel(samples: Float32Array): Numbers {
  const count = 1 + Math.floor((samples.length - WINDOW) / HOP), out = zeros(count * BANDS);
  const low = mel(125), step = (mel(7500) - low) / (BANDS + 1);
  for (let t = 0; t < count; t++) {
    const frame = zeros(FFT);
    for (let i = 0; i < WINDOW; i++) {
      frame[i] = samples[t * HOP + i] * (0.5 - 0.5 * Math.cos(2 * Math.PI * i / WINDOW));
    }
    const [re, im] = fourier(frame, zeros(FFT)), bands = zeros(BANDS);
    for (let k = 1; k <= FFT / 2; k++) {
      const at = (mel(k * RATE / FFT) - low) / step; // in steps between band centres; band b peaks at b + 1
      for (let b = Math.max(0, Math.floor(at) - 1); b <= Math.min(BANDS - 1, Math.floor(at)); b++) {
        bands[b] += Math.max(0, 1 - Math.abs(at - b - 1)) * Math.hypot(re[k], im[k]);
      }
    }
    for (let b = 0; b < BANDS; b++) out[t * BANDS + b] = Math.log(bands[b] + 0.01);
  }
  return out;
}

// --- layers (chapters 2 and 3)
/** What comes out of a layer, and how the gradient goes back: writes those of its weights, returns that to its input. */
type Layer = { y: Numbers; back: (dy: Numbers) => Numbers };

/** 3x3 convolution, zero border, bias and ReLU. */
function conv2d(x: Numbers, w: Numbers, b: Numbers, dw: Numbers, db: Numbers, n: number, H: number, W: number): Layer {
  const O = b.length, I = w.length / 9 / O, y = zeros(n * H * W * O);
  /** Visits each pair of an output pixel and an input pixel that a tap of the kernel joins. */
  const eachTap = (visit: (x: number, y: number, w: number) => void) => {
    for (let pixel = 0; pixel < n * H * W; pixel++) {
      const row = Math.floor(pixel / W) % H, column = pixel % W;
      for (let tap = 0; tap < 9; tap++) {
        const down = Math.floor(tap / 3) - 1, right = tap % 3 - 1;
        if (row + down < 0 || row + down >= H || column + right < 0 || column + right >= W) continue;
        visit((pixel + down * W + right) * I, pixel * O, tap * I * O);
      }
    }
  };
  for (let i = 0; i < y.length; i++) y[i] = b[i % O];
  eachTap((xAt, yAt, wAt) => {
    for (let i = 0; i < I; i++) for (let o = 0; o < O; o++) y[yAt + o] += x[xAt + i] * w[wAt + i * O + o];
  });
  for (let i = 0; i < y.length; i++) y[i] = Math.max(0, y[i]);
  return {
    y,
    back(dy) {
      const dx = zeros(x.length), dz = dy.map((d, i) => y[i] > 0 ? d : 0); // through the ReLU
      for (let i = 0; i < dz.length; i++) db[i % O] += dz[i];
      eachTap((xAt, yAt, wAt) => {
        for (let i = 0; i < I; i++) {
          let sum = 0;
          for (let o = 0; o < O; o++) {
            sum += dz[yAt + o] * w[wAt + i * O + o];
            dw[wAt + i * O + o] += dz[yAt + o] * x[xAt + i];
          }
          dx[xAt + i] += sum;
        }
      });
      return dx;
    },
  };
}

/** The largest of each 2 x 2 pixels. */
function maxPool(x: Numbers, n: number, H: number, W: number): Layer {
  const C = x.length / n / H / W, from = new Int32Array(x.length / 4), y = zeros(x.length / 4);
  for (let i = 0; i < y.length; i++) {
    const c = i % C, column = Math.floor(i / C) % (W / 2), row = Math.floor(i / C / (W / 2)); // rows of all images
    for (let k = 0; k < 4; k++) {
      const at = ((2 * row + (k >> 1)) * W + 2 * column + (k & 1)) * C + c;
      if (k === 0 || x[at] > x[from[i]]) from[i] = at;
    }
    y[i] = x[from[i]];
  }
  return {
    y,
    back(dy) {
      const dx = zeros(x.length);
      dy.forEach((d, i) => dx[from[i]] += d);
      return dx;
    },
  };
}

/** y = x w + b, perhaps rectified. */
function dense(x: Numbers, w: Numbers, b: Numbers, dw: Numbers, db: Numbers, n: number, relu: boolean): Layer {
  const O = b.length, I = w.length / O, y = zeros(n * O);
  for (let r = 0; r < n; r++) {
    for (let o = 0; o < O; o++) y[r * O + o] = b[o];
    for (let i = 0; i < I; i++) for (let o = 0; o < O; o++) y[r * O + o] += x[r * I + i] * w[i * O + o];
  }
  if (relu) y.forEach((v, i) => y[i] = Math.max(0, v));
  return {
    y,
    back(dy) {
      const dx = zeros(x.length), dz = dy.map((d, i) => !relu || y[i] > 0 ? d : 0);
      for (let r = 0; r < n; r++) {
        for (let o = 0; o < O; o++) db[o] += dz[r * O + o];
        for (let i = 0; i < I; i++) {
          for (let o = 0; o < O; o++) {
            dw[i * O + o] += x[r * I + i] * dz[r * O + o];
            dx[r * I + i] += w[i * O + o] * dz[r * O + o];
          }
        }
      }
      return dx;
    },
  };
}

// --- the network, the loss, Adam (chapters 3 and 4)
/** Arrays by name: weights, or their gradients. */
export type Arrays = Record<string, Numbers>;
const BLOCKS = [[64, 64], [128, 128], [256, 256, 256, 256], [512, 512, 512, 512], [512, 512, 512, 512]];

/** Fresh weights of VGG-E: uniform, so wide that activations keep their size (He et al. 2015), and zero biases. */
export function initialise(width: number, classes: number, random: () => number): Arrays {
  const weights: Arrays = {}, scaled = (n: number) => Math.max(1, Math.round(n * width));
  let inputs = 1;
  const add = (name: string, fanIn: number, out: number) => {
    weights[`${name}.w`] = zeros(fanIn * out).map(() => (2 * random() - 1) * Math.sqrt(6 / fanIn));
    weights[`${name}.b`] = zeros(out);
    inputs = out;
  };
  BLOCKS.flat().forEach((full, i) => add(`conv${i + 1}`, 9 * inputs, scaled(full)));
  inputs *= 2; // the last pool leaves 2 x 1 pixels
  [scaled(4096), scaled(4096), classes].forEach((out, i) => add(`dense${i + 1}`, inputs, out));
  return weights;
}

/** Runs the network on x [n, 64, 32, 1]: logits [n, classes], and what hands their gradient back to every weight. */
export function forward(weights: Arrays, x: Numbers, n: number) {
  const gradients: Arrays = {}, tape: Layer[] = [];
  for (const name in weights) gradients[name] = zeros(weights[name].length);
  const run = (layer: Layer) => (tape.push(layer), layer.y);
  const arrays = (name: string) => [weights, gradients].flatMap((all) => [all[`${name}.w`], all[`${name}.b`]]);
  let h = x, H = 64, W = 32, layer = 0;
  for (const block of BLOCKS) {
    for (const _ of block) {
      const [w, b, dw, db] = arrays(`conv${++layer}`);
      h = run(conv2d(h, w, b, dw, db, n, H, W));
    }
    h = run(maxPool(h, n, H, W));
    [H, W] = [H / 2, W / 2];
  }
  for (const name of ["dense1", "dense2", "dense3"]) {
    const [w, b, dw, db] = arrays(name);
    h = run(dense(h, w, b, dw, db, n, name !== "dense3"));
  }
  const back = (dLogits: Numbers) => (tape.reduceRight((dy, { back }) => back(dy), dLogits), gradients);
  return { logits: h, back };
}

/** Probabilities, mean cross-entropy against labels [n, classes] (4), and its gradient to the logits: (p - label) / n. */
export function crossEntropy(logits: Numbers, labels: ArrayLike<number>, n: number) {
  const K = logits.length / n, p = zeros(logits.length);
  let loss = 0;
  for (let r = 0; r < n; r++) {
    const z = logits.subarray(r * K, (r + 1) * K), largest = z.reduce((a, b) => Math.max(a, b));
    const total = z.reduce((sum, v) => sum + Math.exp(v - largest), 0);
    z.forEach((v, k) => {
      p[r * K + k] = Math.exp(v - largest) / total;
      loss -= labels[r * K + k] * (v - largest - Math.log(total)) / n;
    });
  }
  return { loss, probabilities: p, dLogits: p.map((v, i) => (v - labels[i]) / n) };
}

/** Adam as Keras has it. */
export class Adam {
  #t = 0;
  #m: Arrays = {};
  #v: Arrays = {};
  /** Moves every weight against its gradient. */
  step(weights: Arrays, gradients: Arrays, rate: number): void {
    const corrected = rate * Math.sqrt(1 - 0.999 ** ++this.#t) / (1 - 0.9 ** this.#t);
    for (const name in weights) {
      const m = this.#m[name] ??= zeros(weights[name].length), v = this.#v[name] ??= zeros(weights[name].length);
      gradients[name].forEach((g, i) => {
        m[i] = 0.9 * m[i] + 0.1 * g;
        v[i] = 0.999 * v[i] + 0.001 * g * g;
        weights[name][i] -= corrected * m[i] / (Math.sqrt(v[i]) + 1e-7);
      });
    }
  }
}

// --- refinery (chapter 5)
/** An utterance: its standardised frames [T, 64], where its segments begin, its emotion. */
export type Utterance = { frames: Numbers; starts: number[]; emotion: number };

/** pEPR: half what the network says of a segment, half its utterance's emotion. */
export function refine(profile: ArrayLike<number>, emotion: number, K: number): Numbers {
  return Float64Array.from(profile, (p, i) => (p + (i % K === emotion ? 1 : 0)) / 2);
}

/** Some segments as a batch of images [n, 64 bands, 32 frames, 1]. */
function images(segments: readonly { frames: Numbers; start: number }[]): Numbers {
  const x = zeros(segments.length * BANDS * FRAMES);
  segments.forEach(({ frames, start }, i) => {
    for (let b = 0; b < BANDS; b++) {
      for (let t = 0; t < FRAMES; t++) x[(i * BANDS + b) * FRAMES + t] = frames[(start + t) * BANDS + b];
    }
  });
  return x;
}

/** The profile of an utterance, [segments, K]. */
function profileOf(weights: Arrays, { frames, starts }: Utterance): Numbers {
  const { logits } = forward(weights, images(starts.map((start) => ({ frames, start }))), starts.length);
  return crossEntropy(logits, logits, starts.length).probabilities;
}

/** How a network is trained. */
export type Training = { width: number; epochs: number; batch: number; rate: number };

/** Trains a fresh network on segments with labels [segments, K], an utterance each. */
export function train(corpus: Utterance[], labels: Numbers[], K: number, how: Training, random: () => number): Arrays {
  const weights = initialise(how.width, K, random), adam = new Adam();
  const segments = corpus.flatMap(({ frames, starts }, u) =>
    starts.map((start, s) => (
      { frames, start, label: labels[u].subarray(s * K, (s + 1) * K) }
    ))
  );
  for (let epoch = 0; epoch < how.epochs; epoch++) {
    const order = shuffled([...segments.keys()], random), rate = how.rate * 0.8 ** Math.floor(epoch / 2);
    for (let at = 0; at < order.length; at += how.batch) {
      const batch = order.slice(at, at + how.batch).map((i) => segments[i]), n = batch.length;
      const { logits, back } = forward(weights, images(batch), n);
      const { dLogits } = crossEntropy(logits, batch.flatMap(({ label }) => [...label]), n);
      adam.step(weights, back(dLogits), rate);
    }
  }
  return weights;
}

// --- the forest (chapter 6)
/** Of each emotion the largest, smallest and mean probability, and the share of segments above 0.2. */
export function statistics(profile: Numbers, K: number): number[] {
  return Array.from({ length: K }, (_, k) => [...profile.filter((_, i) => i % K === k)]).flatMap((p) => [
    Math.max(...p),
    Math.min(...p),
    p.reduce((a, b) => a + b) / p.length,
    p.filter((v) => v > 0.2).length / p.length,
  ]);
}

/** Shares of the classes at a leaf, a question at another node. */
export type Tree = { shares: number[] } | { feature: number; threshold: number; yes: Tree; no: Tree };

/** Grows a tree out: of `tries` features drawn at random, the question after which the two sides are least mixed. */
export function growTree(x: number[][], y: number[], K: number, tries: number, random: () => number): Tree {
  const shares = Array.from({ length: K }, (_, k) => y.filter((label) => label === k).length / y.length);
  let best = { mixed: Infinity, feature: 0, threshold: 0 };
  if (!shares.includes(1)) {
    for (const feature of shuffled([...x[0].keys()], random).slice(0, tries)) {
      const order = [...y.keys()].sort((a, b) => x[a][feature] - x[b][feature]);
      const left = zeros(K), right = Float64Array.from(shares, (share) => share * y.length);
      for (let i = 0; i + 1 < order.length; i++) {
        left[y[order[i]]]++;
        right[y[order[i]]]--;
        const [low, high] = [x[order[i]][feature], x[order[i + 1]][feature]];
        if (low === high) continue;
        // n gini = n - (sum of squares) / n, of both sides
        const squares = (counts: Numbers) => counts.reduce((sum, c) => sum + c * c, 0);
        const mixed = y.length - squares(left) / (i + 1) - squares(right) / (y.length - i - 1);
        if (mixed < best.mixed) best = { mixed, feature, threshold: (low + high) / 2 };
      }
    }
  }
  if (best.mixed === Infinity) return { shares };
  const goes = y.map((_, i) => x[i][best.feature] <= best.threshold);
  const side = (yes: boolean) =>
    growTree(x.filter((_, i) => goes[i] === yes), y.filter((_, i) => goes[i] === yes), K, tries, random);
  return { feature: best.feature, threshold: best.threshold, yes: side(true), no: side(false) };
}

/** A hundred trees, each of its own draw of the samples. */
export function growForest(x: number[][], y: number[], K: number, random: () => number): Tree[] {
  return Array.from({ length: 100 }, () => {
    const draw = y.map(() => Math.floor(random() * y.length));
    return growTree(draw.map((i) => x[i]), draw.map((i) => y[i]), K, Math.floor(Math.sqrt(x[0].length)), random);
  });
}

/** The likeliest class by the mean of the trees. */
export function decide(trees: Tree[], row: number[], K: number): number {
  const total = zeros(K);
  for (let tree of trees) {
    while ("feature" in tree) tree = row[tree.feature] <= tree.threshold ? tree.yes : tree.no;
    tree.shares.forEach((share, k) => total[k] += share);
  }
  return argmax(total);
}

// --- all of it
/** The synthetic corpus as frames with segments `hop` frames apart, standardised over all of them (the engine: over a fold's own). */
export async function read(size: number, hop: number): Promise<{ all: Utterance[]; emotions: string[] }> {
  const source = openSynthetic(1, { utterances: size, speakers: 3 }), emotions = [...source.emotions];
  const all: Utterance[] = [];
  for (const utterance of source.utterances) {
    const frames = logMel((await utterance.read()).samples), last = frames.length / BANDS - FRAMES;
    const starts = Array.from({ length: Math.floor(last / hop) + 1 }, (_, s) => s * hop);
    all.push({ frames, starts, emotion: emotions.indexOf(utterance.emotion) });
  }
  const values = all.flatMap(({ frames }) => [...frames]), mean = values.reduce((a, b) => a + b) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
  for (const { frames } of all) frames.forEach((v, i) => frames[i] = (v - mean) / deviation);
  return { all, emotions };
}

/** Two stages of pEPR over three folds, then a forest for each fold: the share of utterances that is right, a stage. */
export async function main(utterances: number, hop: number, how: Training): Promise<number[]> {
  const { all, emotions: { length: K } } = await read(utterances, hop), FOLDS = 3, STAGES = 2, random = randomFrom(1);
  const fold = all.map((own, u) => all.slice(0, u).filter(({ emotion }) => emotion === own.emotion).length % FOLDS);
  const profiles: Numbers[][] = Array.from({ length: STAGES }, () => []);
  for (let f = 0; f < FOLDS; f++) {
    const training = all.filter((_, u) => fold[u] !== f);
    let labels: Numbers[] = training.map((u) => zeros(u.starts.length * K).map((_, i) => i % K === u.emotion ? 1 : 0));
    for (let stage = 0; stage < STAGES; stage++) {
      const weights = train(training, labels, K, how, random);
      all.forEach((own, u) => fold[u] === f && (profiles[stage][u] = profileOf(weights, own)));
      labels = training.map((own) => refine(profileOf(weights, own), own.emotion, K));
      console.error(`fold ${f + 1}, stage ${stage + 1} of ${STAGES}`);
    }
  }
  const y = all.map(({ emotion }) => emotion);
  return profiles.map((stage) => {
    const x = stage.map((profile) => statistics(profile, K));
    const forests = Array.from({ length: FOLDS }, (_, f) => {
      const others = [...y.keys()].filter((u) => fold[u] !== f);
      return growForest(others.map((u) => x[u]), others.map((u) => y[u]), K, random);
    });
    return y.filter((emotion, u) => decide(forests[fold[u]], x[u], K) === emotion).length / y.length;
  });
}

if (import.meta.main) {
  const right = await main(60, 12, { width: 1 / 32, epochs: 12, batch: 8, rate: 0.0005 });
  right.forEach((share, stage) => console.log(`stage ${stage + 1}: ${(100 * share).toFixed(1)} % of utterances`));
}
