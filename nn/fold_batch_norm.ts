/**
 * Batch norms that no longer learn are affine, channel by channel, and so is the convolution (or dense layer) before: both are one.
 *
 *     gamma (conv(x, w) + b - mean) / sqrt(variance + epsilon) + beta = conv(x, s w) + s (b - mean) + beta,
 *     with s = gamma / sqrt(variance + epsilon)
 */
import { BATCH_NORM } from "./tape.ts";
import { batchNormOf, type VggEOptions, vggEParameters } from "./vgg_e.ts";

/**
 * The weights of the plain VGG-E that computes what this one does in inference, by name.
 *
 * @param weights of a VGG-E, by name; those of a plain one come back as they are
 * @param options of it
 * @returns for a VGG-E of these options without `batchNorm` and `batchNormDense`
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
