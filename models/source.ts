/**
 * Reads a model's files from a folder, from an address, or from bytes that a program provides.
 *
 * The source is not trusted: `model.json` is read first and declares the sizes of the other files, and no more than
 * that is read from them.
 */
import { LARGEST_DESCRIPTION, readDescription } from "./model.ts";
import { MODEL_FILES, type ModelBytes, type ModelFile } from "./description.ts";
import { ModelError } from "./untrusted.ts";

/** The files of a model, each as bytes or as a Blob: by name, or as a list of Files from a page's file chooser. */
export type ModelFiles = Readonly<Record<ModelFile, Uint8Array | Blob>> | Iterable<File>;

/**
 * The location of a model: a folder's path (in Deno and Node) or an address (anywhere), as text or as a URL; or its files. In a page, a
 * text is an address relative to the page's.
 */
export type ModelSource = string | URL | ModelFiles;

/** Whether this is a browser, which can't read folders. */
export const inBrowser = (): boolean => !("Deno" in globalThis) && !(globalThis as NodeLike).process?.versions?.node;

interface NodeLike {
  process?: { versions?: { node?: string } };
}

/** A source with a full address, and with bytes instead of Files, so that it can be sent to another thread. */
export type ResolvedSource = string | URL | Readonly<Record<ModelFile, Uint8Array | Blob>>;

/**
 * Resolves a source.
 *
 * @throws {TypeError} if it is not a valid source
 */
export function resolveSource(source: ModelSource): ResolvedSource {
  if (source instanceof URL) return source;
  if (typeof source !== "string") return byName(source);
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(source)) return new URL(source);
  return inBrowser() ? new URL(source, globalThis.document?.baseURI ?? globalThis.location.href) : source;
}

function byName(files: ModelFiles): Readonly<Record<ModelFile, Uint8Array | Blob>> {
  const found: Record<string, Uint8Array | Blob> = {};
  if (Symbol.iterator in files) { for (const file of files) found[file.name] = file; }
  else Object.assign(found, files);
  const missing = MODEL_FILES.filter((name) => !Object.hasOwn(found, name));
  if (missing.length > 0) {
    throw new TypeError(`The files of a model: expected ${MODEL_FILES.join(", ")}, found no ${missing.join(", no ")}`);
  }
  return Object.fromEntries(MODEL_FILES.map((name) => [name, found[name]])) as Record<ModelFile, Uint8Array | Blob>;
}

/**
 * Reads the files of a model.
 *
 * @returns the files, and the model's name in errors
 * @throws {ModelError} if a file is missing, or its size differs from that in `model.json`
 */
export async function readSource(source: ResolvedSource): Promise<{ bytes: ModelBytes; name: string }> {
  if (typeof source === "string" || (source instanceof URL && source.protocol === "file:")) {
    const { readModelFolder } = await import("./folder.ts"); // not in a browser
    return { bytes: await readModelFolder(source), name: String(source) };
  }
  if (source instanceof URL) return { bytes: await readAddress(source), name: source.href };
  const bytes = {} as ModelBytes;
  for (const name of MODEL_FILES) {
    const file = source[name];
    bytes[name] = file instanceof Blob ? new Uint8Array(await file.arrayBuffer()) : file;
  }
  return { bytes, name: "the model" };
}

/** Reads the files at an address, either the folder's or that of its `model.json`. */
async function readAddress(address: URL): Promise<ModelBytes> {
  const folder = new URL(address);
  if (folder.pathname.endsWith("/model.json")) folder.pathname = folder.pathname.slice(0, -"model.json".length);
  if (!folder.pathname.endsWith("/")) folder.pathname += "/";
  const description = await fetchFile(new URL("model.json", folder), LARGEST_DESCRIPTION);
  const { files } = readDescription(description, folder.href);
  const [weights, forest] = await Promise.all(
    (["weights.safetensors", "forest.json"] as const).map((name) =>
      fetchFile(new URL(name, folder), files[name].bytes)
    ),
  );
  return { "model.json": description, "weights.safetensors": weights, "forest.json": forest };
}

/** Fetches a file of at most `most` bytes. */
async function fetchFile(address: URL, most: number): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(address);
  } catch (error) {
    throw new ModelError(`${address}: can't be fetched: ${(error as Error).message}`, { cause: error });
  }
  if (!response.ok) {
    await response.body?.cancel();
    throw new ModelError(`${address}: expected a file of a model, found HTTP status ${response.status}`);
  }
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (const reader = response.body!.getReader();;) {
    const { value, done } = await reader.read();
    if (done) break;
    pieces.push(value);
    length += value.length;
    if (length <= most) continue;
    await reader.cancel();
    throw new ModelError(`${address}: expected at most ${most.toLocaleString("en")} bytes, found more`);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
