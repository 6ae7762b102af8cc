/**
 * Writing a file so that nobody ever sees half of it: the bytes go to a temporary name beside it, are forced to the disk, and
 * the name is changed, which a file system does at once. A program that is killed leaves the old file, or none.
 */
import path from "@std/path";

/**
 * Writes a file under a temporary name and renames it; the folders above it are made.
 *
 * @param content the whole, or pieces of it in order
 * @throws {Error} naming the file, where it can't be written
 */
export async function writeAtomically(
  file: string,
  content: string | Uint8Array | readonly Uint8Array[],
): Promise<void> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const temporary = `${file}.${Deno.pid}.tmp`;
  try {
    await Deno.mkdir(path.dirname(file), { recursive: true });
    await writeThrough(temporary, bytes instanceof Uint8Array ? [bytes] : bytes);
    await Deno.rename(temporary, file);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {}); // it may never have come to be
    throw new Error(`${file}: can't be written: ${(error as Error).message}`, { cause: error });
  }
}

/** Bytes that are written at once. */
const PIECE = 2 ** 24;

/** Writes a new file and returns when it is on the disk. The disk begins with each piece while the next is handed over. */
async function writeThrough(file: string, parts: readonly Uint8Array[]): Promise<void> {
  using out = await Deno.open(file, { write: true, create: true, truncate: true });
  let flushing: Promise<void> | undefined;
  try {
    for (const part of parts) {
      for (let at = 0; at < part.length;) {
        at += out.writeSync(part.subarray(at, at + PIECE)); // the other way would copy it once more
        await flushing;
        flushing = part.length > PIECE ? out.syncData() : undefined;
      }
    }
  } finally {
    await flushing;
  }
  await out.sync();
}

/** A value as JSON for people to read too: indented, and with a line end. */
export function writeJson(file: string, value: unknown): Promise<void> {
  return writeAtomically(file, JSON.stringify(value, null, 2) + "\n");
}
