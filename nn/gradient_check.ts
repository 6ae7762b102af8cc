/**
 * Whether a gradient is right: what the tape gives against what the function does when one of its inputs moves a little.
 *
 *     L(x) = sum of weights * y(x),  weights drawn at random
 *     D(h) = (L(x + h) - L(x - h)) / 2h          dL/dx = (4 D(h/2) - D(h)) / 3 + O(h^4)
 *
 * The second line (Richardson's extrapolation) lets h be as large as float32 wants it, so that this works on any device. Where
 * D(h) and D(h/2) are far apart the function has a kink within h, such as a ReLU's, and the place says nothing: it is counted
 * and left out. A wrong gradient does not hide so, since both differences then agree, and the tape with neither.
 */
import type { Device } from "../kernels/device.ts";
import { Random } from "../kernels/random.ts";
import { Tape } from "./tape.ts";
import { sizeOf, Tensor } from "./tensor.ts";

/** How closely {@link gradientCheck} looks. */
export interface GradientCheckOptions {
  /** Largest error that is let pass, over the largest number of the gradient. Default 0.002: float32 gives some 0.0002. */
  tolerance?: number;
  /** h, how far an input is moved. Default 1/32: the inputs are normal numbers unless given. */
  step?: number;
  /** Places that are looked at in each input, drawn at random; all where it has no more. Default 40. */
  places?: number;
  /** What inputs, weights and places are drawn by. Default 1. */
  seed?: number;
  /** Values of inputs that are not to be drawn, by name. */
  values?: Record<string, Float32Array>;
}

/** What was found of one input. */
export interface GradientReport {
  /** Its name. */
  name: string;
  /** Largest difference between the tape and finite differences, over the largest number of the gradient. */
  error: number;
  /** Places that were compared. */
  places: number;
  /** Places left out, for a kink within the step. */
  kinks: number;
}

/** Names of inputs, and their shapes. */
export type InputShapes = Readonly<Record<string, readonly number[]>>;

/**
 * Compares the gradients of anything built on a tape with finite differences.
 *
 * @param shapes of its inputs, by name; they are filled with normal numbers
 * @param build puts it on the tape and gives its output, of any shape; it is called many times and is to give the same each time
 * @throws Error where a gradient is wrong, naming the input, the place and both numbers, or where more than half of an
 * input's places have a kink
 *
 * @example An operation of one's own: scores[i, j] = the dot product of a's row i and b's row j
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
    device.fill({ x: gradient, length, value: 0 }); // what no operation uses has none
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

  /** Runs something on a tape of its own. */
  async function withTape<T>(recording: boolean, run: (tape: Tape) => T | Promise<T>): Promise<T> {
    const tape = new Tape(device, { recording });
    try {
      return await run(tape);
    } finally {
      tape.release();
    }
  }

  /** (L(x + h) - L(x - h)) / 2h, in the numbers that float32 has there. */
  async function differenceAt(name: string, place: number, h: number): Promise<number> {
    const held = values[name][place], ends = [Math.fround(held + h), Math.fround(held - h)];
    const sums = await Promise.all(ends.map((end) => {
      device.write(tensors[name].buffer, values[name].with(place, end));
      return withTape(false, (tape) => device.read(build(tape, inputs).buffer));
    }));
    device.write(tensors[name].buffer, values[name]);
    // difference first: sums of many terms would lose its digits
    const rise = weights.reduce((sum, weight, i) => sum + weight * (sums[0][i] - sums[1][i]), 0);
    return rise / (ends[0] - ends[1]);
  }

  /** A draw of places, each once. */
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
