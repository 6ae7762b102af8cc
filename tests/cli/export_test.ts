/** `deno task train --export` and `deno task export` from a user's view. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { readModel } from "../../models/mod.ts";
import { encodeNetwork, encodeWhole } from "../../models/onnx/mod.ts";
import { tone, withFolder } from "../corpora/folders.ts";
import { names } from "../runs/folders.ts";

const root = join(import.meta.dirname!, "..", "..");

async function deno(task: string, permissions: string, ...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", `-P=${permissions}`, `cli/${task}.ts`, ...args],
    cwd: root,
    env: { NO_COLOR: "1" },
  }).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

const recordings = Object.fromEntries(
  ["angry", "sad"].flatMap((emotion, e) =>
    [1, 2, 3, 4].map((n) => [`${emotion}/${"ab"[n % 2]}/${n}.wav`, tone(0.5 + 0.05 * n, 300 + 900 * e + 20 * n)])
  ),
);
const tiny = "--width 1/16 --folds 2 --epochs 2 --batch 16 --segment-hop 2 --device cpu".split(" ");

Deno.test("train --export ends with a model that predict can use; export makes it, and those of folds, again", async () => {
  await withFolder(recordings, async (dir) => {
    const out = join(dir, "out"), corpus = ["--corpus", "folder", "--data", dir];
    const trained = await deno(
      "train",
      "train",
      ...corpus,
      ...tiny,
      "--out",
      out,
      "--export",
      "--licence",
      "CC0",
      "--quiet",
    );
    assertEquals([trained.code, trained.stderr], [0, ""]);
    assertMatch(
      trained.stdout,
      /\nmodel: .*out\/model \(folder-quick-1, \d+\.\d MB; its card is README\.md in it\)\n$/,
    );
    const { description } = await readModel(join(out, "model"));
    assertEquals([description.certainty?.error, Object.keys(description.domain?.statistics ?? {})], [
      0.1,
      ["level", "range", "balance"],
    ]);
    assertEquals([description.licence, description.emotions, description.training.utterances], ["CC0", [
      "anger",
      "sadness",
    ], 8]);

    const [first, again, fold, none] = [
      await deno(
        "predict",
        "predict",
        join(dir, "sad", "a", "2.wav"),
        "--model",
        join(out, "model"),
        "--device",
        "cpu",
      ),
      await deno(
        "export",
        "train",
        out,
        "--out",
        join(dir, "again"),
        "--name",
        "mine",
        "--unsure-error",
        "1/2",
        "--quiet",
      ),
      await deno("export", "train", out, "--fold", "2"),
      await deno("export", "train", out, "--fold", "3"),
    ];
    assertEquals(first.code, 0, first.stderr);
    assertMatch(
      first.stderr,
      /^model {5}folder-quick-1: 2 emotions, trained on folder, a segment every 20 ms\ndevice {4}cpu: /,
    );
    assertMatch(first.stdout, /2\.wav +(anger|sadness) +\d+\.\d % +0\.60 s\n$/);
    assertEquals([again.code, again.stderr], [0, ""]);
    const weights = (folder: string) => Deno.readFile(join(folder, "weights.safetensors"));
    const [one, other] = await Promise.all([join(out, "model"), join(dir, "again")].map(readModel));
    assertEquals(one.weights, other.weights);
    assertEquals([other.description.name, other.description.certainty?.error], ["mine", 0.5]);
    assertEquals(other.description.domain, one.description.domain);
    assertEquals(fold.code, 0, fold.stderr);
    assertEquals(names(join(out, "model-fold-2")), [
      "README.md",
      "forest.json",
      "model.json",
      "weights.safetensors",
    ]);
    assert((await weights(join(out, "model-fold-2"))).length > 100_000);
    assertEquals([none.code, none.stderr], [1, `error: ${out}: --fold: expected a fold from 1 to 2, found 3\n`]);

    // other recordings than the run's
    await Deno.writeFile(join(dir, "sad", "a", "2.wav"), tone(0.7));
    const changed = await deno("export", "train", out, "--out", join(dir, "third"), "--quiet");
    assertEquals(changed.code, 1);
    assertMatch(
      changed.stderr,
      /^error: .*: --data: expected the corpus that the run started with, found utterances that are 1 changed \(sad\/a\/2\); restore/,
    );
    const usage = await deno("train", "train", ...corpus, "--export", "--only-fold", "1");
    assertEquals([usage.code, usage.stdout], [2, ""]);
    assertMatch(usage.stderr, /--export and --only-fold exclude each other/);
  });
});

Deno.test("export --onnx writes a model as one file, and its network as another; without a run or a file it is wrong usage", async () => {
  await withFolder({}, async (dir) => {
    const [whole, network] = ["whole.onnx", "deeper/network.onnx"].map((name) => join(dir, name));
    const [written, none, both] = [
      await deno("export", "train", "--onnx", whole, "--onnx-network", network),
      await deno("export", "train"),
      await deno("export", "train", "out/a-run", "--model", "models/emodb"),
    ];
    assertEquals([written.code, written.stderr], [0, ""]);
    assertMatch(written.stdout, /^onnx: .*whole\.onnx \(.*, takes samples, \d\.\d MB\)\nonnx: .*takes segments.*\n$/);
    const model = await readModel(join(root, "models", "emodb"));
    assertEquals(await Deno.readFile(whole), encodeWhole(model));
    assertEquals(await Deno.readFile(network), encodeNetwork(model));
    assertEquals([none.code, none.stdout], [2, ""]);
    assertMatch(none.stderr, /Expected the folder of a run, or --onnx FILE .*found neither/);
    assertEquals(both.code, 2);
  });
});
