/** Gathering windows and rows, as phases, a chunk some of either. */
import type { GatherRows, GatherWindows } from "../kernels.ts";
import type { DeviceBuffer } from "../device.ts";
import { addressOf, checkSizes } from "./buffer.ts";
import type { Phase } from "./layout.ts";
import type { Queue } from "./queue.ts";

const ITEMS = 8;

/** Some windows of a series. */
export const gatherWindowsPart: Phase = (wasm, args, chunk) => {
  const [series, starts, out, batch, height, width, mean, scale] = args;
  for (let i = chunk * ITEMS; i < Math.min(batch, (chunk + 1) * ITEMS); i++) {
    wasm.gatherWindow(series, starts + 4 * i, out + 4 * i * height * width, height, width, mean, scale);
  }
};

/** Enqueues {@link GatherWindows}. */
export function gatherWindows(queue: Queue, args: GatherWindows<DeviceBuffer>): void {
  const { batch, height, width, mean, scale } = args;
  checkSizes({ batch, height, width });
  const series = addressOf(args.series, height * width, "gatherWindows' series");
  const starts = addressOf(args.starts, batch, "gatherWindows' starts");
  const out = addressOf(args.out, batch * height * width, "gatherWindows' out");
  queue.run(gatherWindowsPart, Math.ceil(batch / ITEMS), series, starts, out, batch, height, width, mean, scale);
}

/** Some rows of a table. */
export const gatherRowsPart: Phase = (wasm, [table, rows, out, batch, columns], chunk) => {
  for (let i = chunk * ITEMS; i < Math.min(batch, (chunk + 1) * ITEMS); i++) {
    wasm.gatherRow(table, rows + 4 * i, out + 4 * i * columns, 4 * columns);
  }
};

/** Enqueues {@link GatherRows}. */
export function gatherRows(queue: Queue, args: GatherRows<DeviceBuffer>): void {
  const { batch, columns } = args;
  checkSizes({ batch, columns });
  const table = addressOf(args.table, columns, "gatherRows' table");
  const rows = addressOf(args.rows, batch, "gatherRows' rows");
  const out = addressOf(args.out, batch * columns, "gatherRows' out");
  queue.run(gatherRowsPart, Math.ceil(batch / ITEMS), table, rows, out, batch, columns);
}
