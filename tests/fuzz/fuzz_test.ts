/**
 * Randomly changed wav files and models: each gives the right result, or is refused with our own error, quickly and in little
 * memory.
 *
 * EPR_FUZZ=5000 sets the number of each (10,000 in all, some minutes); default: six hundred of each. EPR_FUZZ_SEED sets another
 * start.
 */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { frameCount } from "../../dsp/log_mel.ts";
import { decodeRecording } from "../../dsp/recording.ts";
import { RecordingStream } from "../../dsp/recording_stream.ts";
import { readWavHeader } from "../../dsp/riff.ts";
import { segmentCount } from "../../dsp/segments.ts";
import { decodeWav } from "../../dsp/wav.ts";
import { unpackForest } from "../../forest/packed.ts";
import { Random } from "../../kernels/random.ts";
import type { ModelBytes } from "../../models/description.ts";
import { decodeModel } from "../../models/model.ts";
import { type Prediction, Predictor, TooShortError } from "../../models/predictor.ts";
import { ModelError } from "../../models/untrusted.ts";
import { cpu } from "../devices.ts";
import { oddWavs } from "../dsp/containers.ts";
import { describeAgain, replaceFile, reseal, safetensors } from "../models/hostile.ts";
import { trainTinyModel } from "../models/tiny_model.ts";
import { mutateBytes, mutateJson, pick } from "./mutate.ts";
import { makeWav, WAV_KINDS } from "./wavs.ts";

const TURNS = Number(Deno.env.get("EPR_FUZZ") ?? 600);
const SEED = Number(Deno.env.get("EPR_FUZZ_SEED") ?? 1);

/** Most seconds for one, and most bytes by which the program may grow over all of them. */
const LONGEST = 10, MOST_MEMORY = 200e6;

const device = await cpu.open();
const { bytes, model, features } = await trainTinyModel(device);
const K = features.emotions.length;
const predictor = new Predictor(model, device);

/** Runs `turn` repeatedly; reports the outcomes, the longest duration, and the memory used. */
async function fuzz(
  what: string,
  turn: (random: Random, number: number) => Promise<string>,
): Promise<Map<string, number>> {
  const outcomes = new Map<string, number>();
  let longest = 0, most = 0;
  const before = Deno.memoryUsage().rss, began = performance.now();
  for (let number = 0; number < TURNS; number++) {
    const started = performance.now();
    let outcome: string;
    try {
      outcome = await turn(new Random(SEED, number, what.length), number);
    } catch (error) {
      throw new Error(`${what}, turn ${number} of seed ${SEED}: ${(error as Error).message}`, { cause: error });
    }
    outcomes.set(outcome, 1 + (outcomes.get(outcome) ?? 0));
    longest = Math.max(longest, performance.now() - started);
    if (number % 16 === 0) most = Math.max(most, Deno.memoryUsage().rss - before);
  }
  const [ms, mega, seconds] = [longest, most / 1e6, (performance.now() - began) / 1000].map(Math.round);
  console.log(
    `${TURNS} ${what}, seed ${SEED}: ${[...outcomes].map(([name, count]) => `${count} ${name}`).join(", ")}; ` +
      `the longest took ${ms} ms, memory grew by ${mega} MB at most (from ${
        Math.round(before / 1e6)
      } MB), ${seconds} s in all`,
  );
  assert(longest < 1000 * LONGEST, `one took ${ms} ms`);
  assert(most < MOST_MEMORY, `memory grew by ${mega} MB`);
  return outcomes;
}

/** Throws unless a prediction is valid. */
function checkPrediction({ emotion, probability, probabilities, profile }: Prediction, segments: number): void {
  assertEquals(profile.length, segments * K);
  for (let s = 0; s < segments; s++) {
    const row = profile.subarray(s * K, (s + 1) * K);
    assert(row.every((p) => p >= 0 && p <= 1.000001), `segment ${s}: ${row}`);
    assert(Math.abs(row.reduce((a, b) => a + b) - 1) < 1e-4, `segment ${s}: ${row}`);
  }
  assert(Math.abs(probabilities.reduce((a, b) => a + b) - 1) < 1e-9, `${probabilities}`);
  assertStrictEquals(probability, Math.max(...probabilities));
  assertStrictEquals(emotion, features.emotions[probabilities.indexOf(probability)]);
}

