/**
 * The kernels as a text that `binary.ts` reads. In the npm package another file stands here, which has beside it what was assembled when
 * the package was built: neither Node nor a browser imports `.wat`.
 */
import { kernelsToText, type KernelVariant } from "./binary.ts";
import { assembleKernels } from "./modules.ts";

/** A variant of the kernels. */
export async function assembledKernels(variant: KernelVariant): Promise<string> {
  return kernelsToText(await assembleKernels(variant));
}
