/**
 * Assembled kernels in the user's cache folder, a file for each variant. To assemble them takes 0.15 s of a processor, a
 * quarter of a short program; to read them takes some milliseconds.
 *
 * A file is the SHA-256 digest of the rest; a line of JSON, with the digest of what the kernels were assembled from and the
 * modules' lengths; and the modules, end to end. A file of other sources, or a damaged one, is written again.
 */
import { join } from "@std/path";
import { cacheFolder } from "../../base/cache_folder.ts";
import type { KernelVariant } from "./binary.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Options of {@link cachedModules}. */
export interface CacheOptions {
  /** Everything that the modules depend on besides the variant. */
  sources: readonly string[];
  /** Assembles the modules if the cache does not have them. */
  assemble: () => Promise<Bytes[]>;
  /** The folder of the files; default: EPR's own in the user's cache folder, if there is one. */
  folder?: string;
}

/**
 * The modules of a variant, from the cache or newly assembled. A program without permission to read or write the cache
 * assembles them, as does one that can't write there.
 */
export async function cachedModules(
  { simd, memory }: KernelVariant,
  { sources, assemble, folder = cacheFolder() }: CacheOptions,
): Promise<Bytes[]> {
  if (folder === undefined || !(allowed("read", folder) && allowed("write", folder))) return await assemble();
  const file = join(folder, `kernels-${simd}-${memory}.bin`);
  // lengths separate the texts: two lists of texts never give the same input
  const texts = JSON.stringify(sources.map(({ length }) => length)) + sources.join("");
  const origin = (await digest(new TextEncoder().encode(texts))).toHex();
  const found = await Deno.readFile(file).catch(() => undefined);
  const known = found && await decode(found, origin);
  if (known) return known;
  const modules = await assemble();
  await write(folder, file, await encode(modules, origin)).catch(() => {}); // if that fails, the next program assembles them again
  return modules;
}

async function encode(modules: readonly Bytes[], origin: string): Promise<Bytes> {
  const head = JSON.stringify({ sources: origin, lengths: modules.map(({ length }) => length) });
  const rest = await new Blob([head + "\n", ...modules]).bytes();
  return await new Blob([await digest(rest), rest]).bytes();
}

/** The modules of a file; undefined if it is damaged, or of other sources. */
async function decode(file: Bytes, origin: string): Promise<Bytes[] | undefined> {
  const rest = file.subarray(DIGEST), sum = await digest(rest);
  if (file.length < DIGEST || !sum.every((byte, i) => byte === file[i])) return undefined;
  let at = rest.indexOf(10);
  const { sources, lengths } = JSON.parse(new TextDecoder().decode(rest.subarray(0, at++)));
  return sources === origin ? lengths.map((length: number) => rest.slice(at, at += length)) : undefined;
}

/** Writes a file under a temporary name and renames it, so that no other program reads half of it. */
async function write(folder: string, file: string, bytes: Bytes): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const temporary = `${file}.${Deno.pid}.tmp`;
  await Deno.writeFile(temporary, bytes);
  await Deno.rename(temporary, file);
}

const allowed = (name: "read" | "write", path: string) =>
  Deno.permissions.querySync({ name, path }).state === "granted";

/** Bytes of a digest. */
const DIGEST = 32;

async function digest(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
