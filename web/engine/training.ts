/**
 * The refinery, live: a chain of networks trained in the page on synthetic speech. A quarter of the utterances is held out; one of
 * them is watched, and its profile reported as it changes (the paper's Figure 4, while it happens).
 *
 * It is the chain of one fold of `deno task train`. Between two steps it can be paused, sent on to the next stage, or given another
 * method for the stages to come, and passes its turn at the device on.
 */
import { ordinal } from "../../base/numbering.ts";
import type { Features, FeatureUtterance } from "../../corpora/features.ts";
import type { Device } from "../../kernels/device.ts";
import type { VggE } from "../../nn/vgg_e.ts";
import { Chain } from "../../refinery/chain.ts";
import type { FoldProgress } from "../../refinery/fold_hooks.ts";
import { CrossValidation } from "../../refinery/cross_validation.ts";
import { judgeProfiles } from "../../refinery/profile_figures.ts";
import type { Method } from "../../refinery/choices.ts";
import { PRESETS } from "../../refinery/presets.ts";
import type { Settings } from "../../refinery/settings.ts";
import { syntheticFeatures } from "./corpus.ts";
import type { News, TrainOptions } from "./protocol.ts";
import type { Turn } from "./turns.ts";

/** Milliseconds between two looks at the watched profile. */
const PROFILE_MS = 500;
/** One in so many utterances of each emotion is held out. */
const HELD_OUT = 4;

/** Settings of the page's experiment: one constant rate, every utterance that is not held out learned from, each epoch run. */
export const settingsOf = (
  { method, stages, width, segmentHop, batch, learningRate, epochs, seed }: TrainOptions,
): Settings => ({
  ...PRESETS.paper,
  ...{ method, stages, width, segmentHop, batch, learningRate, epochs, seed },
  ...{ folds: HELD_OUT, batchNorm: true, decay: 1, monitor: "nothing", validationShare: 0 },
});

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
  #looks?: Looks;
  #profiledAt = -Infinity;
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
    const { utterances: count } = this.#options, settings = settingsOf(this.#options);
    const features = await syntheticFeatures(this.#options, async (done) => {
      if (done % 8 !== 0) return;
      this.#tell({ news: "trainPhase", phase: `making speech: ${done} of ${count} utterances` });
      await this.#breathe();
    });
    const { utterances, emotions } = features, cv = new CrossValidation(features, settings);
    const heldOut = cv.heldOut(0).map((i) => utterances[i]), neutral = emotions.indexOf("neutral");
    const own = heldOut.find(({ emotion }) => emotion !== neutral) ?? heldOut[0];
    const learned = cv.training(0).reduce((sum, i) => sum + utterances[i].segmentCount, 0);
    this.#looks = new Looks(learned, settings, this.#tell);
    this.#tell({
      news: "trainReady",
      emotions,
      segments: features.segmentStart.length,
      steps: this.#looks.steps * settings.epochs,
      watched: { id: own.id, emotion: own.emotion, truth: truthOf(features, [own]), segments: own.segmentCount },
    });
    const chain: Chain = new Chain(cv, 0, this.#device, {
      onProgress: (progress) => this.#looks!.progress(progress),
      onEpoch: ({ stage, epoch, loss }) => {
        if (!this.#hurried) this.#looks!.take(stage, epoch, learned, loss);
      },
      onPause: async (network, stage) => {
        if (performance.now() - this.#profiledAt > PROFILE_MS) await this.#profile(chain, network, stage, own);
        await this.#breathe();
        this.#looks!.restart();
        return this.#hurried ? "end" : undefined;
      },
    });
    try {
      let labels = await chain.labels(0), method: Method | undefined;
      for (let stage = 0; stage < settings.stages; stage++) {
        const began = performance.now() - this.#waited;
        [this.#hurried, this.#profiledAt] = [false, -Infinity];
        const look = (network: VggE) => this.#profile(chain, network, stage, own);
        const last = await chain.fitStage(stage, labels, undefined, look);
        this.#tell({ news: "trainPhase", phase: `stage ${ordinal(stage)}: profiles of every utterance` });
        const profiles = await chain.profile(stage, last.weights, "heldOut"), truth = truthOf(features, heldOut);
        const { right, segments, segmentsTrulyRight } = judgeProfiles(heldOut, profiles, emotions.length, truth);
        this.#tell({
          news: "trainStage",
          stage,
          method,
          right,
          heldOut: heldOut.length,
          trueSegments: segmentsTrulyRight! / segments,
          labelError: chain.describe(stage, labels).labelError!,
          seconds: (performance.now() - this.#waited - began) / 1000,
        });
        if (stage === settings.stages - 1) break;
        await this.#breathe();
        method = this.#method;
        labels = await chain.refine(stage, labels, last.weights, method);
      }
      this.#tell({ news: "trainPhase", phase: "done" });
    } finally {
      chain.release();
    }
  }

  /** Reports the watched utterance's profile. */
  async #profile(chain: Chain, network: VggE, stage: number, utterance: FeatureUtterance): Promise<void> {
    const profile = await chain.watch(network, utterance);
    this.#tell({ news: "trainProfile", stage, step: this.#looks!.step, profile });
    this.#profiledAt = performance.now();
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

/** The true emotions of some utterances' segments. */
function truthOf({ segmentTruth }: Features, utterances: readonly FeatureUtterance[]): number[] {
  return utterances.flatMap(({ firstSegment, segmentCount }) => [
    ...segmentTruth!.subarray(firstSegment, firstSegment + segmentCount),
  ]);
}

/** Looks at the loss: a fit reports the mean of an epoch so far, a look the mean of what came since the last one. */
class Looks {
  /** Steps of an epoch. */
  readonly steps: number;
  /** Step of the stage that the last look was at. */
  step = 0;
  readonly #batch: number;
  readonly #tell: (news: News) => void;
  #last = { stage: -1, epoch: 0, examples: 0, sum: 0, at: performance.now() };

  /** @param examples of an epoch */
  constructor(examples: number, { batch }: Settings, tell: (news: News) => void) {
    [this.steps, this.#batch, this.#tell] = [Math.ceil(examples / batch), batch, tell];
  }

  /** Begins to count the time of the next look: what lay between the last one and now was no learning. */
  restart(): void {
    this.#last.at = performance.now();
  }

  progress({ stage, phase, epoch, loss, examples }: FoldProgress): void {
    if (phase === "fit") this.take(stage, epoch, examples!, loss!);
  }

  /** @param examples of this epoch whose mean loss it is */
  take(stage: number, epoch: number, examples: number, loss: number): void {
    const at = performance.now(), last = this.#last, sum = loss * examples;
    const before = last.stage === stage && last.epoch === epoch ? last : { examples: 0, sum: 0 };
    const since = examples - before.examples;
    if (since <= 0) return;
    this.#last = { stage, epoch, examples, sum, at };
    this.step = epoch * this.steps + Math.ceil(examples / this.#batch);
    const perSecond = 1000 * since / (at - last.at);
    this.#tell({ news: "trainStep", stage, step: this.step, loss: (sum - before.sum) / since, perSecond });
  }
}
