/**
 * A model for deployment: everything needed to recognise emotions in a recording, as a few files that belong together.
 *
 *     model.json            the description: emotions, network, front end, training data, accuracy, licence
 *     weights.safetensors   the network's weights
 *     forest.json           the forest that decides on an utterance
 *
 * This file handles their bytes, from any source: a folder (`folder.ts`), a web page's server, a package. The source may be
 * untrusted, so every size is checked before use, and `model.json` contains check sums of all files: only unchanged files are
 * accepted.
 */
import { RandomForest } from "../forest/forest.ts";
import { type PackedForest, packForest, unpackForest } from "../forest/packed.ts";
import type { VggEOptions } from "../nn/vgg_e.ts";
import { decodeSafetensors, encodeSafetensors } from "../nn/safetensors.ts";
import { crc32 } from "./crc32.ts";
import { MODEL_FILES, type ModelBytes, type ModelDescription } from "./description.ts";
import { checkDescription, parametersOf } from "./model_check.ts";
import { ModelError, parseWithin } from "./untrusted.ts";

/** A loaded model. */
export interface Model {
  /** Its description. */
  description: ModelDescription;
  /** The network's weights by name. */
  weights: Record<string, Float32Array>;
  /** Decides on the statistics of a profile. */
  forest: RandomForest;
}

/** A description without the parts that depend on the files. */
export type ModelParts = Omit<ModelDescription, "format" | "version" | "files" | "network"> & {
  /** The network's options. */
  network: VggEOptions;
};

/**
 * Encodes the files of a model.
 *
 * @param weights the network's weights by name
 * @throws {ModelError} if the parts contradict each other
 */
export function encodeModel(
  { network, ...described }: ModelParts,
  weights: Record<string, Float32Array>,
  forest: RandomForest,
): ModelBytes {
  const parameters = parametersOf(network);
  const tensors = Object.fromEntries(parameters.map(({ name, shape }) => [name, { shape, data: weights[name] }]));
  const others = {
    "weights.safetensors": encodeSafetensors(tensors, { format: "epr-model", model: described.name }),
    "forest.json": new TextEncoder().encode(JSON.stringify(packForest(forest.toJSON())) + "\n"),
  };
  const noted = Object.entries(others).map(([file, bytes]) => [file, { bytes: bytes.length, crc32: crc32(bytes) }]);
  const description = {
    format: "epr-model",
    version: 3,
    ...described,
    network: { kind: "vgg-e", options: network, parameters },
    files: Object.fromEntries(noted),
  };
  const sealed = { ...description, seal: sealOf(description) };
  const bytes = { "model.json": new TextEncoder().encode(JSON.stringify(sealed, null, 2) + "\n"), ...others };
  decodeModel(bytes, described.name); // checks that the result can be read
  return bytes;
}

/**
 * Reads `model.json`, before any other file of the model: it declares the sizes of the others.
 *
 * @param name the model's name in errors
 * @throws {ModelError} if it does not describe a model
 */
export function readDescription(bytes: Uint8Array, name: string): ModelDescription {
  const where = `${name}: model.json`;
  if (bytes.length > LARGEST_DESCRIPTION) {
    throw new ModelError(`${where}: expected at most ${LARGEST_DESCRIPTION} bytes, found ${bytes.length}`);
  }
  const value = parseWithin(bytes, where, { depth: 12, memory: 8 * LARGEST_DESCRIPTION });
  const description = checkDescription(value, where);
  const { seal, ...rest } = value as { seal?: unknown };
  if (seal !== sealOf(rest)) {
    throw new ModelError(
      `${where}: damaged, or changed by hand: expected the check sum ${seal}, found ${sealOf(rest)}`,
    );
  }
  return description;
}

/** Largest `model.json`, in bytes. */
export const LARGEST_DESCRIPTION = 1 << 20;

/**
 * Reads a model.
 *
 * @param name its name in errors
 * @throws {ModelError} if a file is invalid, with the file, what was expected and what was found
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * const nothing = new Uint8Array();
 * const files = { "model.json": nothing, "weights.safetensors": nothing, "forest.json": nothing };
 * assertThrows(() => decodeModel(files, "an empty folder"), Error, "an empty folder: model.json: expected JSON");
 * ```
 */
