/** What the programs that tests run in a page share: reading stored values, and posting what they found. */
import { type GoldenTensor, parseGolden } from "../golden.ts";

/** The stored tensors of a file that the test serves. */
export async function fetchGolden(name: string): Promise<Record<string, GoldenTensor>> {
  const response = await fetch(`/${name}`);
  return parseGolden(new Uint8Array(await response.arrayBuffer()), name);
}

/** Posts what `main` gives, or the error that it throws, as `{ failures: [...] }`. */
export async function post(main: () => Promise<unknown>): Promise<void> {
  const report = await main().catch((error) => ({ failures: [String(error)] }));
  await fetch("/report", { method: "POST", body: JSON.stringify(report) });
}
