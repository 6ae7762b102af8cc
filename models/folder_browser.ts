/** In the npm package, in a browser: there this file stands for `folder.ts`. */
import type { ModelBytes } from "./description.ts";

/** @throws {TypeError} always: a browser reads no folders */
export function readModelFolder(folder: string | URL): Promise<ModelBytes> {
  return Promise.reject(
    new TypeError(`${folder}: a browser reads no folders: expected an http(s) address, or the files`),
  );
}
