/**
 * `--peers`: starts the program in `peers/`, a separate package with its own lock file. Only that package depends on the
 * other libraries, about 330 MB, and fetches them on its first run.
 */
import type { PeersLine, PeersOptions } from "./peers/peer.ts";
import type { PeerRow } from "../lab/results.ts";

/** Runs all peers that can be loaded, on every supported task. Throws an Error if their program fails. */
export async function benchPeers(
  options: PeersOptions,
  { onProgress = () => {}, signal }: { onProgress?: (what: string) => void; signal?: AbortSignal } = {},
): Promise<PeerRow[]> {
  const file = (name: string) => new URL(`peers/${name}`, import.meta.url).pathname;
  const child = new Deno.Command("deno", {
    args: [
      ...["run", "--quiet", "--config", file("deno.json"), "-P=peers"],
      ...[file("main.ts"), JSON.stringify(options)],
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
    signal,
  }).spawn();
  let rows: PeerRow[] | undefined;
  for await (const line of lines(child.stdout)) {
    const said: PeersLine = JSON.parse(line);
    if ("rows" in said) rows = said.rows;
    else onProgress(said.progress);
  }
  const { code } = await child.status;
  signal?.throwIfAborted();
  if (!rows) throw new Error(`--peers: the program of bench/peers ended with status ${code} and no result`);
  return rows;
}

/** Splits a byte stream into lines of text. */
async function* lines(bytes: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of bytes.pipeThrough(new TextDecoderStream())) {
    const whole = (rest + text).split("\n");
    rest = whole.pop()!;
    yield* whole;
  }
}
