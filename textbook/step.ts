/** Chapter 8: one training step, from the command down to the kernels and back. The shapes come from `summarise()`. */
import { summarise } from "../nn/vgg_e.ts";
import { PRESETS } from "../refinery/presets.ts";
import { arrow, box, diagram, words } from "./diagram.ts";
import { BLUE, OCHRE, RED } from "./style.ts";

/** Rows of the picture: the operation, its file, and the resulting shape. */
export function stepRows(): { what: string; file: string; shape: string }[] {
  const { width, batch } = PRESETS.demo, layers = summarise({ classes: 5, width });
  const shape = (name: string) => `[${[batch, ...layers.find((layer) => layer.name === name)!.output].join(", ")}]`;
  return [
    { what: "the command", file: "cli/train.ts", shape: "options" },
    { what: "the experiment", file: "runs/experiment.ts", shape: "folds x stages" },
    { what: "a chain of one fold", file: "refinery/chain.ts", shape: "labels" },
    { what: "epochs", file: "nn/fit.ts", shape: "an order of segments" },
    { what: "a step", file: "nn/pass.ts", shape: `${batch} segments` },
    { what: "the batch is cut out", file: "refinery/segment_dataset.ts", shape: `[${batch}, 64, 32, 1]` },
    { what: "first convolution", file: "nn/vgg_e.ts", shape: shape("conv1") },
    { what: "last pool", file: "nn/vgg_e.ts", shape: shape("pool5") },
    { what: "logits", file: "nn/vgg_e.ts", shape: shape("dense3") },
    { what: "the loss", file: "kernels/", shape: "a number" },
  ];
}

/** Draws the figure. */
export function stepFigure(): Promise<string> {
  const parts: string[] = [], rows = stepRows(), step = 31;
  rows.forEach(({ what, file, shape }, i) => {
    const y = 4 + i * step, last = i === rows.length - 1;
    parts.push(box(4, y, 132, 22, what, { colour: last ? RED : i < 5 ? OCHRE : BLUE }));
    parts.push(words(146, y + 9, file, { size: 10 }), words(146, y + 20, shape, { size: 10 }));
    if (!last) parts.push(arrow(48, y + 22, 48, y + step));
    if (i >= 7) parts.push(arrow(92, y, 92, y - step + 22, RED)); // gradients go up as far as there are weights
  });
  const y = 4 + rows.length * step + 6;
  parts.push(box(4, y, 132, 22, "Adam", { colour: RED }), words(146, y + 9, "nn/adam.ts", { size: 10 }));
  parts.push(words(146, y + 20, "every weight moves", { size: 10 }), arrow(70, y - 15, 70, y, RED));
  return Promise.resolve(diagram(300, y + 28, parts));
}
