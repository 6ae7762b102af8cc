/**
 * A roofline (Williams, Waterman & Patterson 2009), drawn as SVG text: horizontally a kernel's operations per byte that it
 * must move, vertically its operations per second, both on a logarithmic scale. No kernel can be above
 *
 *     roof(intensity) = min(peak flops, intensity x peak bytes)
 *
 * unless its data are in a cache (under the slope) or its algorithm needs fewer operations than the definition (Winograd).
 */
import type { BenchResults, KernelRow } from "./results.ts";
import { fraction } from "../base/fraction.ts";
import { digits, duration } from "./show.ts";

const WIDTH = 900, HEIGHT = 560;
const PLOT = { left: 80, right: 880, top: 60, bottom: 490 };

/** A colour for each kind of kernel (Okabe & Ito's palette, which colour-blind readers can distinguish). */
const KINDS: readonly (readonly [prefix: string, colour: string])[] = [
  ["conv forward", "#0072B2"],
  ["conv to input", "#D55E00"],
  ["conv to weights", "#009E73"],
  ["pool", "#CC79A7"],
  ["dense", "#E69F00"],
  ["matmul", "#000000"],
  ["softmax", "#56B4E9"],
  ["Adam", "#7F7F7F"],
];

/** A logarithmic axis from one power of ten to another, not necessarily whole. */
interface Axis {
  from: number;
  to: number;
  place: (value: number) => number;
}

function axis(values: readonly number[], start: number, end: number): Axis {
  if (!values.every((value) => value > 0 && value < Infinity)) {
    throw new RangeError(`A logarithmic axis: expected positive numbers, found ${values.join(", ")}`);
  }
  const logs = values.map(Math.log10), room = 0.15;
  const from = Math.min(...logs) - room, to = Math.max(...logs) + room;
  return { from, to, place: (value) => start + (Math.log10(value) - from) / (to - from) * (end - start) };
}

/** The picture. It leaves out kernels without operations (the no-op). */
export function drawRoofline(results: BenchResults): string {
  const { peaks, kernels, machine, date } = results;
  const rows = kernels.filter(({ flops, bytes }) => flops > 0 && bytes > 0);
  const peak = peaks.flops.median, slope = peaks.bytes.median, ridge = peak / slope;
  const speed = ({ flops, seconds }: KernelRow) => flops / seconds.median;
  const intensity = ({ flops, bytes }: KernelRow) => flops / bytes;
  const x = axis([...rows.map(intensity), ridge / 10, ridge * 10], PLOT.left, PLOT.right);
  const y = axis([...rows.map(speed), peak], PLOT.bottom, PLOT.top);

  const [left, right] = [10 ** x.from, 10 ** x.to];
  const floor = 10 ** y.from;
  // the roof begins where the slope meets the floor, if that is inside
  const begin = Math.max(left, floor / slope);
  const roof = [[begin, begin * slope], [ridge, peak], [right, peak]]
    .map(([i, f]) => `${x.place(i).toFixed(1)},${y.place(f).toFixed(1)}`).join(" ");
  const present = KINDS.filter(([prefix]) => rows.some(({ name }) => name.startsWith(prefix)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="13">`,
    `<title>Roofline of ${escape(machine.processor)}, ${escape(machine.description)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    text(PLOT.left, 24, `${machine.processor}, ${machine.device}: ${machine.description}`, 'font-weight="bold"'),
    text(
      PLOT.left,
      44,
      `${date.slice(0, 10)}, width ${fraction(results.settings.width)}, batch ${results.settings.batch}`,
    ),
    ...grid(x, y),
    `<polyline points="${roof}" fill="none" stroke="black" stroke-width="2"/>`,
    // the label is at the ridge, where kernels are few: most are far to its right or left
    text(x.place(ridge) + 4, y.place(peak) - 8, `${digits(peak / 1e9)} GFLOP/s in registers`),
    text(x.place(ridge / 3) + 12, y.place(peak / 3) + 6, `${digits(slope / 1e9)} GB/s copied`),
    ...rows.map((row) => dot(x.place(intensity(row)), y.place(speed(row)), row)),
    ...present.map(([prefix, colour], i) => {
      const before = present.slice(0, i).reduce((letters, [prefix]) => letters + prefix.length, 0);
      const at = PLOT.left + 20 + 30 * i + 7.5 * before;
      return `<circle cx="${at}" cy="${HEIGHT - 14}" r="5" fill="${colour}"/>` + text(at + 9, HEIGHT - 10, prefix);
    }),
    "</svg>",
    "",
  ].join("\n");
}

function grid(x: Axis, y: Axis): string[] {
  const lines: string[] = [];
  const line = (x1: number, y1: number, x2: number, y2: number) =>
    `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="#ddd"/>`;
  for (let power = Math.ceil(x.from); power <= x.to; power++) {
    const at = x.place(10 ** power);
    lines.push(line(at, PLOT.top, at, PLOT.bottom));
    lines.push(text(at, PLOT.bottom + 18, label(10 ** power), 'text-anchor="middle"'));
  }
  for (let power = Math.ceil(y.from); power <= y.to; power++) {
    const at = y.place(10 ** power);
    lines.push(line(PLOT.left, at, PLOT.right, at));
    lines.push(text(PLOT.left - 8, at + 4, label(10 ** power / 1e9), 'text-anchor="end"'));
  }
  const middle = (PLOT.top + PLOT.bottom) / 2;
  lines.push(text((PLOT.left + PLOT.right) / 2, PLOT.bottom + 36, "operations per byte", 'text-anchor="middle"'));
  lines.push(text(20, middle, "GFLOP/s", `text-anchor="middle" transform="rotate(-90 20 ${middle})"`));
  return lines;
}

const label = (value: number) => value >= 1 ? value.toLocaleString("en") : digits(value, 1);

/** A dot with a tooltip. */
function dot(x: number, y: number, { name, layer, shape, flops, seconds }: KernelRow): string {
  const colour = KINDS.find(([prefix]) => name.startsWith(prefix))?.[1] ?? "black";
  const title = `${name} ${layer} ${shape}: ${digits(flops / seconds.median / 1e9)} GFLOP/s, ${
    duration(seconds.median)
  }`;
  return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="5" fill="${colour}" fill-opacity="0.75">` +
    `<title>${escape(title)}</title></circle>`;
}

const text = (x: number, y: number, content: string, attributes = "") =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escape(content)}</text>`;

function escape(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
