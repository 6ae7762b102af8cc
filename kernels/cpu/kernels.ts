/** The CPU device's implementation of each kernel of the table. */
import type { Versions } from "../methods.ts";
import type { ConvShape } from "../table.ts";
import { averagePool, averagePoolGradient } from "./average_pool.ts";
import { conv2d, conv2dInputGradient } from "./conv2d.ts";
import { conv2dWeightGradient } from "./conv2d_weight_gradient.ts";
import * as elementwise from "./elementwise.ts";
import { gatherRows, gatherViews, gatherWindows } from "./gather.ts";
import { matmul } from "./matmul.ts";
import { maxPool, maxPoolGradient } from "./max_pool.ts";
import { moments, normalise, normaliseGradient } from "./normalise.ts";
import type { Queue } from "./queue.ts";
import { softmax, softmaxCrossEntropy } from "./softmax.ts";
import {
  takesWinograd,
  type WinogradChoice,
  winogradConv2d,
  winogradInputGradient,
  type WinogradKernel,
} from "./winograd.ts";
import { winogradWeightGradient } from "./winograd_weight_gradient.ts";

/** The context of the kernels. */
export interface CpuContext {
  /** The queue for their phases. */
  readonly queue: Queue;
  /** When convolutions use Winograd's algorithm. */
  readonly winograd: WinogradChoice;
}

/** Enqueues the phases of a kernel. */
type Enqueue<A> = (queue: Queue, args: A) => void;

const always = <A>(enqueue: Enqueue<A>) => ({ queue }: CpuContext, args: A) => enqueue(queue, args);
const either =
  <A extends ConvShape>(kernel: WinogradKernel, winograd: Enqueue<A>, direct: Enqueue<A>) =>
  (context: CpuContext, args: A) =>
    (takesWinograd(args, context.winograd, kernel) ? winograd : direct)(context.queue, args);

/** By the names of the table. */
export const CPU_KERNELS: Versions<CpuContext, number> = {
  conv2d: either("convolution", winogradConv2d, conv2d),
  conv2dInputGradient: either("convolution", winogradInputGradient, conv2dInputGradient),
  conv2dWeightGradient: either("weightGradient", winogradWeightGradient, conv2dWeightGradient),
  maxPool: always(maxPool),
  maxPoolGradient: always(maxPoolGradient),
  averagePool: always(averagePool),
  averagePoolGradient: always(averagePoolGradient),
  matmul: always(matmul),
  columnSums: always(elementwise.columnSums),
  softmax: always(softmax),
  softmaxCrossEntropy: always(softmaxCrossEntropy),
  adam: always(elementwise.adam),
  dropout: always(elementwise.dropout),
  moments: always(moments),
  normalise: always(normalise),
  normaliseGradient: always(normaliseGradient),
  blend: always(elementwise.blend),
  fill: always(elementwise.fill),
  copy: always(elementwise.copy),
  add: always(elementwise.add),
  relu: always(elementwise.relu),
  reluGradient: always(elementwise.reluGradient),
  sum: always(elementwise.sum),
  gatherWindows: always(gatherWindows),
  gatherViews: always(gatherViews),
  gatherRows: always(gatherRows),
};
