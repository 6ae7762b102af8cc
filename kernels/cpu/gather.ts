/** Gathering windows, views of windows, and rows, as phases, a chunk some of either. */
import { type GatherRows, type GatherViews, type GatherWindows, VIEW } from "../kernels.ts";
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

/** Some views of windows. */
export const gatherViewsPart: Phase = (wasm, args, chunk) => {
  const [series, starts, views, out, batch, height, width, mean, scale, offset, key0, key1] = args;
  for (let i = chunk * ITEMS; i < Math.min(batch, (chunk + 1) * ITEMS); i++) {
    const first = i * height * width, view = views + 4 * i * VIEW.length;
    wasm.gatherView(
      ...[series, starts + 4 * i, view, out + 4 * first, height, width, mean, scale, offset, first, key0, key1],
    );
  }
};

/** Enqueues {@link GatherViews}. */
export function gatherViews(queue: Queue, args: GatherViews<DeviceBuffer>): void {
  const { batch, height, width, mean, scale, offset, key: [key0, key1] } = args;
  checkSizes({ batch, height, width });
  const series = addressOf(args.series, height, "gatherViews' series");
  const starts = addressOf(args.starts, batch, "gatherViews' starts");
  const views = addressOf(args.views, batch * VIEW.length, "gatherViews' views");
  const out = addressOf(args.out, batch * height * width, "gatherViews' out");
  const sizes = [batch, height, width, mean, scale, offset, key0, key1];
  queue.run(gatherViewsPart, Math.ceil(batch / ITEMS), series, starts, views, out, ...sizes);
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
