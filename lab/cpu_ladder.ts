/**
 * The CPU's ladder: how the micro-kernel of `kernels/wat/gemm.wat` becomes fast, rung by rung, on one core. Every rung computes
 * the same product, [240, 256] by [256, 64], of operands in the second-level cache in the rung's layout. Each adds one idea,
 * which its file explains. The rungs take turns, so a temporary slowdown affects all of them.
 */
import { hasRelaxedSimd } from "../kernels/cpu/binary.ts";
import { INITIAL_PAGES } from "../kernels/cpu/layout.ts";
import type { Simd } from "../kernels/cpu/template.ts";
import { reference } from "../kernels/reference.ts";
import { Random } from "../kernels/random.ts";
import { formatTable, percent } from "../report/table.ts";
import { digits } from "./show.ts";
import { type Spread, spread } from "./timing.ts";

const [M, K, N] = [240, 256, 64];
const FLOPS = 2 * M * K * N;
/** Operations per round of `peak.wat`, and rounds per sample. */
const PEAK_FLOPS = 8 * 12 * 4 * 2, PEAK_ROUNDS = 2 ** 15;

/** One rung. */
export interface Rung {
  /** The idea that it adds. */
  name: string;
  /** Its file, relative to `kernels/wat/`. */
  file: string;
  /** Operations per second. */
  flops: Spread;
  /** The same as a share of a core's peak in registers. */
  ofPeak: number;
  /** Largest difference from the definition over its largest value. */
  error: number;
}

/** The assembled modules of the ladder: bytes by name. See `ladder_modules.ts`. */
export type LadderModules = Readonly<Record<string, Uint8Array<ArrayBuffer>>>;

/** Options of the ladder. */
export interface ClimbOptions {
  /** Samples per rung. */
  samples: number;
  /** Whether the modules were assembled for a shared memory. Default: yes. */
  shared?: boolean;
  /** Receives all rungs measured so far, after each counted turn; the next turn awaits it. */
  onTurn?: (rungs: Rung[], turn: number) => Promise<void>;
  /** Aborts between two turns. */
  signal?: AbortSignal;
}

/** The multiply-add that this engine's ladder uses. */
export const ladderSimd = (): Simd => hasRelaxedSimd() ? "relaxed" : "plain";

/**
 * Runs the ladder: the peak, then each rung in turn.
 *
 * @param modules assembled for {@link ladderSimd}
 * @throws the signal's reason if aborted, and whatever `onTurn` throws
 */
