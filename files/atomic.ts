/**
 * Writing a file so that nobody ever sees half of it: the bytes go to a temporary name beside it, are forced to the disk, and
 * the name is changed, which a file system does at once. A program that is killed leaves the old file, or none.
 */
import { dirname } from "@std/path";

/**
 * Writes a file under a temporary name and renames it; the folders above it are made.
 *
 * @param content the whole, or what writes it
 * @throws {Error} naming the file, where it can't be written
 */
export async function writeAtomically(
  file: string,
  content: string | Uint8Array | ((out: GrowingFile) => Promise<void>),
): Promise<void> {
  const temporary = `${file}.${Deno.pid}.tmp`;
  try {
    await Deno.mkdir(dirname(file), { recursive: true });
    const out = new GrowingFile(temporary); // not `using`, which Node 20 does not know
    try {
      if (typeof content === "function") await content(out);
      else await out.write(typeof content === "string" ? new TextEncoder().encode(content) : content);
      await out.end();
    } finally {
      out[Symbol.dispose]();
    }
    await Deno.rename(temporary, file);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {}); // it may never have come to be
    throw new Error(`${file}: can't be written: ${(error as Error).message}`, { cause: error });
  }
}

/** Bytes after which the disk is told to begin: half of a large checkpoint. More often it would hold up the writing. */
const FLUSH = 2 ** 28;

/**
 * A new file that is written while its content is still being made: each piece is handed to the system while the next is made.
 * A fault of an earlier write is thrown by a later one, at the latest by `end()`.
 */
export class GrowingFile implements Disposable {
  readonly #file: Deno.FsFile;
  /** The same file, opened once more: the system does one thing at a time for each. */
  readonly #flushed: Deno.FsFile;
  #writing: Promise<void> = Promise.resolve();
  #flushing: Promise<void> = Promise.resolve();
  #unflushed = 0;

  /** Makes it, or empties what is there. */
  constructor(file: string) {
    this.#file = Deno.openSync(file, { write: true, create: true, truncate: true });
    this.#flushed = Deno.openSync(file, { write: true });
  }

  /** Adds bytes, which are not to be changed afterwards. Becomes fulfilled when there is room for the next. */
  async write(bytes: Uint8Array): Promise<void> {
    await this.#writing;
    this.#writing = this.#writeAll(bytes);
    this.#writing.catch(() => {}); // the next to wait for it hears
    this.#unflushed += bytes.length;
    if (this.#unflushed < FLUSH) return;
    this.#unflushed = 0;
    this.#flushing = this.#flushing.then(() => this.#flushed.syncData()).catch(() => {}); // the end will tell
  }

  /** Writes over the beginning. */
  async rewrite(bytes: Uint8Array): Promise<void> {
    await this.#writing;
    await this.#file.seek(0, Deno.SeekMode.Start);
    await this.#writeAll(bytes);
  }

  /** Becomes fulfilled when all is on the disk. */
  async end(): Promise<void> {
    await this.#writing;
    await this.#flushing;
    await this.#file.sync();
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.#file.close();
    this.#flushed.close();
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let written = 0; written < bytes.length;) written += await this.#file.write(bytes.subarray(written));
  }
}

/** A value as JSON for people to read too: indented, and with a line end. */
export function writeJson(file: string, value: unknown): Promise<void> {
  return writeAtomically(file, JSON.stringify(value, null, 2) + "\n");
}