const files = [...WAV_KINDS.map((kind, i) => makeWav(kind, new Random(9, i))), ...Object.values(oddWavs)];

Deno.test("mutated wav files are decoded correctly, or refused with our own error, whole and in pieces alike", async () => {
  const outcomes = await fuzz("wav files", async (random) => {
    const file = mutateBytes(pick(random, files), random);
    const whole = attempt(() => decodeRecording(file, "fuzz.wav"));
    const pieces = attempt(() => inPieces(file, random));
    if (typeof whole === "string") {
      assertMatch(whole, /^TypeError: fuzz\.wav: [^]+(; |: )expected /);
      assertStrictEquals(pieces, whole);
      return "refused";
    }
    if (typeof pieces === "string") throw new Error(`as a whole it is right, in pieces: ${pieces}`);
    const { samples } = whole;
    assertEquals(Float32Array.from(pieces.flatMap((part) => [...part])), samples);
    assert(samples.every(Number.isFinite));
    checkSomeSamples(file, random);
    const listener = predictor.listen();
    try {
      for (const part of pieces) await listener.push(part);
      checkPrediction(await listener.end(), segmentCount(frameCount(samples.length), features.segmentHop));
      return "judged";
    } catch (error) {
      if (!(error instanceof TooShortError)) throw error;
      assert(samples.length < 5360);
      return "too short";
    }
  });
  assert((outcomes.get("judged") ?? 0) > TURNS / 10 && (outcomes.get("refused") ?? 0) > TURNS / 10);
});

/** The result, or the error's message. */
function attempt<T>(run: () => T): T | string {
  try {
    return run();
  } catch (error) {
    return String(error);
  }
}

/** The samples of a file that arrives in pieces. */
function inPieces(file: Uint8Array, random: Random): Float32Array[] {
  const stream = new RecordingStream("fuzz.wav", { length: file.length }), parts: Float32Array[] = [];
  if (file.length === 0) parts.push(...stream.push(file));
  for (let at = 0, size; at < file.length; at += size) {
    size = 1 + random.below(pick(random, [16, 500, 65536]));
    parts.push(...stream.push(file.subarray(at, at + size)));
  }
  return [...parts, ...stream.finish()];
}

/** Compares some decoded samples with the file's contents, read by a few separate lines of code. */
function checkSomeSamples(file: Uint8Array, random: Random): void {
  const { dataOffset, sampleBytes, encoding, frames } = readWavHeader(file, "fuzz.wav");
  if (encoding !== "int" && encoding !== "float") return; // tests/dsp/odd_wavs_test.ts checks their values
  const { channels } = decodeWav(file, "fuzz.wav"), view = new DataView(file.buffer, file.byteOffset);
  for (let n = 0; n < 20 && frames > 0; n++) {
    const frame = random.below(frames), c = random.below(channels.length);
    const at = dataOffset + (frame * channels.length + c) * sampleBytes;
    let value = 0;
    if (encoding === "float") value = sampleBytes === 8 ? view.getFloat64(at, true) : view.getFloat32(at, true);
    else if (sampleBytes === 1) value = (file[at] - 128) / 128;
    else {
      for (let b = 0; b < sampleBytes; b++) value += file[at + b] * 256 ** b;
      if (value >= 256 ** sampleBytes / 2) value -= 256 ** sampleBytes;
      value /= 256 ** sampleBytes / 2;
    }
    assertStrictEquals(channels[c][frame], Math.fround(value));
  }
}

