/**
 * Chapter 7: a tile, a strip and a panel (on the CPU), and a workgroup, a subgroup and a lane (on a GPU), drawn with the sizes
 * of the ladder's files.
 */
import { LADDER } from "../kernels/webgpu/ladder.ts";
import { box, diagram, words } from "./diagram.ts";
import { BLUE, GREEN, OCHRE, RED } from "./style.ts";

/** Rows of a strip, columns of a panel: `kernels/wat/gemm.wat`. */
const STRIP = 5, PANEL = 8;
/** Pixels of a matrix's edge. */
const EDGE = 84;
/** Thickness of the box that serves as a line: a box without thickness is not drawn. */
const HAIR = 0.01;

/** Draws the figure. */
export function tilesFigure(): Promise<string> {
  const unit = EDGE / 20, parts: string[] = [];
  const matrix = (x: number, y: number, name: string) => {
    parts.push(words(x, y - 4, name, { size: 9 }), box(x, y, EDGE, EDGE));
  };
  // c = a b, each 20 x 20: the second strip times the second panel makes one tile
  const y = 20, [a, b, c] = [4, 102, 200];
  matrix(a, y, "a: strips, 5 rows");
  matrix(b, y, "b: panels, 8 columns");
  matrix(c, y, "c: tiles, 5 x 8");
  for (let row = STRIP; row < 20; row += STRIP) parts.push(box(a, y + row * unit, EDGE, HAIR));
  for (let column = PANEL; column < 20; column += PANEL) parts.push(box(b + column * unit, y, HAIR, EDGE));
  parts.push(box(a, y + STRIP * unit, EDGE, STRIP * unit, "strip", { colour: BLUE, opacity: 0.4, size: 10 }));
  parts.push(box(b + PANEL * unit, y, PANEL * unit, EDGE, "panel", { colour: OCHRE, opacity: 0.4, size: 10 }));
  const tile = [c + PANEL * unit, y + STRIP * unit, PANEL * unit, STRIP * unit] as const;
  parts.push(box(...tile, "tile", { colour: RED, opacity: 0.4, size: 10 }));

  // the GPU: workgroups divide c, lanes divide a workgroup's tile
  const { source, tile: edge } = LADDER[2], lanes = Number(source.match(/@workgroup_size\((\d+)\)/)![1]);
  const top = 140, side = Math.sqrt(edge ** 2 / lanes), across = edge / side, cell = EDGE / across;
  parts.push(words(a, top - 4, "c: workgroups", { size: 9 }), box(a, top, EDGE, EDGE));
  for (let i = 0; i < 16; i++) {
    const own = i === 5;
    parts.push(box(a + (i % 4) * EDGE / 4, top + Math.floor(i / 4) * EDGE / 4, EDGE / 4, EDGE / 4, "", {
      colour: own ? GREEN : "none",
      opacity: 0.5,
    }));
  }
  parts.push(
    words(b, top - 4, `its ${lanes} lanes`, { size: 9 }),
    box(b, top, EDGE, EDGE, "", { colour: GREEN, opacity: 0.2 }),
  );
  for (let i = 0; i < across; i++) {
    parts.push(box(b + i * cell, top, HAIR, EDGE), box(b, top + i * cell, EDGE, HAIR));
  }
  parts.push(box(b, top, EDGE, 2 * cell, "a subgroup", { colour: BLUE, opacity: 0.5, size: 9 })); // 32 lanes: two rows
  parts.push(words(c, top - 4, `a lane: ${side} x ${side} sums`, { size: 9 }));
  for (let i = 0; i < side ** 2; i++) {
    const [column, row] = [i % side, Math.floor(i / side)];
    parts.push(box(c + column * EDGE / side, top + row * EDGE / side, EDGE / side, EDGE / side, "", { colour: RED }));
  }
  return Promise.resolve(diagram(300, top + EDGE + 4, parts));
}
