/** Replaces `folder.ts` in browsers, in the npm package. */
import type { ModelBytes } from "./description.ts";

/** @throws {TypeError} always: a browser can't read folders */
export function readModelFolder(folder: string | URL): Promise<ModelBytes> {
  return Promise.reject(
    new TypeError(`${folder}: a browser reads no folders: expected an http(s) address, or the files`),
  );
}
