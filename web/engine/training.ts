/**
 * The refinery, live: a chain of networks trained in the page on synthetic speech. A fifth of the utterances is held out; one of
 * them is watched, and its profile told as it changes (the paper's Figure 4, while it happens).
 *
 * The same tape, Adam and relabelling as `deno task train`; here a stage lasts a number of steps, and it can be paused, hurried
 * on to the next, or told another method between. Between two looks at the loss it passes its turn at the device on.
 */
import type { Features } from "../../corpora/features.ts";
import type { Device, DeviceBuffer } from "../../kernels/device.ts";
import { METRICS } from "../../kernels/table.ts";
import { Adam } from "../../nn/adam.ts";
import { shuffled } from "../../nn/pass.ts";
import { predictProbabilities } from "../../nn/predict.ts";
import { Tape } from "../../nn/tape.ts";
import { VggE } from "../../nn/vgg_e.ts";
import { argmax, meanRow, pseudoLabels, refineLabels } from "../../refinery/relabel.ts";
import { SegmentDataset, SegmentStore, standardise } from "../../refinery/segment_dataset.ts";
import type { Method } from "../../refinery/settings.ts";
import { syntheticFeatures } from "./corpus.ts";
import type { News, TrainOptions } from "./protocol.ts";
import type { Turn } from "./turns.ts";

/** Milliseconds between two looks at the loss, and at the watched profile. */
const LOOK_MS = 80, PROFILE_MS = 500;
/** One in so many utterances of each emotion is held out. */
const HELD_OUT = 5;

/** Thrown within to end it. */
class Stopped extends Error {}

/** One chain. */
export class Training {
  readonly #options: TrainOptions;
  readonly #tell: (news: News) => void;
  readonly #stopping = Promise.withResolvers<void>();
  #device!: Device;
  #turn!: Turn;
  #method: Method;
  #paused = false;
  #stopped?: string;
  #hurried = false;
  /** Milliseconds in which it was paused, or others had their turn. */
  #waited = 0;
  #wake = () => {};

