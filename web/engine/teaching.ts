/**
 * Teaching: learns a model of the user's classes, as `deno task train` and `deno task export` do.
 *
 *     for each fold: a chain of networks, not trained on the fold's takes -> the profiles of these takes
 *     the profiles of all takes -> a forest, and the accuracy of forests and networks on takes that they were not trained on
 *     one more chain, on all takes -> the model, with that forest
 *
 * The cost hardly depends on the number of takes: every network makes about the same number of steps.
 */
import type { Features } from "../../corpora/features.ts";
import { frontEnd } from "../../dsp/settings.ts";
import type { Device } from "../../kernels/device.ts";
import type { ModelBytes } from "../../models/description.ts";
import type { VggE } from "../../nn/vgg_e.ts";
import { Chain, type FittedStage } from "../../refinery/chain.ts";
import { strideOf } from "../../refinery/fold_data.ts";
import { CrossValidation } from "../../refinery/cross_validation.ts";
import { fitForest } from "../../refinery/forests.ts";
import { wilsonInterval } from "../../refinery/intervals.ts";
import { judge, type Judgement } from "../../refinery/judge.ts";
import { judgeProfiles } from "../../refinery/profile_figures.ts";
import type { FoldStage } from "../../refinery/results.ts";
import { segmentsOf, type Standardisation } from "../../refinery/segment_dataset.ts";
import { segmentation } from "../../refinery/derived_settings.ts";
import type { Settings } from "../../refinery/settings.ts";
import { Breath, StopError } from "./breath.ts";
import { featuresOf } from "./corpus.ts";
import { Looks } from "./looks.ts";
import { encodeTaught } from "./taught.ts";
import { type TaughtModel, type TeachClass, type TeachNews, whatIsMissing } from "./teach_protocol.ts";
import { settingsFor, TEACH_SETTINGS, TEACH_STEPS } from "./teach_settings.ts";
import type { Turn } from "./turns.ts";

/** Milliseconds between two evaluations of the held-out takes. */
const LOOK_MS = 1000;

/** A finished chain. */
interface TaughtChain {
  stages: FoldStage[];
  last: FittedStage;
  standardisation: Standardisation;
}

/** Teaches one model. */
export class Teaching {
  readonly #classes: readonly TeachClass[];
  readonly #tell: (news: TeachNews) => void;
  readonly #settings: Settings;
  readonly #stepsWanted: number;
  readonly #breath = new Breath();
  #device!: Device;
  #turn!: Turn;
  #features!: Features;
  /** Steps of each network, and the number of steps of the finished networks. */
  #steps: number[] = [];
  #before = 0;

