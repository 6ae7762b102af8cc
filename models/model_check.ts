/**
 * Checks whether a `model.json` describes a model that this program can run: every field, and that the fields agree.
 */
import { type FrontEnd, frontEnd, type Levelling } from "../dsp/settings.ts";
import { sizeOf } from "../nn/tensor.ts";
import { type VggEOptions, vggEParameters } from "../nn/vgg_e.ts";
import type { Certainty, Threshold } from "./certainty.ts";
import { type Domain, SOUND_STATISTICS } from "./domain.ts";
import type { ModelAccuracy, ModelConditions, ModelDescription, ModelTraining } from "./description.ts";
import { STATISTICS } from "../refinery/statistics.ts";
import { ModelError, UntrustedValue } from "./untrusted.ts";

/** Bytes allowed for the header of a weights file. */
const LARGEST_HEADER = 1 << 17;

/** Largest file of a forest, in bytes. */
const LARGEST_FOREST_FILE = 2 ** 26;

/**
 * Checks that a value is a model's description, and returns it.
 *
 * @param where its name in errors
 * @throws {ModelError} with the field, what was expected and what was found
 */
export function checkDescription(value: unknown, where: string): ModelDescription {
  const json = new UntrustedValue(value, where);
  json.get("format").literal("epr-model");
  const { value: version } = json.get("version");
  if (version !== 1 && version !== 2 && version !== 3) {
    throw new ModelError(`${where}: version: expected 1, 2 or 3, found ${version}; a newer EPR may read it`);
  }
  const emotions = json.get("emotions").list({ min: 2, max: 64 }).map((emotion) => emotion.text(40));
  if (new Set(emotions).size < emotions.length) json.get("emotions").fail("each emotion once");
  const front = checkFrontEnd(json.get("frontEnd")), network = checkNetwork(json.get("network"), emotions, front);
  if (version < 3 && (version === 2) !== (front.levelling !== undefined)) {
    json.get("frontEnd").get("levelling").fail(version === 2 ? "a levelling, in version 2" : "none, in version 1");
  }
  const scaling = json.get("standardisation");
  const statistics = json.get("statistics");
  if (JSON.stringify(statistics.value) !== JSON.stringify(STATISTICS)) statistics.fail(JSON.stringify(STATISTICS));
  const made = json.get("made");
  const files = json.get("files"), names = ["weights.safetensors", "forest.json"];
  if (!names.every((file) => Object.hasOwn(files.object(), file)) || Object.keys(files.object()).length > 2) {
    files.fail(`${names.join(" and ")}, and nothing else`);
  }
  const bytes = 4 * network.parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return {
    format: "epr-model",
    version,
    name: json.get("name").text(200),
    emotions,
    network,
    frontEnd: front,
    standardisation: {
      mean: scaling.get("mean").number({ min: -1e6, max: 1e6 }),
      deviation: scaling.get("deviation").number({ min: 1e-6, max: 1e6 }),
    },
    segmentHop: json.get("segmentHop").whole(1, 1000),
    statistics: [...STATISTICS],
    training: checkTraining(json.get("training")),
    accuracy: json.get("accuracy").list({ min: 0, max: 16 }).map((own) => checkAccuracy(own, emotions.length)),
    ...optional(json, "conditions", checkConditions),
    ...optional(json, "certainty", checkCertainty),
    ...optional(json, "domain", checkDomain),
    licence: json.get("licence").text(2000),
    made: { epr: made.get("epr").text(), date: made.get("date").text(), command: made.get("command").text(4000) },
    files: {
      "weights.safetensors": checkFile(files.get("weights.safetensors"), bytes, bytes + LARGEST_HEADER),
      "forest.json": checkFile(files.get("forest.json"), 1, LARGEST_FOREST_FILE),
    },
  };
}

/**
 * Names and shapes of a network's parameters.
 *
 * @throws {ModelError} if its options are invalid
 */
export function parametersOf(options: VggEOptions): { name: string; shape: number[] }[] {
  try {
    return vggEParameters(options).map(({ name, shape }) => ({ name, shape: [...shape] }));
  } catch (error) {
    throw new ModelError((error as Error).message, { cause: error });
  }
}

function checkNetwork(
  json: UntrustedValue,
  emotions: readonly string[],
  front: FrontEnd,
): ModelDescription["network"] {
  json.get("kind").literal("vgg-e");
  const options = json.get("options");
  // unknown options may change the parameters, or belong to another version
  for (const key of Object.keys(options.object())) {
    const own = options.get(key);
    if (typeof own.value !== "boolean") own.number({ min: 0, max: 1024 });
  }
  options.get("classes").literal(emotions.length);
  options.get("width").number({ min: 1 / 1024, max: 4 });
  options.get("height").literal(front.nMels);
  options.get("frames").literal(front.segmentFrames);
  const parameters = parametersOf(options.value as VggEOptions);
  const listed = json.get("parameters");
  if (JSON.stringify(listed.value) !== JSON.stringify(parameters)) {
    listed.fail("the parameters of the network that the options describe, as this version of EPR builds it");
  }
  return { kind: "vgg-e", options: options.value as VggEOptions, parameters };
}

