/**
 * Checks a gradient: compares the tape's result with the function's change when one of its inputs moves slightly.
 *
 *     L(x) = sum of weights * y(x),  weights drawn at random
 *     D(h) = (L(x + h) - L(x - h)) / 2h          dL/dx = (4 D(h/2) - D(h)) / 3 + O(h^4)
 *
 * The second line (Richardson's extrapolation) allows an h large enough for float32, so this works on any device. If D(h) and
 * D(h/2) differ a lot, the function has a kink within h, such as a ReLU's. Such a place is inconclusive: it is counted and
 * left out. This can't hide a wrong gradient, since then both differences agree with each other but not with the tape.
 */
import type { Device } from "../kernels/device.ts";
import { Random } from "../kernels/random.ts";
import { Tape } from "./tape.ts";
import { sizeOf, Tensor } from "./tensor.ts";

/** Options of {@link gradientCheck}. */
export interface GradientCheckOptions {
  /**
   * Largest accepted error, relative to the largest number of the gradient. Default 0.002: float32 gives about 0.0002.
   */
  tolerance?: number;
  /** h, the distance that an input moves. Default 1/32: the inputs are normally distributed unless given. */
  step?: number;
  /** Places to check in each input, drawn at random; all if it has fewer. Default 40. */
  places?: number;
  /** Seed of the inputs, weights and places. Default 1. */
  seed?: number;
  /** Values of inputs that are given instead of drawn, by name. */
  values?: Record<string, Float32Array>;
}

/** Result for one input. */
export interface GradientReport {
  /** Its name. */
  name: string;
  /** Largest difference between the tape and finite differences, relative to the largest number of the gradient. */
  error: number;
  /** Number of compared places. */
  places: number;
  /** Number of places left out because of a kink within the step. */
  kinks: number;
}

/** Names of inputs, and their shapes. */
export type InputShapes = Readonly<Record<string, readonly number[]>>;

/**
 * Compares the gradients of anything built on a tape with finite differences.
 *
 * @param shapes shapes of its inputs, by name; they are filled with normally distributed numbers
 * @param build records the operation on the tape and returns its output, of any shape; called many times, with the same result each time
 * @throws Error if a gradient is wrong, with the input, the place and both numbers, or if more than half of an
 * input's places have a kink
 *
 * @example Your own operation: scores[i, j] = the dot product of a's row i and b's row j
 * ```ts
 * import { assert } from "@std/assert";
 * import { kernels, nn } from "@epr/epr";
 * const device = await kernels.openDevice({ device: "cpu", threads: 1 });
 *
 * function scores(tape: nn.Tape, a: nn.Tensor, b: nn.Tensor): nn.Tensor {
 *   const [[m, k], [n]] = [a.shape, b.shape];
 *   return tape.operation([a, b], [m, n], {
 *     forward: (c) => device.matmul({ a: a.buffer, b: b.buffer, transposeB: true, c, m, n, k }),
 *     gradients: [
 *       (dy, c) => device.matmul({ a: dy, b: b.buffer, c, m, n: k, k: n }), // da = dy b
 *       (dy, c) => device.matmul({ a: dy, transposeA: true, b: a.buffer, c, m: n, n: k, k: m }), // db = dy^T a
 *     ],
 *   });
 * }
 *
 * const reports = await nn.gradientCheck(device, { a: [4, 6], b: [5, 6] }, (tape, { a, b }) => scores(tape, a, b));
 * assert(reports.every(({ error, places }) => error < 0.002 && places > 20));
 * device.close();
 * ```
 */
