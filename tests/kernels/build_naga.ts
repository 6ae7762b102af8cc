/**
 * Builds naga's command with cargo, for `webgpu_translated_test.ts`:
 *
 *     deno run -A tests/kernels/build_naga.ts [FOLDER]
 *
 * FOLDER, outside the checkout, receives it; default: `epr-naga` in the folder for temporary files. It takes a few minutes.
 */
import os from "node:os";
import path from "node:path";
import { NAGA_VERSION } from "./naga.ts";

const folder = path.resolve(Deno.args[0] ?? path.join(os.tmpdir(), "epr-naga"));
const checkout = path.resolve(import.meta.dirname!, "../..");
if (!path.relative(checkout, folder).startsWith("..")) {
  console.error(`Error: FOLDER: expected a folder outside ${checkout}, found ${folder}`);
  Deno.exit(2);
}
const args = ["install", "naga-cli", "--version", NAGA_VERSION, "--locked", "--root", folder];
try {
  const { success } = await new Deno.Command("cargo", { args, stdin: "null" }).spawn().status;
  if (!success) {
    console.error(`Error: cargo ${args.join(" ")} failed: see its messages above`);
    Deno.exit(1);
  }
} catch (error) {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
  console.error("Error: there is no cargo; install Rust (on Debian: apt-get install cargo)");
  Deno.exit(1);
}
console.log(
  `To use it: EPR_NAGA=${path.join(folder, "bin", "naga")} deno task test tests/kernels/webgpu_translated_test.ts`,
);
