/** Code shared by test programs in a page: reading stored values, and posting results. */
import { type GoldenTensor, parseGolden } from "../golden.ts";

/** The stored tensors of a file that the test serves. */
export async function fetchGolden(name: string): Promise<Record<string, GoldenTensor>> {
  const response = await fetch(`/${name}`);
  return parseGolden(new Uint8Array(await response.arrayBuffer()), name);
}

/** Posts the result of `main`, or its error as `{ failures: [...] }`. */
export async function post(main: () => Promise<unknown>): Promise<void> {
  const report = await main().catch((error) => ({ failures: [String(error)] }));
  await fetch("/report", { method: "POST", body: JSON.stringify(report) });
}
