/**
 * Folds batch norms into the layers before them. After training, a batch norm is affine in each channel, and so is the convolution
 * (or dense layer) before it. Both together are one such layer.
 *
 *     gamma (conv(x, w) + b - mean) / sqrt(variance + epsilon) + beta = conv(x, s w) + s (b - mean) + beta,
 *     with s = gamma / sqrt(variance + epsilon)
 */
import { BATCH_NORM } from "./batch_norm.ts";
import { batchNormOf, type VggEOptions, vggEParameters } from "./vgg_e.ts";

/**
 * The weights, by name, of the plain VGG-E that computes the same inference.
 *
 * @param weights weights of a VGG-E, by name; those of a plain one are returned unchanged
 * @param options options of that VGG-E
 * @returns weights for a VGG-E with these options but without `batchNorm` and `batchNormDense`
 */
export function foldBatchNorm(
  weights: Readonly<Record<string, Float32Array>>,
  options: VggEOptions,
): Record<string, Float32Array> {
  const folded: Record<string, Float32Array> = {};
  for (const { name } of vggEParameters({ ...options, batchNorm: false, batchNormDense: false })) {
    const norm = batchNormOf(name.slice(0, -2), options);
    if (norm === undefined) {
      folded[name] = weights[name];
      continue;
    }
    const [gamma, beta, moments] = ["gamma", "beta", "moments"].map((part) => weights[`${norm}.${part}`]);
    const channels = gamma.length;
    const scale = gamma.map((value, o) => value / Math.sqrt(moments[channels + o] + BATCH_NORM.epsilon));
    folded[name] = weights[name].map((value, i) => {
      const o = i % channels;
      return name.endsWith(".w") ? value * scale[o] : (value - moments[o]) * scale[o] + beta[o];
    });
  }
  return folded;
}
