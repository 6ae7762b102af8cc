/**
 * Finds the files of a list that was written on another machine: with backslashes, with `.WAV` or no extension instead of `.wav`,
 * with another Unicode form or case, or on a drive that does not exist here.
 *
 * @module
 */
import { dirname, join, resolve } from "@std/path";

/** Finds files below a folder. Each folder is read once. */
export class PathFinder {
  readonly #dir: string;
  readonly #folders = new Map<string, Promise<Map<string, string[]>>>();

  /** @param dir the base of relative paths */
  constructor(dir: string) {
    this.#dir = dir;
  }

  /** The file that a listed path refers to; undefined if there is none. */
  async find(listed: string): Promise<string | undefined> {
    const exact = resolve(this.#dir, listed);
    if (await isFile(exact)) return exact;
    const slashed = listed.replaceAll("\\", "/");
    const drive = /^[a-z]:\//i.test(slashed) || slashed.startsWith("//");
    if (!drive && slashed.startsWith("/")) {
      const found = await this.#follow("/", slashed.split("/").filter((part) => part !== ""));
      if (found !== undefined) return found;
    }
    const parts = slashed.replace(/^[a-z]:/i, "").split("/").filter((part) => part !== "" && part !== ".");
    if (!drive && !slashed.startsWith("/")) return await this.#follow(this.#dir, parts);
    // a path on another machine: try its last folders, but not the bare file name, which is too ambiguous
    for (let from = 1; from < parts.length - 1; from++) {
      const found = await this.#follow(this.#dir, parts.slice(from));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /**
   * Follows a path down from a folder. Each part matches by its exact name, or by its folded name if only one file has
   * that.
   */
  async #follow(from: string, parts: readonly string[]): Promise<string | undefined> {
    let at = from;
    for (const [i, part] of parts.entries()) {
      if (part === "..") {
        at = dirname(at);
        continue;
      }
      const names = await this.#names(at), last = i === parts.length - 1;
      const wanted = last ? [part, `${part}.wav`] : [part];
      const name = wanted.map((own) => pick(names.get(fold(own)), own)).find((own) => own !== undefined);
      if (name === undefined) return undefined;
      at = join(at, name);
    }
    return await isFile(at) ? at : undefined;
  }

  /** The names in a folder, by their folded form. */
  #names(folder: string): Promise<Map<string, string[]>> {
    let names = this.#folders.get(folder);
    if (names === undefined) this.#folders.set(folder, names = readNames(folder));
    return names;
  }
}

/** Normalises a name for comparison. */
const fold = (name: string) => name.normalize("NFC").toLowerCase();

/** Of the names with one folded form: the exact one, otherwise the only one. */
function pick(names: readonly string[] | undefined, wanted: string): string | undefined {
  return names?.find((name) => name === wanted) ?? (names?.length === 1 ? names[0] : undefined);
}

async function readNames(folder: string): Promise<Map<string, string[]>> {
  const names = new Map<string, string[]>();
  try {
    for await (const { name } of Deno.readDir(folder)) {
      const own = names.get(fold(name));
      if (own) own.push(name);
      else names.set(fold(name), [name]);
    }
  } catch {
    // not a folder, or not readable: nothing is found in it
  }
  return names;
}

async function isFile(file: string): Promise<boolean> {
  return await Deno.stat(file).then(({ isFile }) => isFile, () => false);
}