export async function climbCpuLadder(
  modules: LadderModules,
  { samples, shared = true, onTurn, signal }: ClimbOptions,
): Promise<Rung[]> {
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 64, shared });
  const kernels = await instantiate(modules, memory);
  // memory after the panels' places: a and b unchanged, rows of strips, panels, results, a table
  const a = INITIAL_PAGES * 65536, b = a + 4 * M * K, rows = b + 4 * K * N, panels = rows + 4 * M * K;
  const c = panels + 4 * K * N, table = c + 4 * M * N;
  const [x, y, out] = [[a, M * K], [b, K * N], [c, M * N]].map(([at, n]) => new Float32Array(memory.buffer, at, n));
  const random = new Random(3);
  for (const values of [x, y]) values.forEach((_, i) => values[i] = random.normal());
  kernels.packColumns(b, panels, K, N, 4 * N);
  kernels.packStrips(a, 4 * K, M, 64, rows, K / 64, 256, 4 * M * 64);
  new Uint32Array(memory.buffer, table, M).forEach((_, i, at) => at[i] = a + 4 * K * i);

  const climb: { name: string; file: string; run: () => void }[] = [
    { name: "one value", file: "ladder/one_value.wat", run: () => kernels.oneValue(a, b, c, M, N, K) },
    { name: "four columns", file: "ladder/four_columns.wat", run: () => kernels.fourColumns(a, b, c, M, N, K) },
    {
      name: "6 x 8 sums in registers",
      file: "conv2d.wat",
      run() {
        for (let n = 0; n < N; n += 8) {
          kernels.tiles(table, M, 1, 0, K, panels + 4 * K * n, c + 4 * n, 4 * N, 8, 0, 0, 0, 0, table + 4 * M);
        }
      },
    },
    {
      name: "5 x 8, rows as strips",
      file: "ladder/five_by_eight.wat",
      run() { // strips are laid out for 64 steps at a time; this rung does not accumulate, so they can pass for 4 times as many rows
        for (let n = 0; n < N; n += 8) kernels.fiveByEight(rows, M, K, panels + 4 * K * n, c + 4 * n, 4 * N);
      },
    },
    {
      name: "the panel at a known address",
      file: "gemm.wat",
      run: () => kernels.products(rows, 4 * M * 64, M, panels, 32 * K, N / 8, K, c, 4 * N, 0),
    },
  ];
  const wholeStrips = () => kernels.packStrips(a, 4 * K, M, K, rows, 1, 0, 0);
  const halfStrips = () => kernels.packStrips(a, 4 * K, M, 64, rows, K / 64, 256, 4 * M * 64);
  const expected = new Float64Array(M * N);
  reference.matmul({ a: Float64Array.from(x), b: Float64Array.from(y), c: expected, m: M, n: N, k: K });
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

  const rates: number[][] = climb.map(() => []), peaks: number[] = [], errors: number[] = [];
  const rate = (run: () => void, flops: number) => {
    const start = performance.now();
    let calls = 0;
    do run(); while (++calls < 4 || performance.now() - start < 10);
    return 1000 * calls * flops / (performance.now() - start);
  };
  const rungs = () => {
    const roof = spread(peaks).median;
    return climb.map(({ name, file }, i): Rung => {
      const flops = spread(rates[i]);
      return { name, file, flops, ofPeak: flops.median / roof, error: errors[i] };
    });
  };
  for (let turn = -3; turn < samples; turn++) { // three uncounted turns, until the engine has compiled its fast code
    signal?.throwIfAborted();
    const fastest = rate(() => kernels.run(PEAK_ROUNDS, 0.999), PEAK_ROUNDS * PEAK_FLOPS);
    if (turn >= 0) peaks.push(fastest);
    climb.forEach(({ file, run }, i) => {
      (file.endsWith("five_by_eight.wat") ? wholeStrips : halfStrips)();
      out.fill(NaN);
      run();
      errors[i] = expected.reduce((most, value, j) => Math.max(most, Math.abs(out[j] - value)), 0) / largest;
      const flops = rate(run, FLOPS);
      if (turn >= 0) rates[i].push(flops);
    });
    if (turn >= 0) await onTurn?.(rungs(), turn);
  }
  return rungs();
}

/** The ladder as a table. */
export function describeCpuLadder(rungs: readonly Rung[]): string {
  const rows = rungs.map(({ name, file, flops, ofPeak, error }, i) => [
    String(i + 1),
    name,
    `kernels/wat/${file}`,
    digits(flops.median / 1e9),
    `${digits(flops.lower / 1e9)} to ${digits(flops.upper / 1e9)}`,
    percent(ofPeak),
    error.toExponential(1),
  ]);
  const head = ["rung", "what it adds", "file", "GFLOP/s", "quartiles", "of FMA", "error"];
  return `one core, [${M}, ${K}] by [${K}, ${N}], ${rungs[0].flops.count} samples in turn\n\n${
    formatTable(head, rows)
  }`;
}

/** Instantiates every module on one memory and returns the functions by name. */
async function instantiate(
  modules: LadderModules,
  memory: WebAssembly.Memory,
): Promise<Record<string, (...args: number[]) => void>> {
  const made = Object.values(modules).map((bytes) => WebAssembly.instantiate(bytes, { env: { memory } }));
  return Object.assign({}, ...(await Promise.all(made)).map(({ instance }) => instance.exports));
}
