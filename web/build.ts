/**
 * Builds the page as files: bundled programs, assembled kernels (so that no assembler is shipped), and the model. Any host
 * can serve them, as the server of `deno task web` does.
 *
 *     index.html style.css icon.svg app.webmanifest
 *     app.js engine.js thread.js recorder.js service_worker.js
 *     decoders/...                                      of compressed recordings, each loaded on first use
 *     kernels-<relaxed|plain>-<shared|plain>.json       see engine/kernel_file.ts
 *     ladder-<relaxed|plain>-<shared|plain>.json        see engine/ladder.ts
 *     peak-<relaxed|plain>.wasm                         the bench measures the peak with it
 *     textbook/...                                      see textbook.ts
 *     model/...                                         the model's three files, if there is a model
 */
import { OptionError } from "../base/option_error.ts";
import { dirname, join } from "@std/path";
import wabt from "wabt";
import { kernelsToText, VARIANTS } from "../kernels/cpu/binary.ts";
import { assembleKernels } from "../kernels/cpu/modules.ts";
import { expandTemplate } from "../kernels/cpu/template.ts";
import { assembleLadder } from "../lab/ladder_modules.ts";
import { MODEL_FILES } from "../models/description.ts";
import { readModelFolder } from "../models/folder.ts";
import { decodeModel } from "../models/model.ts";
import { kernelFileName } from "./engine/kernel_file.ts";
import { encodeLadderFile, ladderFileName } from "./engine/ladder.ts";
import { CONTENT_POLICY, type Site, type SiteFile } from "./server.ts";
import { textbookFiles } from "./textbook.ts";
import settings from "../deno.json" with { type: "json" };
import peak from "../lab/peak.wat" with { type: "text" };

const ROOT = import.meta.dirname!;

/** Programs of the page, each a separate bundle: workers have to be files. */
const PROGRAMS: Readonly<Record<string, string>> = {
  "app.js": "page/app.ts",
  "engine.js": "engine/worker.ts",
  "thread.js": "../kernels/cpu/worker_browser.ts",
  "recorder.js": "page/recorder.ts",
};

/**
 * Packages of decoders, and their licences. Each is a separate, unmodified bundle, named after the last part of the
 * package's name.
 */
const DECODERS: Readonly<Record<string, string>> = {
  "@wasm-audio-decoders/flac": "MIT; in it codec-parser: LGPL-3.0-or-later",
  "mpg123-decoder": "MIT; in it mpg123: LGPL-2.1",
  "@wasm-audio-decoders/ogg-vorbis": "MIT; in it codec-parser: LGPL-3.0-or-later",
  "ogg-opus-decoder": "MIT; in it codec-parser: LGPL-3.0-or-later",
  "@audio/decode-aac": "GPL-2.0; in it FAAD2",
};

/** Marks a folder as a page, for `writeSite`, and records for the page whether it has a model. */
const MARK = "site.json";

const PAGE_FILES = ["index.html", "style.css", "icon.svg", "app.webmanifest"] as const;

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  svg: "image/svg+xml",
  txt: "text/plain; charset=utf-8",
  webmanifest: "application/manifest+json",
  wasm: "application/wasm",
  safetensors: "application/octet-stream",
};

/**
 * Builds the site.
 *
 * @param model folder of a model, or its archive; default: the page has no model, and states this
 * @throws {ModelError} if that folder contains no valid model
 * @throws {Error} if a program of the page does not bundle, with deno's message
 */
