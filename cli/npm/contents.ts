/**
 * The contents of the npm package, as data: its parts, its commands, and the modules that differ from those in Deno.
 */

/** Parts that run in Node and in browsers, each as a separate entry point. */
export const PARTS = ["dsp", "kernels", "nn", "forest", "refinery", "models"] as const;

/** Parts that read files, for Node only. */
export const NODE_PARTS = ["corpora", "runs"] as const;

/**
 * Parts that the package's main module leaves out, because their dependencies load slowly; each has its own entry
 * point.
 */
export const APART: readonly string[] = ["runs"];

/** Folders that the parts and the commands use, without an entry point. */
export const FURTHER = ["base", "workers", "files", "report"] as const;

/** Commands that `npx` runs, and their files. */
export const COMMANDS = ["predict"] as const;
export const COMMAND_FILES = [
  ...[
    "common",
    "flags",
    "model_option",
    "predict",
    "predict_labels",
    "predict_live",
    "predict_options",
    "predict_output",
    "recordings",
  ].map((
    name,
  ) => `cli/${name}.ts`),
  ...["cli/npm/main.ts", "cli/npm/node/deno.ts", "cli/npm/threads/node.ts", "cli/npm/threads/browser.ts"],
] as const;

/** Programs of threads: included in the package, but not to be imported from it. */
export const WORKERS = [
  "kernels/cpu/worker.ts",
  "kernels/cpu/worker_browser.ts",
  "forest/fit_worker.ts",
  "corpora/feature_worker.ts",
  "runs/fold_worker.ts",
  "models/page_worker.ts",
] as const;

/** Left out: the assembler, which another file replaces, and files that need a library that the package lacks. */
export const DENO_ONLY = /^(kernels\/cpu\/modules\.ts|models\/onnx\/.*)$/;

/** Modules that browsers replace. */
export const IN_BROWSERS: Readonly<Record<string, string>> = {
  "kernels/cpu/host": "kernels/cpu/host_browser",
  "models/folder": "models/folder_browser",
  "cli/npm/threads/node": "cli/npm/threads/browser",
};

/** The replacement of Node's modules that a browser may load. */
export const THREADS: Readonly<Record<string, string>> = {
  "node:os": "cli/npm/threads/node",
  "node:worker_threads": "cli/npm/threads/node",
};

/** The replacement of Deno's API. */
export const DENO_IN_NODE = "cli/npm/node/deno";

/** Dependencies included in the package, so that it installs without a registry. */
export const BUNDLED = [
  "cli-progress",
  "commander",
  "csv-parse",
  "fastest-levenshtein",
  "nanotar",
  "valibot",
  "wav-decoder",
] as const;

/**
 * Dependencies of `runs` and of single options, which their users install themselves: `predict --arrow`, `predict
 * --svg`, compressed recordings.
 */
export const OPTIONAL = [
  "@audio/decode-aac",
  "@wasm-audio-decoders/flac",
  "@wasm-audio-decoders/ogg-vorbis",
  "apache-arrow",
  "mpg123-decoder",
  "ogg-opus-decoder",
  "vega",
  "vega-lite",
] as const;
