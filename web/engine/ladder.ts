/**
 * The CPU's ladder in a page: the rungs of `deno task bench --ladder`, from modules that were assembled when the page
 * was built.
 */
import { climbCpuLadder, type LadderModules, ladderSimd, type Rung } from "../../lab/cpu_ladder.ts";
import { fromBase64, type KernelVariant } from "../../kernels/cpu/binary.ts";
import { sharesMemory } from "../../kernels/cpu/browser_host.ts";

/** The name of a variant's file. */
export function ladderFileName({ simd, memory }: KernelVariant): string {
  return `ladder-${simd}-${memory}.json`;
}

/** JSON: modules in base64, by name. */
export function encodeLadderFile(modules: LadderModules): string {
  return JSON.stringify(Object.fromEntries(Object.entries(modules).map(([name, bytes]) => [name, bytes.toBase64()])));
}

/**
 * Runs the ladder on this thread, in the kind of memory that the page's host allows.
 *
 * @param onTurn receives the rungs measured so far; the next turn awaits it
 */
export async function climbInPage(samples: number, onTurn: (rungs: Rung[]) => Promise<void>): Promise<Rung[]> {
  const shared = sharesMemory(), file = ladderFileName({ simd: ladderSimd(), memory: shared ? "shared" : "plain" });
  const response = await fetch(file);
  if (!response.ok) {
    throw new Error(`${file}: expected a file of the page, found status ${response.status}; build the page again`);
  }
  const texts = Object.entries(await response.json() as Record<string, string>);
  const modules = Object.fromEntries(texts.map(([name, text]) => [name, fromBase64(text)]));
  return await climbCpuLadder(modules, { samples, shared, onTurn });
}