export async function gradientCheck<S extends InputShapes>(
  device: Device,
  shapes: S,
  build: (tape: Tape, inputs: Record<keyof S, Tensor>) => Tensor,
  options: GradientCheckOptions = {},
): Promise<GradientReport[]> {
  const { tolerance = 0.002, step = 1 / 32, places = 40, seed = 1 } = options;
  const names = Object.keys(shapes), values: Record<string, Float32Array> = {}, tensors: Record<string, Tensor> = {};
  for (const [i, name] of names.entries()) {
    const shape = shapes[name], length = sizeOf(shape), random = new Random(seed, i);
    values[name] = options.values?.[name] ?? Float32Array.from({ length }, () => random.normal());
    const [buffer, gradient] = [0, 1].map(() => device.allocate(length, `input ${name} of a gradient check`));
    tensors[name] = new Tensor(shape, buffer, { requiresGradient: true, gradient });
    device.fill({ x: gradient, length, value: 0 }); // an input that no operation uses has gradient zero
    device.write(buffer, values[name]);
  }
  const inputs = tensors as Record<keyof S, Tensor>;
  let weights = new Float32Array(0);
  try {
    await withTape(true, (tape) => {
      const y = build(tape, inputs), random = new Random(seed, names.length);
      weights = Float32Array.from({ length: y.length }, () => random.normal());
      const dy = device.allocate(y.length, "weights of a gradient check");
      device.write(dy, weights);
      tape.backward(y, dy);
      device.release(dy);
    });
    const reports: GradientReport[] = [];
    for (const [i, name] of names.entries()) {
      const found = await device.read(tensors[name].gradient!), where = draw(found.length, new Random(seed, i, 1));
      const differences: { place: number; coarse: number; difference: number }[] = [];
      for (const place of where) {
        const [coarse, fine] = await Promise.all([step, step / 2].map((h) => differenceAt(name, place, h)));
        differences.push({ place, coarse, difference: (4 * fine - coarse) / 3 });
      }
      reports.push(judge(name, found, differences));
    }
    return reports;
  } finally {
    for (const { buffer, gradient } of Object.values(tensors)) {
      device.release(buffer);
      device.release(gradient!);
    }
  }

  /** Runs a function on a new tape. */
  async function withTape<T>(recording: boolean, run: (tape: Tape) => T | Promise<T>): Promise<T> {
    const tape = new Tape(device, { recording });
    try {
      return await run(tape);
    } finally {
      tape.release();
    }
  }

  /** (L(x + h) - L(x - h)) / 2h, with h as float32 rounds it there. */
  async function differenceAt(name: string, place: number, h: number): Promise<number> {
    const held = values[name][place], ends = [Math.fround(held + h), Math.fround(held - h)];
    const sums = await Promise.all(ends.map((end) => {
      device.write(tensors[name].buffer, values[name].with(place, end));
      return withTape(false, (tape) => device.read(build(tape, inputs).buffer));
    }));
    device.write(tensors[name].buffer, values[name]);
    // subtract first: the sums of many terms would lose the difference's digits
    const rise = weights.reduce((sum, weight, i) => sum + weight * (sums[0][i] - sums[1][i]), 0);
    return rise / (ends[0] - ends[1]);
  }

  /** Draws distinct places. */
  function draw(length: number, random: Random): Int32Array {
    return random.shuffle(Int32Array.from({ length }, (_, i) => i)).subarray(0, places);
  }

  function judge(
    name: string,
    found: Float32Array,
    differences: readonly { place: number; coarse: number; difference: number }[],
  ): GradientReport {
    const size = Math.max(
      1e-30,
      ...differences.flatMap(({ place, difference }) => [found[place], difference]).map(Math.abs),
    );
    const smooth = differences.filter(({ coarse, difference }) =>
      !(Math.abs(coarse - difference) > 5 * tolerance * size)
    );
    const kinks = differences.length - smooth.length;
    if (2 * kinks > differences.length) {
      throw new Error(
        `${kinks} of ${differences.length} places of ${name} have a kink within ${step}: a smaller step may do`,
      );
    }
    let error = 0;
    for (const { place, difference } of smooth) {
      const own = Math.abs(found[place] - difference) / size;
      if (!(own <= tolerance)) {
        throw new Error(
          `The gradient to ${name} [${shapes[name]}] is wrong at number ${place}: the tape has ${
            found[place].toPrecision(4)
          }, finite differences ${difference.toPrecision(4)}`,
        );
      }
      error = Math.max(error, own);
    }
    return { name, error, places: smooth.length, kinks };
  }
}