  constructor(options: TrainOptions, tell: (news: News) => void) {
    [this.#options, this.#tell, this.#method] = [options, tell, options.method];
  }

  /** Pauses, goes on, ends the stage, ends all, or changes the method of the stages to come. */
  control(what: "pause" | "go" | "stop" | "next" | Method): void {
    if (what === "pause") this.#paused = true;
    else if (what === "go") this.#paused = false;
    else if (what === "stop") this.stop();
    else if (what === "next") [this.#hurried, this.#paused] = [true, false];
    else this.#method = what;
    this.#wake();
  }

  /** Ends all. @param why for people, the end of a sentence */
  stop(why = ""): void {
    this.#stopped ??= why;
    this.#stopping.resolve();
    this.#wake();
  }

  /** Trains stage after stage, until all are done or it is stopped. @param turn at the device, which it has */
  async run(device: Device, turn: Turn): Promise<void> {
    [this.#device, this.#turn] = [device, turn];
    try {
      if (this.#stopped !== undefined) throw new Stopped();
      await this.#run();
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      this.#tell({ news: "trainPhase", phase: this.#stopped ? `stopped: ${this.#stopped}` : "stopped" });
    }
  }

  async #run(): Promise<void> {
    const { utterances: count, stages } = this.#options;
    const features = await syntheticFeatures(this.#options, async (done) => {
      if (done % 8 !== 0) return;
      this.#tell({ news: "trainPhase", phase: `making speech: ${done} of ${count} utterances` });
      await this.#breathe();
    });
    const { utterances, emotions: { length: K }, emotions } = features;
    const taken = new Array<number>(K).fill(0);
    const heldOut: number[] = [], training: number[] = [];
    utterances.forEach(({ emotion }, i) => (taken[emotion]++ % HELD_OUT === 0 ? heldOut : training).push(i));
    const neutral = emotions.indexOf("neutral");
    const watched = heldOut.find((i) => utterances[i].emotion !== neutral) ?? heldOut[0];
    const own = utterances[watched];
    const truth = [...features.segmentTruth!.subarray(own.firstSegment, own.firstSegment + own.segmentCount)];
    this.#tell({
      news: "trainReady",
      emotions,
      segments: features.segmentStart.length,
      watched: { id: own.id, emotion: own.emotion, truth, segments: own.segmentCount },
    });

    const scaling = standardise(features, training), store = new SegmentStore(this.#device, features);
    const set = (of: number[]) => new SegmentDataset(store, of, scaling);
    const sets = { training: set(training), heldOut: set(heldOut), watched: set([watched]) };
    try {
      const learners = training.map((i) => utterances[i]);
      let labels = pseudoLabels(learners, features.segmentStart.length, K), method: Method | undefined;
      for (let stage = 1; stage <= stages; stage++) {
        const network = new VggE(this.#device, { classes: K, width: this.#options.width, batchNorm: true });
        try {
          network.initialise(this.#options.seed, 3, 0, stage);
          store.setLabels(labels);
          const began = performance.now() - this.#waited;
          await this.#fit(stage, network, sets, K);
          this.#tell({ news: "trainPhase", phase: `stage ${stage}: profiles of every utterance` });
          const profiles = await predictProbabilities(network, sets.heldOut, { batch: 64 });
          this.#tell({
            news: "trainStage",
            stage,
            method,
            ...judge(features, heldOut, sets.heldOut.segments, profiles),
            labelError: labelError(labels, features, sets.training.segments),
            seconds: (performance.now() - this.#waited - began) / 1000,
          });
          if (stage === stages) break;
          await this.#breathe();
          const own = await predictProbabilities(network, sets.training, { batch: 64 });
          const all = new Float32Array(labels.length);
          sets.training.segments.forEach((s, row) => all.set(own.subarray(row * K, (row + 1) * K), s * K));
          method = this.#method;
          labels = refineLabels(method, all, learners, K);
        } finally {
          network.parameters.release();
        }
      }
      this.#tell({ news: "trainPhase", phase: "done" });
    } finally {
      for (const one of Object.values(sets)) one.release();
      store.release();
    }
  }

  /** Fits one network, for a number of steps. */
  async #fit(
    stage: number,
    network: VggE,
    sets: { training: SegmentDataset; watched: SegmentDataset },
    classes: number,
  ): Promise<void> {
    const { batch, steps, seed, learningRate } = this.#options, device = this.#device;
    const adam = new Adam(network.parameters), metrics = device.allocate(METRICS.length, "running totals of the loss");
    let order: Int32Array = new Int32Array(0),
      epoch = 0,
      lookedAt = performance.now(),
      profiledAt = -Infinity,
      since = 0;
    this.#hurried = false;
    try {
      device.fill({ x: metrics, length: METRICS.length, value: 0 });
      for (let step = 1; step <= steps && !this.#hurried; step++) {
        if (order.length < batch) order = shuffled(sets.training.length, [seed, 4, 0, stage], epoch++);
        this.#step(network, sets.training, order.subarray(0, batch), step, metrics, classes);
        adam.step(learningRate);
        device.flush();
        order = order.subarray(batch);
        since++;
        if (performance.now() - lookedAt < LOOK_MS && step < steps) continue;
        const read = await device.read(metrics), rows = read[METRICS.rows], now = performance.now();
        if (read[METRICS.badStep] !== 0) {
          throw new Error(`The loss of step ${step} is not finite: a lower rate may help`);
        }
        this.#tell({
          news: "trainStep",
          stage,
          step,
          loss: read[METRICS.loss] / rows,
          accuracy: read[METRICS.hits] / rows,
          perSecond: 1000 * since * batch / (now - lookedAt),
        });
        device.fill({ x: metrics, length: METRICS.length, value: 0 });
        if (now - profiledAt > PROFILE_MS || step === steps) {
          const profile = await predictProbabilities(network, sets.watched, { batch: 64 });
          this.#tell({ news: "trainProfile", stage, step, profile });
          profiledAt = performance.now();
        }
        await this.#breathe();
        [lookedAt, since] = [performance.now(), 0];
      }
      const profile = await predictProbabilities(network, sets.watched, { batch: 64 });
      this.#tell({ news: "trainProfile", stage, step: steps, profile });
    } finally {
      adam.release();
      device.release(metrics);
    }
  }

  #step(
    network: VggE,
    data: SegmentDataset,
    examples: Int32Array,
    step: number,
    metrics: DeviceBuffer,
    classes: number,
  ): void {
    const tape = new Tape(this.#device, { recording: true, count: examples.length });
    const x = tape.input([examples.length, ...network.inputShape]), targets = tape.input([examples.length, classes]);
    data.load(examples, x.buffer, targets.buffer);
    const logits = network.forward(tape, x);
    tape.softmaxCrossEntropy(logits, targets, { count: examples.length, step, metrics });
    tape.backward();
    tape.release();
  }

  /** Lets messages in and others at the device; waits while it is paused. @throws Stopped */
  async #breathe(): Promise<void> {
    const began = performance.now();
    do {
      this.#turn.giveBack();
      await new Promise((resolve) => setTimeout(resolve, 0));
      while (this.#paused && this.#stopped === undefined) await new Promise<void>((resolve) => this.#wake = resolve);
      await this.#turn.retake(this.#stopping.promise);
      if (this.#stopped !== undefined) throw new Stopped();
    } while (this.#paused); // paused again while it waited
    this.#waited += performance.now() - began;
  }
}

/** How many held-out utterances are right by their mean profile, and the share of segments that have their true emotion. */
function judge(features: Features, heldOut: readonly number[], segments: Int32Array, profiles: Float32Array) {
  const K = features.emotions.length;
  let row = 0, right = 0, truly = 0;
  for (const i of heldOut) {
    const { emotion, segmentCount } = features.utterances[i];
    if (argmax(meanRow(profiles, row, segmentCount, K)) === emotion) right++;
    row += segmentCount;
  }
  segments.forEach((s, at) => {
    if (argmax(profiles.subarray(at * K, (at + 1) * K)) === features.segmentTruth![s]) truly++;
  });
  return { right, heldOut: heldOut.length, trueSegments: truly / segments.length };
}

/** Mean Brier score of labels against the true emotions of their segments. */
function labelError(labels: Float32Array, { segmentTruth, emotions }: Features, segments: Int32Array): number {
  const K = emotions.length;
  let sum = 0;
  for (const s of segments) {
    for (let k = 0; k < K; k++) sum += (labels[s * K + k] - (segmentTruth![s] === k ? 1 : 0)) ** 2;
  }
  return sum / segments.length;
}