  /**
   * @param steps approximate steps per network
   * @throws {Error} with a sentence, if the classes can't be learned
   */
  constructor(
    classes: readonly TeachClass[],
    tell: (news: TeachNews) => void,
    { settings = TEACH_SETTINGS, steps = TEACH_STEPS }: { settings?: Settings; steps?: number } = {},
  ) {
    const [missing] = whatIsMissing(classes.map(({ name, takes }) => ({ name, takes: takes.length })));
    if (missing) throw new Error(missing);
    [this.#classes, this.#tell, this.#settings, this.#stepsWanted] = [classes, tell, settings, steps];
  }

  /** Ends the learning. @param why for people, the end of a sentence */
  stop(why = ""): void {
    this.#breath.stop(why);
  }

  /** The reason for the stop; undefined: not stopped. */
  get stopped(): string | undefined {
    return this.#breath.stopped;
  }

  /** Learns; returns undefined if stopped. @param turn its turn at the device */
  async run(
    device: Device,
    turn: Turn,
  ): Promise<{ bytes: ModelBytes; taught: Omit<TaughtModel, "bytes"> } | undefined> {
    [this.#device, this.#turn] = [device, turn];
    try {
      if (this.#breath.stopped !== undefined) throw new StopError();
      return await this.#run();
    } catch (error) {
      if (!(error instanceof StopError)) throw error;
      return undefined;
    }
  }

  async #run() {
    const began = performance.now(), emotions = this.#classes.map(({ name }) => name.trim());
    const takes = this.#classes.flatMap(({ takes }, k) =>
      takes.map(({ name, samples }) => ({ name, samples, class: k }))
    );
    const folds = Math.min(this.#settings.folds, ...this.#classes.map(({ takes }) => takes.length));
    const settings: Settings = { ...this.#settings, folds };
    const utterances = takes.map(({ name, samples, class: k }) => ({
      ...{ id: name, emotion: emotions[k], speaker: "unknown", text: "" },
      read: () => Promise.resolve({ samples, seconds: samples.length / frontEnd.sampleRate }),
    }));
    this.#features = await featuresOf(
      { emotions, utterances },
      { segmentHop: settings.segmentHop!, ...segmentation(settings) },
      () => this.#breath.take(this.#turn),
    );
    const cv = new CrossValidation(this.#features, settings);
    // the last chain belongs to a fold without takes
    const chains = [...Array(folds + 1).keys()].map((fold) => {
      const learned = this.#countLearned(cv, fold), own = settingsFor(learned, settings, this.#stepsWanted);
      return { fold, learned, cv: new CrossValidation(this.#features, own, cv.folds) };
    });
    this.#steps = chains.map(({ learned, cv: { settings: { batch, epochs, stages } } }) =>
      Math.ceil(learned / batch) * epochs * stages
    );
    this.#tell({
      news: "teachReady",
      steps: this.#steps,
      heldOut: chains.map(({ fold }) => cv.heldOut(fold).length),
      classes: emotions.length,
    });
    const results = [];
    for (const chain of chains.slice(0, folds)) {
      results.push({ fold: chain.fold, stages: (await this.#learn(chain)).stages });
    }
    const judgement = judge(cv, results);
    const { last, standardisation } = await this.#learn(chains[folds]);
    const forest = fitForest(this.#features, judgement.profiles.at(-1)!, cv.everyone, settings);
    const { bytes, name } = await encodeTaught({
      ...{ features: this.#features, settings: chains[folds].cv.settings, takes },
      ...{ last, standardisation, forest, judged: judgement.stages.at(-1)! },
    });
    const seconds = (performance.now() - began - this.#breath.waited) / 1000;
    return { bytes, taught: { name, ...this.#report(judgement, folds), seconds } };
  }

  /** Number of segments that a fold's networks learn. */
  #countLearned(cv: CrossValidation<Features>, fold: number): number {
    return segmentsOf(cv.corpus, cv.training(fold), strideOf(cv.settings, cv.corpus)).length;
  }

  /** Fits one chain, stage after stage. */
  async #learn({ fold, learned, cv }: {
    fold: number;
    learned: number;
    cv: CrossValidation<Features>;
  }): Promise<TaughtChain> {
    const began = performance.now() - this.#breath.waited, { settings, corpus: { emotions: { length: K } } } = cv;
    const heldOut = cv.heldOut(fold).map((i) => cv.corpus.utterances[i]);
    const ofStage = this.#steps[fold] / settings.stages;
    let lookedAt = performance.now(), right = 0;
    const looks = new Looks(learned, settings, ({ stage, step, loss, perSecond }) => {
      const made = stage * ofStage + step, all = this.#steps.reduce((sum, steps) => sum + steps);
      this.#tell({
        news: "teachStep",
        network: fold,
        step: made,
        loss,
        perSecond,
        done: (this.#before + made) / all,
      });
    });
    const chain: Chain = new Chain(cv, fold, this.#device, {
      onProgress: (progress) => looks.progress(progress),
      onEpoch: ({ stage, epoch, loss }) => looks.take(stage, epoch, learned, loss),
      onPause: async () => {
        await this.#breath.take(this.#turn);
        looks.restart();
      },
    });
    try {
      const stages: FoldStage[] = [];
      let labels = await chain.labels(0), last: FittedStage | undefined;
      for (let stage = 0; stage < settings.stages; stage++) {
        const look = async (now: VggE) => {
          if (heldOut.length === 0 || performance.now() - lookedAt < LOOK_MS) return;
          ({ right } = judgeProfiles(heldOut, await chain.profileOf(stage, now, "heldOut"), K));
          this.#tell({ news: "teachLook", network: fold, step: stage * ofStage + looks.step, right });
          lookedAt = performance.now();
          looks.restart();
        };
        last = await chain.fitStage(stage, labels, undefined, look);
        const profiles = await chain.profile(stage, last.weights, "heldOut"), { epochs, bestEpoch } = last.fitted;
        stages.push({ stage, profiles, epochs, bestEpoch, ...chain.describe(stage, labels) });
        if (heldOut.length > 0) {
          ({ right } = judgeProfiles(heldOut, profiles, K));
          this.#tell({ news: "teachLook", network: fold, step: (stage + 1) * ofStage, right });
        }
        await this.#breath.take(this.#turn);
        if (stage < settings.stages - 1) labels = await chain.refine(stage, labels, last.weights);
      }
      this.#before += this.#steps[fold];
      const seconds = (performance.now() - this.#breath.waited - began) / 1000;
      this.#tell({ news: "teachNetwork", network: fold, right, seconds });
      return { stages, last: last!, standardisation: chain.output(stages.at(-1)!, last!).standardisation };
    } finally {
      chain.release();
    }
  }

  /** The accuracy over the folds. */
  #report({ stages, decisions }: Judgement, folds: number): Omit<TaughtModel, "name" | "seconds" | "bytes"> {
    const { utterances, emotions } = this.#features, { weightedAccuracy: accuracy, confusion } = stages.at(-1)!;
    return {
      classes: emotions,
      takes: utterances.length,
      folds,
      accuracy,
      interval: wilsonInterval(accuracy, utterances.length),
      confusion,
      decidedAs: Object.fromEntries(utterances.map(({ id }, i) => [id, decisions.at(-1)![i]])),
    };
  }
}
