/**
 * Third-party programs that read ONNX files, for tests: the two runtimes in `runtimes/`, a package with its own lock file so that
 * nothing of EPR fetches them, and `onnx`'s checker in Python. Missing ones are named with the command that installs them.
 */
import { join } from "@std/path";

/** The runtimes' output: see `runtimes/run.mjs`. */
export interface RuntimeOutput {
  /** [segments, emotions] of the network alone, on segments.f32. */
  network: number[];
  /** The result of the whole, by file name. */
  recordings: { file: string; emotion: string; probabilities: number[]; profile: number[] }[];
}

const HERE = join(import.meta.dirname!, "runtimes");

/** Why the runtimes can't run here; undefined if they can. EPR_REQUIRE_ONNX=1 makes this a failure instead. */
export async function missingRuntimes(): Promise<string | undefined> {
  if (Deno.env.get("EPR_REQUIRE_ONNX") === "1") return undefined;
  const { stdout } = await output("node", ["--version"]).catch(() => ({ stdout: "" }));
  if (!(Number(stdout.match(/^v(\d+)/)?.[1]) >= 20)) return "Node 20 or later is not here";
  const there = await Deno.stat(join(HERE, "node_modules", "onnxruntime-node")).then(() => true, () => false);
  return there ? undefined : "first: npm ci --ignore-scripts --prefix tests/models/runtimes";
}

/** Runs the ONNX files of a folder. */
export async function runRuntime(
  runtime: "onnxruntime-node" | "onnxruntime-web",
  folder: string,
): Promise<RuntimeOutput> {
  const { success, stdout, stderr } = await output("node", [join(HERE, "run.mjs"), runtime, folder]);
  if (!success) throw new Error(`${runtime}: ${stderr}${stdout}`);
  return JSON.parse(stdout);
}

/** A Python with the package `onnx`: python3, or ONNX_PYTHON. */
export async function pythonWithOnnx(): Promise<string | undefined> {
  const python = Deno.env.get("ONNX_PYTHON") ?? "python3";
  const { success } = await output(python, ["-c", "import onnx"]).catch(() => ({ success: false }));
  return success ? python : undefined;
}

/**
 * Checks a file with `onnx`'s checker, including types and shapes.
 *
 * @returns its nodes, "Conv conv1" and so on
 * @throws {Error} with the checker's message
 */
export async function checkOnnx(python: string, file: string): Promise<string[]> {
  const program = `import json, onnx, sys
onnx.checker.check_model(sys.argv[1], full_check=True)
print(json.dumps([node.op_type + " " + node.name for node in onnx.load(sys.argv[1]).graph.node]))`;
  const { success, stdout, stderr } = await output(python, ["-c", program, file]);
  if (!success) throw new Error(`${file}: ${stderr}`);
  return JSON.parse(stdout);
}

async function output(program: string, args: string[]) {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, stdin: "null" }).output();
  const [out, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { success, stdout: out, stderr: error };
}