export function decodeModel(files: ModelBytes, name: string): Model {
  const description = readDescription(files["model.json"], name);
  for (const file of MODEL_FILES) {
    if (file === "model.json") continue;
    const { bytes, crc32: sum } = description.files[file], own = files[file];
    if (own.length !== bytes) {
      throw new ModelError(`${name}: ${file}: expected ${bytes} bytes, as model.json states, found ${own.length}`);
    }
    const found = crc32(own);
    if (found !== sum) throw new ModelError(`${name}: ${file}: damaged: expected the check sum ${sum}, found ${found}`);
  }
  const weights = readWeights(files["weights.safetensors"], description, `${name}: weights.safetensors`);
  return { description, weights, forest: readForest(files["forest.json"], description, `${name}: forest.json`) };
}

function readWeights(bytes: Uint8Array, { network }: ModelDescription, where: string): Record<string, Float32Array> {
  const { tensors } = within(where, () => decodeSafetensors(bytes, where));
  const weights: Record<string, Float32Array> = {};
  for (const { name, shape } of network.parameters) {
    const found = Object.hasOwn(tensors, name) ? tensors[name] : undefined;
    if (!found || found.shape.join() !== shape.join()) {
      throw new ModelError(`${where}: '${name}': expected [${shape}], found ${found ? `[${found.shape}]` : "nothing"}`);
    }
    const { data } = found;
    let finite = 0;
    while (finite < data.length && Number.isFinite(data[finite])) finite++;
    if (finite < data.length) {
      throw new ModelError(`${where}: '${name}': expected finite numbers, found ${data[finite]} at ${finite}`);
    }
    weights[name] = data;
  }
  const more = Object.keys(tensors).find((name) => !Object.hasOwn(weights, name));
  if (more !== undefined) throw new ModelError(`${where}: expected only the network's tensors, found '${more}'`);
  return weights;
}

/** Largest memory of a forest, in bytes: the trees of a hundred thousand utterances would exceed it. */
const LARGEST_FOREST = 2 ** 27;

/** Memory for each character of a packed forest's thresholds and leaves, in bytes: four characters may become a list. */
const PACKED = 24;

function readForest(bytes: Uint8Array, { version, ...own }: ModelDescription, where: string): RandomForest {
  const { emotions, statistics } = own;
  const json = parseWithin(bytes, where, { depth: 5, memory: LARGEST_FOREST }) as Record<string, unknown> | null;
  const classes = emotions.length, features = classes * statistics.length;
  if (json?.classes !== classes || json.features !== features) {
    throw new ModelError(
      `${where}: expected ${features} features and ${classes} classes, found ${json?.features} and ${json?.classes}`,
    );
  }
  if (json.version === 2 && version < 3) {
    throw new ModelError(`${where}: version: expected 1 in a model of version ${version}, found 2`);
  }
  // each node has a count for each class; a packed node has at least one byte, so there are at most as many as characters
  const trees = Array.isArray(json.trees) ? json.trees : [];
  const length = (list: unknown) => typeof list === "string" || Array.isArray(list) ? list.length : 0;
  const nodes = trees.reduce((sum, tree) => sum + length(tree?.feature), 0);
  const characters = json.version === 2
    ? trees.reduce((sum, tree) => sum + length(tree?.threshold) + length(tree?.leaves), 0)
    : 0;
  if (nodes * (4 * classes + 20) + characters * PACKED > LARGEST_FOREST) {
    throw new ModelError(
      `${where}: expected trees that fit ${LARGEST_FOREST / 2 ** 20} MB of memory, found ${nodes} nodes${
        characters === 0 ? "" : ` and ${characters} characters`
      }`,
    );
  }
  const packed = json.version === 2 && Array.isArray(json.trees);
  return within(where, () => RandomForest.fromJSON(packed ? unpackForest(json as unknown as PackedForest) : json));
}

/** Converts errors of another part of the program to a fault of the model. */
function within<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError)) throw error;
    const { message } = error;
    throw new ModelError(message.startsWith(where) ? message : `${where}: ${message}`, { cause: error });
  }
}

/** The check sum of a description, independent of its white space. */
function sealOf(description: unknown): string {
  return crc32(new TextEncoder().encode(JSON.stringify(description)));
}
