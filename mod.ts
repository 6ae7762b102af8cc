/**
 * EPR: emotion profiles from speech, refined in stages (Mao, Ching & Lee 2020, arXiv:2008.05259), from the kernels up.
 *
 * The whole job is three calls: {@link openCorpus}, {@link train}, {@link loadModel}. Below them each part is a namespace, and also a module (`@epr/epr/dsp`, `@epr/epr/nn`, ...):
 *
 * - {@link dsp}: wav files to samples, log-mel frames and segments
 * - {@link corpora}: a folder of recordings to utterances with emotion, speaker and text
 * - {@link kernels}: buffers and what runs on them, on the CPU in WebAssembly and on GPUs in WGSL
 * - {@link nn}: tensors, differentiation, VGG-E, Adam, fitting
 * - {@link forest}: decision trees and random forests
 * - {@link refinery}: emotion profiles, their refinement in stages, cross-validation, accuracies
 * - {@link models}: a trained model in a program: load it, predict with it
 * - {@link runs}: run an experiment and write a folder that other tools read
 *
 * Every part throws an {@link OptionError} for an invalid option, and a {@link FileError} for a file with the wrong content.
 *
 * To learn how it works, read `docs/textbook/README.md`. Longer examples (training on your own folder, predicting, another network, the package for Node) are in `docs/library.md`.
 *
 * @example A model of your own
 * ```ts ignore
 * import { loadModel, openCorpus, train } from "@epr/epr";
 * const corpus = await openCorpus("folder", { data: "recordings" }); // a folder an emotion, recordings in it
 * const { results, model } = await train(corpus, { preset: "quick", model: true });
 * console.log(results.stages.at(-1)!.weightedAccuracy);
 * const listener = await loadModel(model!);
 * const { emotion, probability, profile } = await listener.predict(await Deno.readFile("hello.wav"));
 * listener.close();
 * ```
 *
 * @example From recordings to folds
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { corpora, refinery } from "@epr/epr";
 * const corpus = await corpora.openCorpus("synthetic", { size: { utterances: 10, speakers: 2 } });
 * const features = await corpora.extractFeatures(corpus, { segmentHop: 6 });
 * const cv = new refinery.CrossValidation(features, { ...refinery.PRESETS.demo, folds: 2 });
 * assertEquals(cv.heldOut(0).length, 5);
 * ```
 *
 * @example A gradient, by the tape and checked
 * ```ts
 * import { assert } from "@std/assert";
 * import { kernels, nn } from "@epr/epr";
 * const device = await kernels.openDevice({ device: "cpu", threads: 1 });
 * const [report] = await nn.gradientCheck(device, { x: [2, 3] }, (tape, { x }) => tape.relu(x));
 * assert(report.name === "x" && report.error < 0.002);
 * device.close();
 * ```
 *
 * @example One kernel alone
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { kernels } from "@epr/epr";
 * const device = await kernels.openDevice({ device: "cpu", threads: 1 });
 * const [x, y] = [0, 1].map(() => device.allocate(3, "an example"));
 * device.write(x, new Float32Array([1, -2, 3]));
 * device.relu({ x, y, length: 3 });
 * assertEquals(await device.read(y), new Float32Array([1, 0, 3]));
 * device.close();
 * ```
 *
 * @module
 */
export { FileError, type FileFault } from "./base/file_error.ts";
export { OptionError, type OptionFault } from "./base/option_error.ts";
export * as corpora from "./corpora/mod.ts";
export * as dsp from "./dsp/mod.ts";
export * as forest from "./forest/mod.ts";
export * as kernels from "./kernels/mod.ts";
export * as models from "./models/mod.ts";
export * as nn from "./nn/mod.ts";
export * as refinery from "./refinery/mod.ts";
export * as runs from "./runs/mod.ts";
export { openCorpus } from "./corpora/mod.ts";
export { loadModel } from "./models/mod.ts";
export { train, type TrainOptions, type TrainResult } from "./runs/train.ts";
