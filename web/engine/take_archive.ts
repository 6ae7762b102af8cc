/** Takes as a tar archive with one folder per class: unpacked, the folders can be dropped on the page again. */
import { createTar } from "nanotar";
import { frontEnd } from "../../dsp/settings.ts";
import { encodeWav } from "../../dsp/wav.ts";
import type { TeachClass } from "./teach_protocol.ts";

/** Largest part of a path in bytes: an archive allows 100 for the whole. */
const LONGEST = 40;

/** The archive: wav files at 16 kHz, from the first speech to the last, as used for learning. */
export function packTakes(classes: readonly TeachClass[]): Uint8Array<ArrayBuffer> {
  const folders = new Set<string>();
  const entries = classes.flatMap(({ name, takes }, k) => {
    const files = new Set<string>(), folder = unlike(folders, plainPath(name) || `class ${k + 1}`);
    return takes.map((take, i) => {
      const file = unlike(files, plainPath(take.name.replace(/\.\w+$/, "")) || `take ${i + 1}`);
      return { name: `takes/${folder}/${file}.wav`, data: encodeWav(take.samples, frontEnd.sampleRate) };
    });
  });
  return Uint8Array.from(createTar(entries, { attrs: { mode: "644" } }));
}

/** A file name that is valid on any system. */
function plainPath(name: string): string {
  let path = name.normalize("NFC").replaceAll(/[^\p{L}\p{N} ()_-]+/gu, "-").trim();
  while (new TextEncoder().encode(path).length > LONGEST) path = [...path].slice(0, -1).join("").trim();
  return path;
}

/**
 * The name, with a number appended if it already exists; the result is then added. Case is ignored, since some systems
 * ignore it.
 */
function unlike(names: Set<string>, name: string): string {
  let own = name;
  for (let n = 2; names.has(own.toLowerCase()); n++) own = `${name} ${n}`;
  names.add(own.toLowerCase());
  return own;
}
