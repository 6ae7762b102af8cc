/**
 * VGG-E as ONNX nodes: the inference of `nn/vgg_e.ts`. Batch norms are folded into their convolutions.
 *
 *     segments [N, frames, bands] -> (x - mean) / deviation -> [N, 1, bands, frames] -> 16 Conv, 5 MaxPool -> 3 Gemm -> Softmax [N, K]
 *
 * EPR stores activations as NHWC and weights as HWIO; ONNX requires NCHW and OIHW, so the weights are transposed here. The last pool's
 * values are transposed before they are flattened, so the dense layers' weights stay unchanged: [in, out].
 */
import { foldBatchNorm } from "../../nn/fold_batch_norm.ts";
import { BLOCKS, DENSE, type VggEOptions, vggEParameters } from "../../nn/vgg_e.ts";
import type { OnnxGraph } from "./graph.ts";

/** A network to export. */
export interface WrittenNetwork {
  /** The network's options. */
  options: VggEOptions;
  /** By the names of {@linkcode vggEParameters}. */
  weights: Readonly<Record<string, Float32Array>>;
  /** Standardisation of log-mel values: the network's input is (x - mean) / deviation. */
  standardisation: { mean: number; deviation: number };
}

/**
 * Adds the network.
 *
 * @param segments name of the log-mel values, float [segments, segmentFrames, nMels]
 * @param probabilities name of the result, float [segments, emotions]
 */
export function addNetwork(
  graph: OnnxGraph,
  { options, weights, standardisation: { mean, deviation } }: WrittenNetwork,
  segments: string,
  probabilities: string,
) {
  addWeights(graph, foldBatchNorm(weights, options), options);
  graph.constant("mean", Float32Array.of(mean), []);
  graph.constant("scale", Float32Array.of(1 / deviation), []);
  graph.whole("axis.channel", [1]);
  graph.whole("shape.flat", [0, -1]);
  graph.node("Sub", [segments, "mean"], "centred");
  graph.node("Mul", ["centred", "scale"], "standardised");
  graph.node("Transpose", ["standardised"], "bands_first", { perm: [0, 2, 1] });
  let h = graph.node("Unsqueeze", ["bands_first", "axis.channel"], "picture"), layer = 0;
  for (const [block, channels] of BLOCKS.entries()) {
    for (const _ of channels) {
      const conv = `conv${++layer}`;
      graph.node("Conv", [h, `${conv}.w`, `${conv}.b`], conv, { kernel_shape: [3, 3], pads: [1, 1, 1, 1] });
      h = graph.node("Relu", [conv], `${conv}.relu`);
    }
    h = graph.node("MaxPool", [h], `pool${block + 1}`, { kernel_shape: [2, 2], strides: [2, 2] });
  }
  graph.node("Transpose", [h], "channels_last", { perm: [0, 2, 3, 1] });
  h = graph.node("Reshape", ["channels_last", "shape.flat"], "flat");
  for (const i of DENSE.keys()) {
    const dense = `dense${i + 1}`;
    graph.node("Gemm", [h, `${dense}.w`, `${dense}.b`], dense);
    h = graph.node("Relu", [dense], `${dense}.relu`);
  }
  const last = `dense${DENSE.length + 1}`;
  graph.node("Gemm", [h, `${last}.w`, `${last}.b`], "logits");
  return graph.node("Softmax", ["logits"], probabilities, { axis: 1 });
}

function addWeights(graph: OnnxGraph, weights: Readonly<Record<string, Float32Array>>, options: VggEOptions): void {
  for (const { name, shape } of vggEParameters({ ...options, batchNorm: false, batchNormDense: false })) {
    if (shape.length !== 4) graph.constant(name, weights[name], shape);
    else graph.constant(name, outputFirst(weights[name], shape), [shape[3], shape[2], shape[0], shape[1]]);
  }
}

/** HWIO to OIHW. */
function outputFirst(weights: Float32Array, [h, w, inputs, outputs]: readonly number[]): Float32Array {
  const turned = new Float32Array(weights.length);
  for (let o = 0, at = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      for (let place = 0; place < h * w; place++) turned[at++] = weights[(place * inputs + i) * outputs + o];
    }
  }
  return turned;
}
