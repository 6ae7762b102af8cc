/** Chapter 9: a global average pool, forward and backward, in numbers from the definitions. */
import { reference } from "../kernels/reference.ts";
import { arrow, box, diagram, words } from "./diagram.ts";
import { BLUE, RED, round } from "./style.ts";

const SHAPE = { batch: 1, height: 2, width: 3, channels: 2 }, CELL = 30;

/** Draws the figure. */
export function layerFigure(): Promise<string> {
  const x = Float64Array.of(1, 0, 2, 0, 3, 6, 4, 0, 5, 0, 9, 6); // [2, 3, 2]: the channels of a pixel are adjacent
  const y = new Float64Array(2), dy = Float64Array.of(1.2, -0.6), dx = new Float64Array(12);
  reference.averagePool({ ...SHAPE, x, y });
  reference.averagePoolGradient({ ...SHAPE, dy, dx, mask: x });
  const parts: string[] = [];
  const image = (top: number, values: Float64Array, colour: string, channel: number) => {
    for (let pixel = 0; pixel < 6; pixel++) {
      const [left, down] = [4 + (pixel % 3) * CELL, top + Math.floor(pixel / 3) * CELL];
      const value = round(values[2 * pixel + channel], 2);
      parts.push(box(left, down, CELL, CELL, String(value), { colour, opacity: value ? 0.3 : 0, size: 10 }));
    }
  };
  const row = (top: number, channel: number) => {
    parts.push(words(4, top - 5, `x, channel ${channel + 1}`), words(172, top - 5, "y"));
    image(top, x, BLUE, channel);
    parts.push(
      arrow(102, top + CELL, 160, top + CELL),
      words(131, top + CELL - 5, "mean", { anchor: "middle", size: 10 }),
    );
    parts.push(box(168, top + CELL / 2, CELL, CELL, String(round(y[channel], 2)), { colour: BLUE, size: 10 }));
  };
  row(18, 0);
  row(104, 1);
  const top = 190;
  parts.push(words(4, top - 5, "dx, channel 2, where x > 0"), words(172, top - 5, "dy"));
  image(top, dx, RED, 1);
  parts.push(
    arrow(160, top + CELL, 102, top + CELL, RED),
    words(131, top + CELL - 5, "/ 6", { anchor: "middle", size: 10 }),
  );
  parts.push(box(168, top + CELL / 2, CELL, CELL, String(dy[1]), { colour: RED, size: 10 }));
  return Promise.resolve(diagram(220, top + 2 * CELL + 4, parts));
}
