/** A model and a terminal for tests of `deno task predict` and `deno task evaluate`. */
import { basename, join } from "@std/path";
import { writeModel } from "../../models/write_folder.ts";
import { withFolder } from "../corpora/folders.ts";
import { cpu } from "../devices.ts";
import { trainTinyModel } from "../models/tiny_model.ts";

export const device = await cpu.open();
export const { bytes, model } = await trainTinyModel(device);
export const { emotions } = model.description;

/** Starts a task, whose standard input, output and error are pipes. */
export function spawn(args: string[], task = "predict"): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-P=predict", `cli/${task}.ts`, ...args],
    cwd: join(import.meta.dirname!, "..", ".."),
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Runs a task to its end, with `input` on standard input. */
export async function predict(args: string[], input: Uint8Array = new Uint8Array(), task?: string) {
  const child = spawn(args, task), output = child.output(), writer = child.stdin.getWriter();
  await writer.write(input).then(() => writer.close()).catch(() => {}); // it may have ended without reading
  const { code, stdout, stderr } = await output;
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** Runs `body` with a folder of files, and the options for the tiny model, which is outside that folder. */
export async function withModel(
  files: Record<string, string | Uint8Array | null>,
  body: (dir: string, options: string[]) => Promise<void>,
): Promise<void> {
  await withFolder(files, async (dir) => {
    const folder = join(dir, "..", `${basename(dir)}-model`);
    try {
      await writeModel(folder, bytes);
      await body(dir, ["--model", folder, "--device", "cpu", "--threads", "1", "--quiet"]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
