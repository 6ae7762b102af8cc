/** Which models are refused, and with which messages; the fuzzer finds cases not listed here. */
import { assert, assertEquals, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { notAbove, packForest } from "../../forest/packed.ts";
import { crc32 as zlib } from "node:zlib";
import { LEVELLING } from "../../dsp/levelling.ts";
import { crc32 } from "../../models/crc32.ts";
import type { ModelBytes } from "../../models/description.ts";
import { decodeModel } from "../../models/model.ts";
import { ModelError } from "../../models/untrusted.ts";
import { cpu } from "../devices.ts";
import { describeAgain, type Json, replaceFile, reseal, safetensors } from "./hostile.ts";
import { trainTinyModel } from "./tiny_model.ts";

const { bytes, model, forest } = await trainTinyModel(await cpu.open());
const text = (value: unknown) => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));

function refused(files: ModelBytes, message: RegExp): void {
  const before = Deno.memoryUsage().rss, began = performance.now();
  const error = assertThrows(() => decodeModel(files, "evil"), ModelError);
  assertMatch(error.message, /^evil: (model\.json|weights\.safetensors|forest\.json)[:.]/);
  assertMatch(error.message, message);
  assert(performance.now() - began < 5000, "it took too long");
  assert(Deno.memoryUsage().rss - before < 150e6, "it took too much memory");
}

Deno.test("crc32() is zlib's", () => {
  for (const words of ["", "a", "123456789", "x".repeat(1000)]) {
    assertStrictEquals(crc32(text(words)), zlib(text(words)).toString(16).padStart(8, "0"));
  }
  assertEquals(crc32(text("123456789")), "cbf43926"); // the check value of the standard
});

Deno.test("a model is read as it was written", () => {
  const again = decodeModel(bytes, "again");
  assertEquals(again.weights, model.weights);
  const { trees, ...json } = forest.toJSON(), float32 = (tree: typeof trees[0]) => tree.threshold.map(notAbove);
  assertEquals(again.forest.toJSON(), { ...json, trees: trees.map((own) => ({ ...own, threshold: float32(own) })) });
  assertEquals(again.description, model.description);
  assertEquals(Object.isFrozen(again.description.frontEnd), true);
});

Deno.test("a model that is damaged anywhere is refused: every byte matters", () => {
  for (const file of ["model.json", "weights.safetensors", "forest.json"] as const) {
    for (let i = 0; i < 40; i++) {
      const own = bytes[file].slice();
      own[Math.floor(i * (own.length - 1) / 39)] ^= 1;
      let same = false;
      try {
        assertEquals(decodeModel({ ...bytes, [file]: own }, "x").description, model.description);
        same = true; // a space of model.json that is another space
      } catch (error) {
        assert(error instanceof ModelError, String(error));
      }
      assert(!same || file === "model.json");
    }
    refused({ ...bytes, [file]: bytes[file].subarray(0, -2) }, /expected|damaged/);
    refused({ ...bytes, [file]: new Uint8Array() }, /expected JSON|found 0/);
  }
});

const SHARES = { weightedAccuracy: 0.5, unweightedAccuracy: 0.5 };
const CONDITIONS = {
  ...{ protocol: "x", decidedBy: "forest", utterances: 9, ...SHARES },
  under: [{ condition: "room", ...SHARES }],
};

