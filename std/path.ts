/**
 * Stands in for `@std/path`, which lives on a registry that not every machine reaches: the functions of it that EPR uses,
 * with their real names, signatures and behaviour, over Node's own. To switch to the package, change its line in
 * `deno.json`: `"@std/path": "jsr:@std/path@1"`.
 */
import { basename as nodeBasename, dirname as nodeDirname, join as nodeJoin } from "node:path";
import { relative as nodeRelative, resolve as nodeResolve } from "node:path";
import { fileURLToPath } from "node:url";

const text = (path: string | URL): string => path instanceof URL ? fileURLToPath(path) : path;

/**
 * The last part of a path, without the suffix unless the part is nothing else: `/a/b.wav` and `.wav` give `b`. Unlike Node's,
 * it returns the root for a root, and a name that is all suffix.
 */
export function basename(path: string | URL, suffix = ""): string {
  const whole = text(path), name = nodeBasename(whole) || whole.slice(-1);
  return name.length > suffix.length && name.endsWith(suffix) ? name.slice(0, name.length - suffix.length) : name;
}

/** A path without its last part: `/a/b.wav` gives `/a`, and `b.wav` gives `.`. */
export function dirname(path: string | URL): string {
  return nodeDirname(text(path));
}

/** One path after another, normalised: `a`, `../b` give `b`. */
export function join(path?: string | URL, ...paths: string[]): string {
  return path === undefined ? "." : nodeJoin(text(path), ...paths);
}

/** The path from one path to another: from `/a/b` to `/a/c` it is `../c`. */
export function relative(from: string, to: string): string {
  return nodeRelative(from, to);
}

/** An absolute path: the last absolute argument, else the working folder, followed by the rest. */
export function resolve(...pathSegments: string[]): string {
  return nodeResolve(...pathSegments);
}
