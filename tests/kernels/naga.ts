/**
 * naga's command: translates WGSL to the languages of Metal (MSL) and of Direct3D 12 (HLSL), as Deno does on macOS and Windows. Here it
 * shows that these two backends accept a kernel, on a machine that has neither.
 *
 * `build_naga.ts` builds it. It is found through EPR_NAGA, else on PATH.
 */
import path from "node:path";

/** The naga that Deno 2.9.6 contains. */
export const NAGA_VERSION = "29.0.3";

/**
 * Indices are restricted, as Deno's WebGPU does. HLSL 6.0 and MSL 2.4 are the first that have subgroups and all that the kernels need.
 */
const OPTIONS = [
  ...["--index-bounds-check-policy", "Restrict", "--buffer-bounds-check-policy", "Restrict"],
  ...["--shader-model", "60", "--metal-version", "2.4"],
];

/** A text in both languages. */
export interface Translation {
  metal: string;
  hlsl: string;
}

/** naga's command, ready to run. */
export interface Naga {
  command: string;
  version: string;
}

/** Finds naga; a string is the reason why there is none. */
export async function findNaga(): Promise<Naga | string> {
  const chosen = Deno.env.get("EPR_NAGA"), command = chosen || "naga";
  const where = chosen ? `EPR_NAGA=${chosen}` : "no naga on PATH, and EPR_NAGA is not set";
  try {
    const { success, stdout } = await new Deno.Command(command, { args: ["--version"], stderr: "null" }).output();
    const version = new TextDecoder().decode(stdout).trim();
    if (!success || !/\d+\.\d+/.test(version)) return `${where}: it does not state a version`;
    return { command, version };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) {
      return chosen ? `${where}: there is no such program` : where;
    }
    throw error;
  }
}

/** Translates a text, with files in `folder` of the given name. Throws an Error with naga's message if it refuses. */
export async function translate(naga: Naga, folder: string, name: string, code: string): Promise<Translation> {
  const [wgsl, metal, hlsl] = ["wgsl", "metal", "hlsl"].map((ending) => path.join(folder, `${name}.${ending}`));
  await Deno.writeTextFile(wgsl, code);
  const { success, stderr } = await new Deno.Command(naga.command, {
    args: [wgsl, metal, hlsl, ...OPTIONS],
    stdout: "null",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return { metal: await Deno.readTextFile(metal), hlsl: await Deno.readTextFile(hlsl) };
}
