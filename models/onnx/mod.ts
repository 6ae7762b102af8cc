/**
 * A model as ONNX files (https://onnx.ai), which other programs of the field run and Netron displays.
 *
 *     encodeNetwork   segments [N, frames, bands] -> probabilities [N, emotions]: the network alone
 *     encodeWhole     samples [n] at the model's rate -> profile [N, emotions], probabilities [emotions], emotion [1]
 *
 * Loads `@bufbuild/protobuf`; no other part of EPR needs it.
 *
 * @module
 */
import { segmentSeconds } from "../../dsp/segments.ts";
import type { VggEOptions } from "../../nn/vgg_e.ts";
import type { Model } from "../model.ts";
import type { ModelDescription } from "../description.ts";
import { addDecision } from "./decision.ts";
import { addFrontEnd } from "./front_end.ts";
import { OnnxGraph } from "./graph.ts";
import { addNetwork } from "./network.ts";

/**
 * Encodes the network of a model: from segments of log-mel frames, as returned by `dsp.segmentView`, to probabilities.
 *
 * @returns the bytes of an ONNX file with operators of opset 17
 */
export function encodeNetwork(model: Model): Uint8Array<ArrayBuffer> {
  const { frontEnd: { segmentFrames, nMels }, emotions } = model.description;
  const graph = new OnnxGraph();
  const shape = ["segments", segmentFrames, nMels];
  graph.input("segments", "float", shape, "log-mel frames, not standardised: [segments, frames, bands]");
  addNetwork(graph, networkOf(model), "segments", "probabilities");
  graph.output("probabilities", "float", ["segments", emotions.length], aboutRow(emotions));
  return graph.encode(aboutModel(model.description, "network", "Log-mel segments to probabilities of emotions."));
}

/**
 * Encodes a whole model: from samples to the profile, the probabilities and the emotion of the whole.
 *
 * @returns the bytes of an ONNX file with operators of opset 17 and of ai.onnx.ml 3
 * @throws {TypeError} if the front end has a setting that can't be exported
 */
export function encodeWhole(model: Model): Uint8Array<ArrayBuffer> {
  const { frontEnd, segmentHop, emotions } = model.description, graph = new OnnxGraph();
  const least = `mono, ${frontEnd.sampleRate} Hz, full scale 1, best of ${segmentSeconds(frontEnd)} s or more`;
  graph.input("samples", "float", ["samples"], least);
  const segments = addFrontEnd(graph, "samples", frontEnd, segmentHop);
  addDecision(graph, model, addNetwork(graph, networkOf(model), segments, "profile"));
  graph.output("emotion", "string", [1], "the likeliest emotion");
  graph.output("probabilities", "float", [emotions.length], `of the forest: ${aboutRow(emotions)}`);
  graph.output("profile", "float", ["segments", emotions.length], `segment by segment: ${aboutRow(emotions)}`);
  return graph.encode(aboutModel(model.description, "whole", "Speech to its emotion profile and its emotion."));
}

/**
 * Encodes a VGG-E without front end, forest or names of emotions, for benchmarks of other programs.
 *
 * @param weights by the names of `vggEParameters(options)`
 */
export function encodeVggE(
  options: VggEOptions,
  weights: Readonly<Record<string, Float32Array>>,
): Uint8Array<ArrayBuffer> {
  const { height = 64, frames = 32, classes } = options, graph = new OnnxGraph();
  graph.input("segments", "float", ["segments", frames, height], "[segments, frames, bands]");
  addNetwork(graph, { options, weights, standardisation: { mean: 0, deviation: 1 } }, "segments", "probabilities");
  graph.output("probabilities", "float", ["segments", classes], "one row a segment");
  return graph.encode({ name: "VGG-E", text: "VGG-E for a benchmark.", producer: "benchmark", properties: {} });
}

function networkOf({ description: { network: { options }, standardisation }, weights }: Model) {
  return { options, standardisation, weights };
}

const aboutRow = (emotions: readonly string[]) => `probabilities of ${emotions.join(", ")}`;

/** The file's metadata: a text for people, properties for programs. */
function aboutModel(
  { name, emotions, frontEnd, segmentHop, training, certainty, domain, licence, made }: ModelDescription,
  part: string,
  text: string,
) {
  return {
    name: `${name} (${part})`,
    text: `${text} Model: ${name}, trained on ${training.corpus}. Licence: ${licence}`,
    producer: made.epr,
    properties: {
      emotions: JSON.stringify(emotions),
      sample_rate: String(frontEnd.sampleRate),
      front_end: JSON.stringify(frontEnd),
      segment_hop: String(segmentHop),
      ...(certainty && { certainty: JSON.stringify(certainty) }),
      ...(domain && { domain: JSON.stringify(domain) }),
      licence,
      made: `${made.date}: ${made.command}`,
    },
  };
}