Deno.test("model.json is refused if a field is invalid, and the field is named", () => {
  const cases: [(json: Json) => void, RegExp][] = [
    [(json) => json.format = "onnx", /model\.json\.format: expected "epr-model".*, found "onnx"/],
    [(json) => json.version = 4, /version: expected 1, 2 or 3, found 4/],
    [(json) => json.version = 2, /frontEnd\.levelling: expected a levelling, in version 2.*, found nothing/],
    [
      (json) => Object.assign(json, { version: 1, frontEnd: { ...json.frontEnd, levelling: { ...LEVELLING } } }),
      /frontEnd\.levelling: expected none, in version 1.*, found .*/,
    ],
    [(json) => json.frontEnd.levelling = { ...LEVELLING, mostGain: 0 }, /levelling\.mostGain: expected .*, found 0/],
    [(json) => json.frontEnd.levelling = {}, /levelling\.percentile: expected .*, found nothing/],
    [(json) => json.emotions = ["anger"], /emotions: expected a list of 2 to 64.*, found \["anger"\]/],
    [(json) => json.emotions[1] = json.emotions[0], /emotions: expected each emotion once, found/],
    [(json) => json.emotions[0] = "\u001b[2J", /emotions\[0\]: expected one line of text, .*found/],
    [(json) => json.name = 7, /name: expected .*, found 7/],
    [(json) => json.licence = "MIT\u0007", /licence: expected .*, found/],
    [(json) => json.segmentHop = 0, /segmentHop: expected a whole number from 1 to 1000.*, found 0/],
    [(json) => json.segmentHop = 1e9, /segmentHop: expected .*, found 1000000000/],
    [(json) => delete json.standardisation, /standardisation: expected an object.*, found nothing/],
    [(json) => json.standardisation.deviation = 0, /deviation: expected .*, found 0/],
    [(json) => json.statistics.pop(), /statistics: expected \["maximum".*, found/],
    [(json) => json.frontEnd.nMels = 1e9, /nMels: expected .*, found 1000000000/],
    [(json) => json.frontEnd.fftLength = 500, /fftLength: expected a power of two.*, found 500/],
    [(json) => json.frontEnd.hopLength = 1, /hopLength: expected .*, found 1/],
    [(json) => json.frontEnd.nMels = 128, /options\.height: expected 128.*, found 64/],
    [(json) => json.network.kind = "resnet", /network\.kind/],
    [(json) => json.network.options.width = 1e9, /options\.width: expected .*, found 1000000000/],
    [(json) => json.network.options.width = 4, /network\.parameters: expected .*, found/],
    [(json) => json.network.options.classes = 64, /options\.classes: expected 5.*, found 64/],
    [(json) => json.network.options.trained = "yes", /options\.trained: expected a number.*, found "yes"/],
    [(json) => json.network.parameters.pop(), /network\.parameters: expected .*, found/],
    [(json) => json.files["weights.safetensors"].bytes = 2 ** 40, /bytes: expected .*, found 1099511627776/],
    [
      (json) => json.files["../../etc/passwd"] = { bytes: 9, crc32: "00000000" },
      /files: expected .*, and nothing else, found/,
    ],
    [(json) => json.accuracy = [{}], /accuracy\[0\]\.protocol/],
    [
      (json) =>
        json.accuracy = [{
          protocol: "x",
          utterances: 1,
          weightedAccuracy: 1,
          unweightedAccuracy: 1,
          meanVoteAccuracy: 2,
        }],
      /accuracy\[0\]\.meanVoteAccuracy: expected .*, found 2/,
    ],
    [(json) => json.conditions = { decidedBy: "luck" }, /conditions\.decidedBy: expected forest or mean, found "luck"/],
    [
      (json) => json.conditions = { ...CONDITIONS, under: [] },
      /conditions\.under: expected a list of 1 to 64, found \[\]/,
    ],
    [
      (json) => json.conditions = { ...CONDITIONS, weightedAccuracy: 7 },
      /conditions\.weightedAccuracy: expected .*, found 7/,
    ],
    [
      (json) => json.conditions = { ...CONDITIONS, under: [{ ...SHARES, condition: "\n" }] },
      /under\[0\]\.condition: expected one/,
    ],
    [(json) => json.training.heldOutFold = -1, /heldOutFold: expected .*, found -1/],
    [(json) => json.made = null, /made: expected an object.*, found null/],
  ];
  for (const [change, message] of cases) {
    const json = describeAgain(bytes);
    change(json);
    refused(reseal(bytes, json), message);
  }
  for (const value of [null, 7, "x", [], {}]) refused(reseal(bytes, value), /model\.json/);
  const changed = new TextDecoder().decode(bytes["model.json"]).replace('"MIT"', '"GPL"');
  refused({ ...bytes, "model.json": text(changed) }, /damaged, or changed by hand/);
});

Deno.test("deeply nested JSON, or JSON that is huge once parsed, is refused before parsing", () => {
  refused(
    { ...bytes, "model.json": new Uint8Array(1 << 21).fill(0x20) },
    /expected at most 1048576 bytes, found 2097152/,
  );
  refused({ ...bytes, "model.json": text("[".repeat(1e6)) }, /nested at most 12 deep, found more/);
  refused(
    { ...bytes, "model.json": text(`[${"[],".repeat(340_000)}0]`) },
    /expected at most \d+ MB in memory, found \d+ MB/,
  );
  refused(replaceFile(bytes, "forest.json", text("[".repeat(1e7))), /nested at most 5 deep, found more/);
  refused(
    replaceFile(bytes, "forest.json", text(`[${"[],".repeat(5e6)}0]`)),
    /expected at most \d+ MB in memory, found \d+ MB/,
  );
});

Deno.test("weights are refused if a header is wrong, or tensors overlap, are missing, have other shapes, or are not numbers", () => {
  const weights = bytes["weights.safetensors"], length = new DataView(weights.buffer).getBigUint64(0, true);
  const header = new TextDecoder().decode(weights.subarray(8, 8 + Number(length)));
  const numbers = weights.subarray(8 + Number(length));
  const withHeader = (text: string, length?: bigint) =>
    replaceFile(bytes, "weights.safetensors", safetensors(text, numbers, length));
  assertEquals(decodeModel(withHeader(header), "x").weights, model.weights);
  for (const lie of [2n ** 30n, 2n ** 63n, 2n ** 64n - 1n]) {
    refused(withHeader(header, lie), /a header of \d+ bytes in a file of/);
  }
  refused(withHeader("7"), /a header that is no object/);
  refused(withHeader("[".repeat(1000)), /a header that is not JSON/);
  const json = JSON.parse(header), names = Object.keys(json).filter((name) => name !== "__metadata__");
  const changed = (change: (json: Json) => void) => {
    const own = JSON.parse(header);
    change(own);
    return withHeader(JSON.stringify(own));
  };
  // as many copies of the whole as the header has room for
  const whole = JSON.stringify({ dtype: "F32", shape: [numbers.length / 4], data_offsets: [0, numbers.length] });
  refused(withHeader(`{${Array.from({ length: 800 }, (_, i) => `"t${i}":${whole}`)}}`), /'t1' that overlaps another/);
  refused(changed((own) => delete own[names[3]]), new RegExp(`'${names[3]}': expected .*, found nothing`));
  refused(changed((own) => own[names[2]].shape = [1, ...own[names[2]].shape]), /expected \[3,3.*found \[1,3/);
  refused(
    changed((own) => own.more = { dtype: "F32", shape: [0], data_offsets: [0, 0] }),
    /expected only the network's tensors, found 'more'/,
  );
  refused(changed((own) => own[names[0]].data_offsets = [-4, 0]), /found a tensor '.*' at/);
  refused(changed((own) => own[names[0]].data_offsets = [0, 2 ** 52]), /found a tensor '.*' \[.*\] at/);
  refused(changed((own) => own[names[0]].shape = [1e300, 1e300]), /of shape/);
  refused(changed((own) => own[names[0]].dtype = "F16"), /of F16/);
  refused(changed((own) => own.__metadata__ = null), /metadata/);
  refused(
    withHeader(header.replace("{", '{"__proto__":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},')),
    /'__proto__'/,
  );
  for (const value of [NaN, Infinity]) {
    const own = weights.slice();
    new DataView(own.buffer).setFloat32(own.length - 4, value, true);
    refused(replaceFile(bytes, "weights.safetensors", own), new RegExp(`expected finite numbers, found ${value}`));
  }
});

Deno.test("models of versions 1 and 2 are read, with a forest that is not packed; a packed one is refused", () => {
  const first = { ...describeAgain(bytes), version: 1 };
  const second = { ...first, version: 2, frontEnd: { ...first.frontEnd, levelling: { ...LEVELLING } } };
  for (const description of [first, second]) {
    const older = replaceFile(reseal(bytes, description), "forest.json", text(forest)); // as EPR wrote it then
    const again = decodeModel(older, "older");
    assertEquals(again.forest.toJSON(), forest.toJSON());
    assertStrictEquals(again.description.version, description.version);
    const where = new RegExp(
      `forest\\.json: version: expected 1 in a model of version ${description.version}, found 2`,
    );
    refused(reseal(bytes, description), where);
  }
});

Deno.test("a packed forest that would take too much memory is refused before it is unpacked", () => {
  const packed = packForest(forest.toJSON()), many = "AAAA".repeat(2e6);
  for (const list of ["feature", "threshold", "leaves"] as const) {
    const trees = [{ ...packed.trees[0], [list]: many }];
    refused(replaceFile(bytes, "forest.json", text({ ...packed, trees })), /expected trees that fit 128 MB of memory/);
  }
});

Deno.test("a forest is refused if its trees are invalid: cycles, missing children, classes that the model does not have", () => {
  const changed = (change: (json: Json) => void) => {
    const json = JSON.parse(JSON.stringify(forest));
    change(json);
    return replaceFile(bytes, "forest.json", text(json));
  };
  refused(changed((json) => json.classes = 65536), /expected 20 features and 5 classes, found 20 and 65536/);
  refused(changed((json) => json.features = 1), /found 1 and 5/);
  refused(changed((json) => json.format = "sklearn"), /format/);
  refused(changed((json) => json.trees = []), /trees: expected at least one tree, found none/);
  refused(changed((json) => json.trees = null), /trees/);
  refused(changed((json) => json.trees[0] = null), /trees\[0\]/);
  // nodes are in preorder, so a cycle can't be expressed; too short or too long trees can
  refused(changed((json) => json.trees[1].feature.fill(0)), /trees\[1\]\.threshold: expected \d+ entries/);
  refused(changed((json) => json.trees[1].feature.reverse()), /expected a tree in preorder/);
  refused(changed((json) => json.trees[2].feature[0] = 20), /from -1 to 19/);
  refused(changed((json) => json.trees[2].threshold[0] = null), /threshold\[0\]: expected a number, found null/);
  refused(changed((json) => json.trees[2].leaves[0] = [5, 1]), /from 0 to 4/);
  refused(changed((json) => json.trees[2].leaves[0] = [0, 0]), /from 1 to/);
  const left = Array.from({ length: 400_000 }, () => 0), stump = { feature: [...left, ...left.map(() => -1), -1] };
  const huge = { ...stump, threshold: left, leaves: [...left.map(() => [0, 1]), [0, 1]] };
  refused(changed((json) => json.trees = Array.from({ length: 5 }, () => huge)), /memory|nodes/);
});