function checkFrontEnd(json: UntrustedValue): FrontEnd {
  const whole = (key: keyof FrontEnd, min: number, max: number) => json.get(key).whole(min, max);
  const sampleRate = whole("sampleRate", 4000, 192_000), fftLength = whole("fftLength", 4, 8192);
  if (!Number.isInteger(Math.log2(fftLength))) json.get("fftLength").fail("a power of two");
  const windowLength = whole("windowLength", 1, fftLength), fMin = json.get("fMin").number({ min: 0, max: 1e5 });
  const checked: FrontEnd = {
    sampleRate,
    windowLength,
    hopLength: whole("hopLength", Math.ceil(sampleRate / 1000), windowLength),
    fftLength,
    nMels: whole("nMels", 32, 256),
    fMin,
    fMax: json.get("fMax").number({ min: fMin + 1, max: sampleRate / 2 }),
    logOffset: json.get("logOffset").number({ min: 1e-12, max: 1e6 }),
    segmentFrames: whole("segmentFrames", 32, 256),
    ...optional(json, "levelling", checkLevelling),
  };
  // EPR's shared front end already has its tables
  const same = (Object.keys(frontEnd) as (keyof FrontEnd)[]).every((key) => frontEnd[key] === checked[key]);
  return same && !checked.levelling ? frontEnd : Object.freeze(checked);
}

function checkLevelling(json: UntrustedValue): Levelling {
  return {
    percentile: json.get("percentile").number({ min: 0, max: 100 }),
    magnitude: json.get("magnitude").number({ min: 1e-6, max: 1e6 }),
    mostGain: json.get("mostGain").number({ min: 1e-6, max: 1e6 }),
    frames: json.get("frames").whole(1, 10_000_000),
  };
}

function checkTraining(json: UntrustedValue): ModelTraining {
  const fold = json.get("heldOutFold");
  return {
    corpus: json.get("corpus").text(200),
    utterances: json.get("utterances").whole(1, 1e9),
    speakers: json.get("speakers").whole(1, 1e9),
    recordings: json.get("recordings").text(100),
    ...(fold.value !== undefined && { heldOutFold: fold.whole(1, 1e6) }),
    settings: json.get("settings").object(),
  };
}

function checkAccuracy(json: UntrustedValue, classes: number): ModelAccuracy {
  const confusion = json.get("confusion"),
    vote = json.get("meanVoteAccuracy"),
    share = { min: 0, max: 1 },
    size = { min: classes, max: classes };
  return {
    protocol: json.get("protocol").text(),
    utterances: json.get("utterances").whole(1, 1e9),
    weightedAccuracy: json.get("weightedAccuracy").number(share),
    unweightedAccuracy: json.get("unweightedAccuracy").number(share),
    ...(vote.value !== undefined && { meanVoteAccuracy: vote.number(share) }),
    ...(confusion.value !== undefined && {
      confusion: confusion.list(size).map((row) => row.list(size).map((cell) => cell.whole(0, 1e9))),
    }),
  };
}

/**
 * Checks accuracies under conditions.
 *
 * @throws {ModelError} with the field, what was expected and what was found
 */
export function checkConditions(json: UntrustedValue): ModelConditions {
  const { value: decidedBy } = json.get("decidedBy");
  if (decidedBy !== "forest" && decidedBy !== "mean") return json.get("decidedBy").fail("forest or mean");
  const shares = (own: UntrustedValue) => ({
    weightedAccuracy: own.get("weightedAccuracy").number({ min: 0, max: 1 }),
    unweightedAccuracy: own.get("unweightedAccuracy").number({ min: 0, max: 1 }),
  });
  return {
    protocol: json.get("protocol").text(),
    decidedBy,
    utterances: json.get("utterances").whole(1, 1e9),
    ...shares(json),
    under: json.get("under").list({ min: 1, max: 64 }).map((own) => ({
      condition: own.get("condition").text(40),
      ...shares(own),
    })),
  };
}

/** An optional field, as an object with this field or none. */
function optional<K extends string, T>(
  json: UntrustedValue,
  key: K,
  check: (json: UntrustedValue) => T,
): { [Key in K]?: T } {
  const own = json.get(key);
  return own.value === undefined ? {} : { [key]: check(own) } as { [Key in K]?: T };
}

function checkCertainty(json: UntrustedValue): Certainty {
  const share = { min: 0, max: 1 };
  const threshold = (own: UntrustedValue): Threshold => ({
    probability: own.get("probability").number(share),
    answered: own.get("answered").number(share),
    wrong: own.get("wrong").number(share),
  });
  return {
    error: json.get("error").number(share),
    ...optional(json, "forest", threshold),
    ...optional(json, "mean", threshold),
  };
}

function checkDomain(json: UntrustedValue): Domain {
  const statistics = json.get("statistics");
  const checked = SOUND_STATISTICS.map((name) => {
    const own = statistics.get(name);
    const mean = own.get("mean").number({ min: -1e6, max: 1e6 });
    return [name, { mean, deviation: own.get("deviation").number({ min: 1e-6, max: 1e6 }) }] as const;
  });
  return {
    statistics: Object.fromEntries(checked) as Domain["statistics"],
    limit: json.get("limit").number({ min: 0, max: 1e6 }),
  };
}

function checkFile(json: UntrustedValue, min: number, max: number): { bytes: number; crc32: string } {
  const crc32 = json.get("crc32").text(8);
  if (!/^[0-9a-f]{8}$/.test(crc32)) json.get("crc32").fail("eight hexadecimal digits");
  return { bytes: json.get("bytes").whole(min, max), crc32 };
}