const sound = decodeRecording(files[0], "sound").samples;
const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** A changed model: its bytes changed directly, or its contents, with correct check sums. */
function mutateModel(random: Random): { changed: ModelBytes; sealed: boolean } {
  const json = (file: keyof ModelBytes) => JSON.parse(new TextDecoder().decode(bytes[file]));
  switch (random.below(8)) {
    case 0:
    case 1: {
      const file = pick(random, Object.keys(bytes) as (keyof ModelBytes)[]);
      return { changed: { ...bytes, [file]: mutateBytes(bytes[file], random, 3000) }, sealed: false };
    }
    case 2:
      return { changed: reseal(bytes, mutateJson(describeAgain(bytes), random)), sealed: true };
    case 3:
      return {
        changed: replaceFile(bytes, "forest.json", text(mutateJson(json("forest.json"), random))),
        sealed: true,
      };
    case 4: {
      const own = bytes["weights.safetensors"], length = Number(new DataView(own.buffer).getBigUint64(0, true));
      const header = JSON.parse(new TextDecoder().decode(own.subarray(8, 8 + length)));
      const changed = safetensors(JSON.stringify(mutateJson(header, random)), own.subarray(8 + length));
      return { changed: replaceFile(bytes, "weights.safetensors", changed), sealed: true };
    }
    case 5: {
      const file = pick(random, ["weights.safetensors", "forest.json"] as const);
      return { changed: replaceFile(bytes, file, mutateBytes(bytes[file], random, 3000)), sealed: true };
    }
    case 6: { // an ordinary model with other numbers
      const forest = unpackForest(json("forest.json")), description = describeAgain(bytes);
      const tree = pick(random, forest.trees);
      tree.threshold[random.below(tree.threshold.length)] = pick(random, [-1e300, 0, 1e-300, 0.5, 1e300]);
      tree.leaves[random.below(tree.leaves.length)] = [random.below(K), pick(random, [1, 7, 2 ** 31 - 1])];
      description.segmentHop = 1 + random.below(1000);
      Object.assign(description.standardisation, {
        mean: pick(random, [-1e6, 0, 1e6]),
        deviation: pick(random, [1e-6, 1, 1e6]),
      });
      return { changed: replaceFile(reseal(bytes, description), "forest.json", text(forest)), sealed: true };
    }
    default: {
      const weights = bytes["weights.safetensors"].slice(), view = new DataView(weights.buffer);
      const first = 8 + Number(view.getBigUint64(0, true)), numbers = (weights.length - first) / 4;
      for (let left = 1 + random.below(200); left > 0; left--) {
        view.setFloat32(
          first + 4 * random.below(numbers),
          pick(random, [0, -1, 1e-45, 1e10, -1e20, 3e38, -3e38]),
          true,
        );
      }
      return { changed: replaceFile(bytes, "weights.safetensors", weights), sealed: true };
    }
  }
}

Deno.test("mutated models are unchanged, or give a prediction, or are refused with our own error", async () => {
  const outcomes = await fuzz("models", async (random) => {
    const { changed, sealed } = mutateModel(random);
    let read;
    try {
      read = decodeModel(changed, "fuzz");
    } catch (error) {
      assert(error instanceof ModelError && error.message.startsWith("fuzz: "), `${(error as Error).stack}`);
      return "refused";
    }
    if (!sealed) {
      assertEquals(read, model);
      return "the same";
    }
    const own = new Predictor(read, device);
    try {
      const { emotion, probabilities, profile } = await own.predict(sound);
      assert(read.description.emotions.includes(emotion) && probabilities.every((p) => p >= 0 && p <= 1));
      assert(profile.every((p) => p >= 0 && p <= 1.000001));
      return "judged with";
    } catch (error) {
      assert(error instanceof ModelError || error instanceof TooShortError, `${(error as Error).stack}`);
      return "refused while it is judged";
    } finally {
      own.close();
    }
  });
  assert((outcomes.get("judged with") ?? 0) > TURNS / 20 && (outcomes.get("refused") ?? 0) > TURNS / 10);
});
