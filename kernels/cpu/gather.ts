/** Gathering of windows, views of windows, and rows, as phases. A chunk is a few of them. */
import { VIEW } from "../table.ts";
import type { Addresses } from "./buffer.ts";
import { phase } from "./layout.ts";
import type { Queue } from "./queue.ts";

const ITEMS = 8;

/** Some windows of a series. */
export const gatherWindowsPart = phase("series starts out batch height width mean scale", (wasm, args, chunk) => {
  const { series, starts, out, batch, height, width, mean, scale } = args;
  for (let i = chunk * ITEMS; i < Math.min(batch, (chunk + 1) * ITEMS); i++) {
    wasm.gatherWindow(series, starts + 4 * i, out + 4 * i * height * width, height, width, mean, scale);
  }
});

/** Enqueues `gatherWindows`. */
export function gatherWindows(queue: Queue, args: Addresses<"gatherWindows">): void {
  queue.run(gatherWindowsPart, Math.ceil(args.batch / ITEMS), args);
}

/** Some views of windows. */
export const gatherViewsPart = phase(
  "series starts views out batch height width mean scale offset key0 key1",
  (wasm, args, chunk) => {
    const { series, starts, views, out, batch, height, width, mean, scale, offset, key0, key1 } = args;
    for (let i = chunk * ITEMS; i < Math.min(batch, (chunk + 1) * ITEMS); i++) {
      const first = i * height * width, view = views + 4 * i * VIEW.length;
      wasm.gatherView(
        ...[series, starts + 4 * i, view, out + 4 * first, height, width, mean, scale, offset, first, key0, key1],
      );
    }
  },
);

/** Enqueues `gatherViews`. */
export function gatherViews(queue: Queue, { key: [key0, key1], ...args }: Addresses<"gatherViews">): void {
  queue.run(gatherViewsPart, Math.ceil(args.batch / ITEMS), { ...args, key0, key1 });
}

/** Some rows of a table. */
export const gatherRowsPart = phase(
  "table rows out batch columns",
  (wasm, { table, rows, out, batch, columns }, chunk) => {
    for (let i = chunk * ITEMS; i < Math.min(batch, (chunk + 1) * ITEMS); i++) {
      wasm.gatherRow(table, rows + 4 * i, out + 4 * i * columns, 4 * columns);
    }
  },
);

/** Enqueues `gatherRows`. */
export function gatherRows(queue: Queue, args: Addresses<"gatherRows">): void {
  queue.run(gatherRowsPart, Math.ceil(args.batch / ITEMS), args);
}
