/** The user's cache folder, as the system defines it. Whatever is in it may be deleted at any time. */
import { join } from "@std/path";

/** The folder of EPR's cached files in it; undefined if there is none, or no permission to look for it. */
export function cacheFolder(): string | undefined {
  const set = (name: string) =>
    Deno.permissions.querySync({ name: "env", variable: name }).state === "granted" && Deno.env.get(name) || undefined;
  const below = (folder: string | undefined, ...names: string[]) => folder && join(folder, ...names, "epr");
  if (Deno.build.os === "windows") return below(set("LOCALAPPDATA"));
  if (Deno.build.os === "darwin") return below(set("HOME"), "Library", "Caches");
  return below(set("XDG_CACHE_HOME")) ?? below(set("HOME"), ".cache");
}