export async function buildSite(model?: string): Promise<Site> {
  const site = new Map<string, SiteFile>();
  const add = (name: string, bytes: Uint8Array<ArrayBuffer>) =>
    site.set(name, { bytes, type: TYPES[name.slice(name.lastIndexOf(".") + 1)] });
  const text = (name: string, content: string) => add(name, new TextEncoder().encode(content));

  for (const name of PAGE_FILES) {
    const content = await Deno.readTextFile(join(ROOT, "page", name));
    text(name, content.replace("{{content-policy}}", CONTENT_POLICY));
  }
  const decoders = Object.keys(DECODERS).map((name) => name.split("/").at(-1)!);
  const decoderEntry = (file: string) => `engine/decoders/${file.replaceAll("-", "_")}.ts`;
  const bundles = await bundle([
    ...Object.values(PROGRAMS),
    "page/service_worker.ts",
    ...decoders.map(decoderEntry),
  ]);
  for (const [name, entry] of Object.entries(PROGRAMS)) text(name, bundles.get(entry)!);
  for (const file of decoders) text(`decoders/${file}.js`, bundles.get(decoderEntry(file))!);
  text("decoders/licences.txt", licences());
  for (const variant of VARIANTS) text(ladderFileName(variant), encodeLadderFile(await assembleLadder(variant)));
  const assembler = await wabt();
  for (const simd of ["relaxed", "plain"] as const) {
    text(kernelFileName(simd), kernelsToText(await assembleKernels({ simd, memory: "shared" })));
    const parsed = assembler.parseWat("peak.wat", expandTemplate(peak, simd), { simd: true, relaxed_simd: true });
    add(`peak-${simd}.wasm`, new Uint8Array(parsed.toBinary({}).buffer));
    parsed.destroy();
  }
  for (const [name, content] of await textbookFiles()) text(name, content);
  if (model !== undefined) {
    const bytes = await readModelFolder(model);
    decodeModel(bytes, model); // a page with a broken model is not built
    for (const file of MODEL_FILES) add(`model/${file}`, Uint8Array.from(bytes[file]));
  }
  text(MARK, JSON.stringify({ model: model !== undefined }));
  // the service worker caches all files, under a name that changes with any of them; decoders are cached on first use
  const kept = [...site.keys()].filter((name) => name !== "index.html" && !name.startsWith("decoders/"));
  const names = JSON.stringify(["./", ...kept]);
  const version = await digest([...site].map(([name, { bytes }]) => [name, bytes] as const));
  text("service_worker.js", `const FILES=${names},VERSION="${version}";\n${bundles.get("page/service_worker.ts")!}`);
  return site;
}

/**
 * Writes a site to a folder. Creates the folder if it does not exist, and leaves its other files.
 *
 * @throws {Error} with the file, if it would replace one that is not from an earlier page
 */
export async function writeSite(site: Site, folder: string): Promise<void> {
  const there: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) there.push(name);
  } catch (error) {
    if (error instanceof Deno.errors.NotADirectory) {
      throw new OptionError({ option: "build", where: folder, required: "a folder", found: "a file" });
    }
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const own = new Set([...site.keys()].map((name) => name.split("/")[0]));
  const foreign = there.includes(MARK) ? undefined : there.find((name) => own.has(name));
  if (foreign !== undefined) {
    throw new OptionError({
      option: "build",
      where: join(folder, foreign),
      required: "a folder with nothing but this page",
      found: "another file, which would be overwritten",
    });
  }
  for (const [name, { bytes }] of site) {
    const file = join(folder, name);
    await Deno.mkdir(dirname(file), { recursive: true });
    await Deno.writeFile(file, bytes);
  }
}

/** The page's decoders, with their versions and licences. */
function licences(): string {
  const versions: Readonly<Record<string, string>> = settings.imports;
  const lines = Object.entries(DECODERS).map(([name, licence]) => `${versions[name]}: ${licence}`);
  return [
    "The files beside this one are npm packages by other authors, bundled as published, each under its own licence:",
    ...lines,
    "If you distribute this page, you distribute these files too and must follow their licences.",
    "",
  ].join("\n");
}

/** Bundles programs for browsers. Result: their texts by entry. */
async function bundle(entries: readonly string[]): Promise<Map<string, string>> {
  const folder = await Deno.makeTempDir({ prefix: "epr-web-" });
  try {
    const made = new Map<string, string>();
    for (const entry of entries) {
      const output = join(folder, "out.js");
      const { success, stderr } = await new Deno.Command("deno", {
        args: ["bundle", "--quiet", "--platform", "browser", "--minify", "--output", output, join(ROOT, entry)],
        cwd: join(ROOT, ".."),
        stdin: "null",
      }).output();
      if (!success) throw new Error(`web/${entry}: can't be bundled: ${new TextDecoder().decode(stderr)}`);
      made.set(entry, await Deno.readTextFile(output));
    }
    return made;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function digest(files: readonly (readonly [string, Uint8Array<ArrayBuffer>])[]): Promise<string> {
  const sums = await Promise.all(files.map(async ([name, bytes]) => {
    const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return `${name} ${sum.toHex()}`;
  }));
  const all = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(sums.join("\n")));
  return new Uint8Array(all).toHex().slice(0, 16);
}
