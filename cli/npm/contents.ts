/** What the npm package has, as data: its parts, its commands, and the modules that are others than in Deno. */

/** Parts that run in Node and in browsers, each under its name. */
export const PARTS = ["dsp", "kernels", "nn", "forest", "refinery", "models"] as const;

/** Parts that read files, for Node alone. */
export const NODE_PARTS = ["corpora", "runs"] as const;

/** Parts that the package's own module leaves out: what they load takes long, and they are there under their names. */
export const APART: readonly string[] = ["runs"];

/** Folders that the parts and the commands take what they need from; they have no name in the package. */
export const FURTHER = ["base", "workers", "files", "report"] as const;

/** Commands that `npx` runs, and the files that they are made of. */
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

/** Programs of threads: in the package, but not to be imported from it. */
export const WORKERS = [
  "kernels/cpu/worker.ts",
  "kernels/cpu/worker_browser.ts",
  "forest/fit_worker.ts",
  "corpora/feature_worker.ts",
  "runs/fold_worker.ts",
  "models/page_worker.ts",
] as const;

/** Left out: assembling, which another file stands for, and what needs a library that the package lacks. */
export const DENO_ONLY = /^(kernels\/cpu\/modules\.ts|models\/onnx\/.*)$/;

/** Modules that are others in a browser. */
export const IN_BROWSERS: Readonly<Record<string, string>> = {
  "kernels/cpu/host": "kernels/cpu/host_browser",
  "models/folder": "models/folder_browser",
  "cli/npm/threads/node": "cli/npm/threads/browser",
};

/** What stands for Node's modules where a browser may come by. */
export const THREADS: Readonly<Record<string, string>> = {
  "node:os": "cli/npm/threads/node",
  "node:worker_threads": "cli/npm/threads/node",
};

/** What stands for Deno's names. */
export const DENO_IN_NODE = "cli/npm/node/deno";

/** Dependencies that the package carries with it, so that it installs without a registry. */
export const BUNDLED = [
  "cli-progress",
  "commander",
  "csv-parse",
  "fastest-levenshtein",
  "nanotar",
  "valibot",
  "wav-decoder",
] as const;

/** Dependencies of `runs` and of single options, which whoever uses those installs: `predict --arrow`, `predict --svg`,
 * compressed recordings. */
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
