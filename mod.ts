/**
 * EPR: emotion profiles from speech, refined in stages (Mao, Ching & Lee 2020, arXiv:2008.05259), from the kernels up.
 *
 * Each part is a namespace, and a module of its own besides (`@epr/epr/dsp`, `@epr/epr/nn`, ...):
 *
 * - {@link dsp}: wav files to samples, log-mel frames and segments
 * - {@link corpora}: a folder of recordings to utterances with emotion, speaker and text
 * - {@link kernels}: buffers and what runs on them, on the CPU in WebAssembly and on GPUs in WGSL
 * - {@link nn}: tensors, differentiation, VGG-E, Adam, fitting
 * - {@link forest}: decision trees and random forests
 * - {@link refinery}: emotion profiles, their refinement in stages, cross-validation, accuracies
 * - {@link runs}: an experiment into a folder that other tools read
 *
 * @example
 * ```ts
 * import assert from "@std/assert";
 * import { corpora, refinery } from "@epr/epr";
 * const corpus = await corpora.openCorpus("synthetic", { size: { utterances: 10, speakers: 2 } });
 * const features = await corpora.extractFeatures(corpus, { segmentHop: 6 });
 * const folds = refinery.assignFolds(features.utterances, features.emotions, { ...refinery.PRESETS.demo, folds: 2 });
 * assert.equal(folds.filter((fold) => fold === 0).length, 5);
 * ```
 *
 * @module
 */
export * as corpora from "./corpora/mod.ts";
export * as dsp from "./dsp/mod.ts";
export * as forest from "./forest/mod.ts";
export * as kernels from "./kernels/mod.ts";
export * as nn from "./nn/mod.ts";
export * as refinery from "./refinery/mod.ts";
export * as runs from "./runs/mod.ts";
