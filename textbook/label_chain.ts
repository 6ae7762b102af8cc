/**
 * Chapter 5's refinery, on a corpus small enough to draw. An utterance is a row of numbers, one per segment. A mixed utterance
 * swells to its emotion and back, as speech does, and its label gives that emotion to all its segments. A network of 16 hidden units
 * learns these labels, and the next one learns the labels that `refineLabels` computes from its outputs. Each is stopped early, as a
 * speech network is before it memorises its recordings. The textbook's picture and the page run the same chain.
 */
import type { Device } from "../kernels/device.ts";
import { Random } from "../kernels/random.ts";
import { createReferenceDevice } from "../kernels/reference_device.ts";
import { ArrayDataset } from "../nn/dataset.ts";
import { fit } from "../nn/fit.ts";
import { glorotUniform, Parameters } from "../nn/parameters.ts";
import { predictProbabilities } from "../nn/predict.ts";
import type { Tape } from "../nn/tape.ts";
import type { Tensor } from "../nn/tensor.ts";
import type { Network } from "../nn/vgg_e.ts";
import { pseudoLabels, refineLabels, type UtteranceLabel } from "../refinery/relabel.ts";
import type { Method } from "../refinery/choices.ts";

const UTTERANCES = 40;
/** Segments per utterance. */
export const SEGMENTS = 20;
const NEUTRAL = 0;
/** Index of the second of the two emotions in a label. */
export const ANGER = 1;

/** The corpus: 40 utterances. Every second one is angry for about half of its length. */
export interface LabelCorpus {
  utterances: UtteranceLabel[];
  /** [segments]: the feature of each segment. */
  x: Float32Array;
  /** [segments]: whether each is truly angry, 0 or 1. */
  truth: Float32Array;
}

/** Creates the corpus, which is always the same. */
export function labelCorpus(): LabelCorpus {
  const random = new Random(2), utterances: UtteranceLabel[] = [], x: number[] = [], truth: number[] = [];
  for (let u = 0; u < UTTERANCES; u++) {
    utterances.push({ firstSegment: u * SEGMENTS, segmentCount: SEGMENTS, emotion: u % 2 === 0 ? NEUTRAL : ANGER });
    const begin = 3 + random.below(5), length = 8 + random.below(5);
    for (let s = 0; s < SEGMENTS; s++) {
      const angry = u % 2 === ANGER && s >= begin && s < begin + length ? 1 : 0;
      truth.push(angry);
      x.push(2.2 * angry + random.normal());
    }
  }
  return { utterances, x: Float32Array.from(x), truth: Float32Array.from(truth) };
}

/** One chain of networks: labels, a new network that learns them, better labels. */
export class LabelChain {
  /** Labels of each stage, [segments, 2]; the first are those of the utterances. */
  readonly labels: Float32Array[];
  /** Their distances from the truth. */
  readonly errors: number[];
  readonly #device = createReferenceDevice();

  /** Starts with the utterances' labels. */
  constructor(readonly corpus: LabelCorpus, readonly method: Method) {
    this.labels = [pseudoLabels(corpus.utterances, corpus.truth.length, 2)];
    this.errors = [labelDistance(this.labels[0], corpus.truth)];
  }

  /**
   * Trains the next network on the last labels, and appends the labels computed from its outputs.
   *
   * @param look receives, after each epoch, the labels that would result; the next epoch awaits it
   */
  async refine(look?: (labels: Float32Array, epoch: number) => Promise<void>): Promise<void> {
    const { utterances, x, truth } = this.corpus, stage = this.labels.length;
    const data = new ArrayDataset(this.#device, x, this.labels[stage - 1], [1, 1, 1]);
    const network = new Small(this.#device, stage);
    const refined = async () => refineLabels(this.method, await predictProbabilities(network, data), utterances, 2);
    try {
      await fit(network, data, undefined, {
        ...{ batch: 50, epochs: 3, learningRate: () => 0.003, path: [stage] },
        onEpoch: look && (async ({ epoch }) => await look(await refined(), epoch)),
      });
      this.labels.push(await refined());
      this.errors.push(labelDistance(this.labels[stage], truth));
    } finally {
      data.release();
      network.parameters.release();
    }
  }
}

/** Mean Brier score of labels [segments, 2] against the truth, 0 to 2. */
export function labelDistance(labels: Float32Array, truth: Float32Array): number {
  return truth.reduce((sum, angry, s) => sum + 2 * (labels[2 * s + ANGER] - angry) ** 2 / truth.length, 0);
}

/** One number, 16 hidden units, two classes. */
class Small implements Network {
  readonly parameters: Parameters;
  readonly inputShape = [1, 1, 1];
  readonly classes = 2;

  constructor(device: Device, seed: number) {
    const specs = [
      { name: "hidden.w", shape: [1, 16] },
      { name: "hidden.b", shape: [16] },
      { name: "out.w", shape: [16, 2] },
      { name: "out.b", shape: [2] },
    ];
    this.parameters = new Parameters(device, specs);
    this.parameters.write(glorotUniform(specs, seed));
  }

  forward(tape: Tape, x: Tensor): Tensor {
    const p = (name: string) => this.parameters.get(name);
    return tape.dense(tape.dense(x, p("hidden.w"), p("hidden.b"), { relu: true }), p("out.w"), p("out.b"), {
      relu: false,
    });
  }
}
