/**
 * Finding the file that a list means, where it was made on another machine: backslashes for slashes, `.WAV` for `.wav` or none at
 * all, letters in the other Unicode form, other case, a drive that is not here.
 *
 * @module
 */
import { dirname, join, resolve } from "@std/path";

/** Finds files below a folder; what is in each folder is read once. */
export class PathFinder {
  readonly #dir: string;
  readonly #folders = new Map<string, Promise<Map<string, string[]>>>();

  /** @param dir where relative paths begin */
  constructor(dir: string) {
    this.#dir = dir;
  }

  /** The file that a listed path means; undefined where there is none. */
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
    // a place of another machine: its last folders may have come along, but a bare name is too little to go by
    for (let from = 1; from < parts.length - 1; from++) {
      const found = await this.#follow(this.#dir, parts.slice(from));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Goes from a folder down, each part by its exact name if it is there, else by its folded one if only one file has that. */
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

/** A name in the form in which names are compared. */
const fold = (name: string) => name.normalize("NFC").toLowerCase();

/** Of the names with one folded form: the exact one, else the only one. */
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
    // no folder, or one that may not be read: nothing is found in it
  }
  return names;
}

async function isFile(file: string): Promise<boolean> {
  return await Deno.stat(file).then(({ isFile }) => isFile, () => false);
}
