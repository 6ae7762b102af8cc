/**
 * The refinery, live: a chain of networks trained in the page on synthetic speech. A quarter of the utterances is held out. One of
 * them is watched, and its profile is reported as it changes (the paper's Figure 4, live).
 *
 * It is the chain of one fold of `deno task train`. Between two steps it can be paused, advanced to the next stage, or switched to
 * another method for later stages, and it passes on its turn at the device.
 */
import { ordinal } from "../../base/numbering.ts";
import type { Features, FeatureUtterance } from "../../corpora/features.ts";
import type { Device } from "../../kernels/device.ts";
import type { VggE } from "../../nn/vgg_e.ts";
import { Chain } from "../../refinery/chain.ts";
import { CrossValidation } from "../../refinery/cross_validation.ts";
import { judgeProfiles } from "../../refinery/profile_figures.ts";
import type { Method } from "../../refinery/choices.ts";
import { PRESETS } from "../../refinery/presets.ts";
import type { Settings } from "../../refinery/settings.ts";
import { Breath, StopError } from "./breath.ts";
import { syntheticFeatures } from "./corpus.ts";
import { Looks } from "./looks.ts";
import type { News, PageTrainOptions } from "./protocol.ts";
import type { Turn } from "./turns.ts";

/** Milliseconds between two computations of the watched profile. */
const PROFILE_MS = 500;
/** One of this many utterances of each emotion is held out. */
const HELD_OUT = 4;

/**
 * Settings of the page's experiment: a constant learning rate; every utterance is either learned or held out; every
 * epoch runs.
 */
export const settingsOf = (
  { method, stages, width, segmentHop, batch, learningRate, epochs, seed }: PageTrainOptions,
): Settings => ({
  ...PRESETS.paper,
  ...{ method, stages, width, segmentHop, batch, learningRate, epochs, seed },
  ...{ folds: HELD_OUT, batchNorm: true, decay: 1, monitor: "nothing", validationShare: 0 },
});

/** One chain. */
export class PageTraining {
  readonly #options: PageTrainOptions;
  readonly #tell: (news: News) => void;
  readonly #breath = new Breath();
  #device!: Device;
  #turn!: Turn;
  #method: Method;
  #hurried = false;
  #looks?: Looks;
  #profiledAt = -Infinity;

  constructor(options: PageTrainOptions, tell: (news: News) => void) {
    [this.#options, this.#tell, this.#method] = [options, tell, options.method];
  }

  /** Pauses, continues, ends the stage, ends everything, or changes the method of later stages. */
  control(what: "pause" | "go" | "stop" | "next" | Method): void {
    if (what === "pause") this.#breath.paused = true;
    else if (what === "go") this.#breath.paused = false;
    else if (what === "stop") this.stop();
    else if (what === "next") [this.#hurried, this.#breath.paused] = [true, false];
    else this.#method = what;
  }

  /** Ends everything. @param why for people, the end of a sentence */
  stop(why = ""): void {
    this.#breath.stop(why);
  }

  /** Trains stage after stage, until all are done or it is stopped. @param turn its turn at the device */
  async run(device: Device, turn: Turn): Promise<void> {
    [this.#device, this.#turn] = [device, turn];
    try {
      if (this.#breath.stopped !== undefined) throw new StopError();
      await this.#run();
    } catch (error) {
      if (!(error instanceof StopError)) throw error;
      this.#tell({ news: "trainPhase", phase: this.#breath.stopped ? `stopped: ${this.#breath.stopped}` : "stopped" });
    }
  }

  async #run(): Promise<void> {
    const { utterances: count } = this.#options, settings = settingsOf(this.#options);
    const features = await syntheticFeatures(this.#options, async (done) => {
      if (done % 8 !== 0) return;
      this.#tell({ news: "trainPhase", phase: `making speech: ${done} of ${count} utterances` });
      await this.#breath.take(this.#turn);
    });
    const { utterances, emotions } = features, cv = new CrossValidation(features, settings);
    const heldOut = cv.heldOut(0).map((i) => utterances[i]), neutral = emotions.indexOf("neutral");
    const own = heldOut.find(({ emotion }) => emotion !== neutral) ?? heldOut[0];
    const learned = cv.training(0).reduce((sum, i) => sum + utterances[i].segmentCount, 0);
    this.#looks = new Looks(learned, settings, (look) => this.#tell({ news: "trainStep", ...look }));
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
        await this.#breath.take(this.#turn);
        this.#looks!.restart();
        return this.#hurried ? "end" : undefined;
      },
    });
    try {
      let labels = await chain.labels(0), method: Method | undefined;
      for (let stage = 0; stage < settings.stages; stage++) {
        const began = performance.now() - this.#breath.waited;
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
          seconds: (performance.now() - this.#breath.waited - began) / 1000,
        });
        if (stage === settings.stages - 1) break;
        await this.#breath.take(this.#turn);
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
}

/** The true emotions of some utterances' segments. */
function truthOf({ segmentTruth }: Features, utterances: readonly FeatureUtterance[]): number[] {
  return utterances.flatMap(({ firstSegment, segmentCount }) => [
    ...segmentTruth!.subarray(firstSegment, firstSegment + segmentCount),
  ]);
}
