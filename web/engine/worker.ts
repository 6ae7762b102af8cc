/** The engine: all computations of the page. Questions that use the device are answered in turns. */
import { openSynthetic } from "../../corpora/synthetic.ts";
import type { Device } from "../../kernels/device.ts";
import { packModel } from "../../models/archive.ts";
import { decodeModel, type Model } from "../../models/model.ts";
import { MODEL_FILES, type ModelBytes } from "../../models/description.ts";
import { Predictor } from "../../models/predictor.ts";
import { answerCalls } from "../../workers/calls.ts";
import { bench } from "./bench.ts";
import { StopError } from "./breath.ts";
import { openPageDevice } from "./device.ts";
import { LiveRecognition, recognise } from "./recognition.ts";
import { lookInside, weightsOf } from "./inside.ts";
import { climbInPage } from "./ladder.ts";
import type { Ask, ModelChoice, News, Questions } from "./protocol.ts";
import { readTake } from "./take.ts";
import { packTakes } from "./take_archive.ts";
import { Teaching } from "./teaching.ts";
import { PageTraining } from "./training.ts";
import type { TaughtModel } from "./teach_protocol.ts";
import { type Turn, Turns } from "./turns.ts";

// wav-decoder uses Node's name of the global object
Object.assign(globalThis, { global: globalThis });

const tell = (news: News) => postMessage(news);

/** The answer of a page without a model. */
const NO_MODEL = "This page was built without a model, so it cannot decide emotions. Train and Bench work without one.";

/** The error if no model has been taught yet. */
const NOTHING_TAUGHT = "Nothing has been taught yet.";

const turns = new Turns();
let device: Device | undefined;
let predictor: Predictor | undefined;
let model: Promise<Model | undefined> | undefined;
let live: LiveRecognition | undefined;
let training: PageTraining | undefined, trained: Promise<void> = Promise.resolve();
let teaching: Teaching | undefined, taught: { archive: Uint8Array<ArrayBuffer>; predictor: Predictor } | undefined;
let teachingDone: Promise<unknown> = Promise.resolve();
let benching: AbortController | undefined;

type Answers = {
  [Q in keyof Questions]: (
    ...args: Parameters<Questions[Q]>
  ) => ReturnType<Questions[Q]> | Promise<ReturnType<Questions[Q]>>;
};

const answers: Answers = {
  async open(choice) {
    const loaded = await (model ??= loadModel());
    const { device: opened, info } = await openPageDevice(choice); // if this fails, the old one stays
    training?.stop("the device was changed");
    teaching?.stop("the device was changed");
    benching?.abort();
    await Promise.allSettled([trained, teachingDone]);
    await turns.with(() => { // the old one is closed when nobody uses it any more
      live = undefined;
      device?.close();
      device = opened;
      predictor = loaded && new Predictor(loaded, opened);
      if (taught) taught = { ...taught, predictor: new Predictor(taught.predictor.model, opened) };
    });
    return info;
  },
  model: async () => (await (model ??= loadModel()))?.description,
  recognise: (what, by) => turns.with(() => recognise(requirePredictor(by), what)),
  async example(index) {
    const utterance = examples.utterances[index % examples.utterances.length];
    return { samples: (await utterance.read()).samples, name: utterance.id, emotion: utterance.emotion };
  },
  liveBegin(sampleRate, by) {
    live = new LiveRecognition(requirePredictor(by), sampleRate, tell);
    return live.segmentHop;
  },
  liveSamples: (samples, at) => live?.push(samples, at),
  async liveEnd() {
    const ended = live;
    live = undefined;
    return await ended?.end();
  },
  inside: (frames) => turns.with(() => lookInside(requirePredictor(), frames)),
  weights: (layer) => turns.with(() => weightsOf(requirePredictor(), layer)),
  async train(options) {
    training?.control("stop");
    const before = trained, own = training = new PageTraining(options, tell);
    trained = before.catch(() => {}).then(() => turns.with((turn) => own.run(requireDevice(), turn)));
    await trained;
  },
  trainControl: (what) => training?.control(what),
  take: readTake,
  packTakes,
  async teach(classes) {
    teaching?.stop();
    const before = teachingDone, own = teaching = new Teaching(classes, tell);
    const done = before.catch(() => {}).then(() => turns.with((turn) => learn(own, turn)));
    teachingDone = done;
    return await done;
  },
  teachStop: () => teaching?.stop(),
  takeHome() {
    if (!taught) throw new Error(NOTHING_TAUGHT);
    return taught.archive;
  },
  async bench(what, width) {
    benching?.abort();
    const { signal } = benching = new AbortController();
    return await turns.with((turn) => bench(requireDevice(), what, width, { signal, tell, turn }));
  },
  benchStop: () => benching?.abort(new StopError("Stopped")),
  climb: (samples) =>
    turns.with((turn) =>
      climbInPage(samples, async (rungs) => {
        tell({ news: "rungs", rungs });
        await turn.pass();
      })
    ),
};

const examples = openSynthetic(7, { utterances: 20, speakers: 4 });

answerCalls<Ask>(({ ask, args }) => (answers[ask] as (...args: unknown[]) => unknown)(...args));

function requireDevice(): Device {
  if (!device) throw new Error("The engine has no device yet");
  return device;
}

/** Teaches a model and replaces the previous one. */
async function learn(own: Teaching, turn: Turn): Promise<TaughtModel | undefined> {
  const result = await own.run(requireDevice(), turn);
  if (!result) {
    if (own.stopped) throw new Error(`Teaching was stopped: ${own.stopped}`);
    return undefined;
  }
  const { bytes, taught: described } = result, archive = packModel(bytes, described.name);
  const next = new Predictor(decodeModel(bytes, described.name), requireDevice());
  taught?.predictor.close();
  taught = { archive, predictor: next };
  return { ...described, bytes: archive.length };
}

function requirePredictor(by: ModelChoice = "page"): Predictor {
  requireDevice();
  if (by === "taught") {
    if (!taught) throw new Error(NOTHING_TAUGHT);
    return taught.predictor;
  }
  if (!predictor) throw new Error(NO_MODEL);
  return predictor;
}

/** The page's model; undefined if it has none. */
async function loadModel(): Promise<Model | undefined> {
  const get = async (file: string) => {
    const response = await fetch(file);
    if (!response.ok) {
      throw new Error(`${file}: expected a file of the page, found status ${response.status}; build the page again`);
    }
    return new Uint8Array(await response.arrayBuffer());
  };
  const { model } = JSON.parse(new TextDecoder().decode(await get("site.json")));
  if (!model) return undefined;
  const bytes = await Promise.all(MODEL_FILES.map(async (file) => [file, await get(`model/${file}`)] as const));
  return decodeModel(Object.fromEntries(bytes) as ModelBytes, "the page's model");
}
