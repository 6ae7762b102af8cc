/**
 * The program that `cli/codecs.ts` starts: it reads recordings from stdin and writes them to stdout after MP3 or Opus.
 *
 *     in:  codec (0 MP3, 1 Opus), kbit/s, n as uint32, then n samples at 16 kHz as float32       out: n samples as float32
 *
 * Numbers have the machine's byte order. The program ends when stdin ends.
 */
import { throughMp3, throughOpus } from "./trip.ts";

const input = Deno.stdin.readable.getReader();
let held = new Uint8Array(0);

/** The next `count` bytes; undefined if stdin has ended. */
async function take(count: number): Promise<ArrayBuffer | undefined> {
  const parts = [held];
  let length = held.length;
  while (length < count) {
    const { value } = await input.read();
    if (value === undefined) return undefined;
    parts.push(value as Uint8Array<ArrayBuffer>);
    length += value.length;
  }
  const all = new Uint8Array(await new Blob(parts).arrayBuffer());
  held = all.slice(count);
  return all.slice(0, count).buffer;
}

for (let header; (header = await take(12)) !== undefined;) {
  const [codec, rate, count] = new Uint32Array(header), bytes = await take(4 * count);
  if (bytes === undefined) break;
  const samples = new Float32Array(bytes);
  const decoded = codec === 0 ? await throughMp3(samples, rate) : throughOpus(samples, rate);
  const out = new Uint8Array(decoded.buffer);
  for (let at = 0; at < out.length;) at += await Deno.stdout.write(out.subarray(at));
}
