/** `export --onnx`: writes a model's ONNX files for other programs of the field. */
import type { Command } from "commander";
import { writeAtomically } from "../files/atomic.ts";
import { readModel } from "../models/mod.ts";

/** Paths of the files. */
export interface OnnxFlags {
  onnx?: string;
  onnxNetwork?: string;
}

/** Adds `--onnx --onnx-network`. */
export function addOnnxOptions(command: Command): Command {
  return command
    .option("--onnx <file>", "write the whole model as one ONNX file: samples at 16 kHz -> profile and emotion")
    .option("--onnx-network <file>", "write only its network: segments of log-mel frames -> probabilities");
}

/** Writes the requested files. @param folder the model's folder @param show prints what was written */
export async function writeOnnx(
  folder: string,
  { onnx, onnxNetwork }: OnnxFlags,
  show: (line: string) => void,
): Promise<void> {
  if (onnx === undefined && onnxNetwork === undefined) return;
  const { encodeNetwork, encodeWhole } = await import("../models/onnx/mod.ts"); // the library is loaded only here
  const model = await readModel(folder);
  for (
    const [file, encode, takes] of [[onnx, encodeWhole, "samples"], [onnxNetwork, encodeNetwork, "segments"]] as const
  ) {
    if (file === undefined) continue;
    const bytes = encode(model);
    await writeAtomically(file, bytes);
    show(`onnx: ${file} (${model.description.name}, takes ${takes}, ${(bytes.length / 1e6).toFixed(1)} MB)`);
  }
}
