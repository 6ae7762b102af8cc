/**
 * Writes a file so that no reader ever sees half of it. The bytes go to a temporary file beside it and are flushed to the
 * disk; then the file is renamed, which the file system does atomically. If the program is killed, the old file remains, or
 * none.
 */
import { dirname } from "@std/path";

/**
 * Writes a file under a temporary name and renames it. Creates missing folders.
 *
 * @param content the whole content, or a function that writes it
 * @throws {Error} naming the file, where it can't be written
 */
export async function writeAtomically(
  file: string,
  content: string | Uint8Array | ((out: GrowingFile) => Promise<void>),
): Promise<void> {
  const temporary = `${file}.${Deno.pid}.tmp`;
  try {
    await Deno.mkdir(dirname(file), { recursive: true });
    const out = new GrowingFile(temporary); // not `using`: Node 20 does not support it
    try {
      if (typeof content === "function") await content(out);
      else await out.write(typeof content === "string" ? new TextEncoder().encode(content) : content);
      await out.end();
    } finally {
      out[Symbol.dispose]();
    }
    await Deno.rename(temporary, file);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {}); // the file may not exist
    throw new Error(`${file}: can't be written: ${(error as Error).message}`, { cause: error });
  }
}

/** Bytes between two flushes to the disk: half of a large checkpoint. Flushing more often would delay the writing. */
const FLUSH = 2 ** 28;

/**
 * A new file, written while its content is still being computed: the system writes one piece while the program makes the next.
 * An error of one write is thrown by a later write, or at the latest by `end()`.
 */
export class GrowingFile implements Disposable {
  readonly #file: Deno.FsFile;
  /** A second handle of the same file: the system runs one operation at a time for each handle. */
  readonly #flushed: Deno.FsFile;
  #writing: Promise<void> = Promise.resolve();
  #flushing: Promise<void> = Promise.resolve();
  #unflushed = 0;

  /** Creates the file, or truncates it. */
  constructor(file: string) {
    this.#file = Deno.openSync(file, { write: true, create: true, truncate: true });
    this.#flushed = Deno.openSync(file, { write: true });
  }

  /** Appends bytes, which must not change afterwards. Resolves when there is room for the next piece. */
  async write(bytes: Uint8Array): Promise<void> {
    await this.#writing;
    this.#writing = this.#writeAll(bytes);
    this.#writing.catch(() => {}); // the next call that awaits it throws the error
    this.#unflushed += bytes.length;
    if (this.#unflushed < FLUSH) return;
    this.#unflushed = 0;
    this.#flushing = this.#flushing.then(() => this.#flushed.syncData()).catch(() => {}); // `end()` throws the error
  }

  /** Overwrites the beginning. */
  async rewrite(bytes: Uint8Array): Promise<void> {
    await this.#writing;
    await this.#file.seek(0, Deno.SeekMode.Start);
    await this.#writeAll(bytes);
  }

  /** Resolves when everything is on the disk. */
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

/** Writes a value as JSON that people can read too: indented, with a final line end. */
export function writeJson(file: string, value: unknown): Promise<void> {
  return writeAtomically(file, JSON.stringify(value, null, 2) + "\n");
}
