/** `train()`: the library's one call for the whole job. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { openSynthetic } from "../../corpora/synthetic.ts";
import { train } from "../../runs/train.ts";
import { assertOptionError } from "../option_errors.ts";

const SMALL = {
  folds: 2,
  stages: 2,
  epochs: 1,
  width: 1 / 32,
  segmentHop: 24,
  trees: 10,
  device: "cpu",
  threads: 1,
} as const;

Deno.test("train() resumes by the same call to the same results, and refuses another run's folder", async () => {
  const corpus = await openSynthetic(1, { utterances: 10, speakers: 2 });
  const whole = await Deno.makeTempDir(), stopped = await Deno.makeTempDir();
  try {
    const { results } = await train(corpus, { ...SMALL, out: whole });
    const stop = new AbortController(), reason = new Error("enough");
    const epochs: string[] = [];
    const onEpoch = ({ fold, stage }: { fold: number; stage: number }) => {
      epochs.push(`${fold} ${stage}`);
      if (epochs.length === 3) stop.abort(reason);
    };
    const error = await assertRejects(
      () => train(corpus, { ...SMALL, out: stopped, onEpoch, signal: stop.signal }),
      Error,
    );
    assertEquals(error, reason);
    const resumed = await train(corpus, { ...SMALL, out: stopped, onEpoch });
    assert(epochs.length === 4, `resumed after three of four networks, and fitted ${epochs}`);
    assertEquals(resumed.results.stages, results.stages);
    assertEquals(resumed.run, stopped);
    assertEquals(JSON.parse(await Deno.readTextFile(join(stopped, "results.json"))).stages, results.stages);
    await assertOptionError(
      () => train(corpus, { ...SMALL, trees: 11, out: whole }),
      "out",
      /`trees` \d+ there, 11 here/,
    );
  } finally {
    await Deno.remove(whole, { recursive: true });
    await Deno.remove(stopped, { recursive: true });
  }
});

Deno.test("train() holds out each speaker if there are fewer speakers than the preset's folds", async () => {
  const corpus = await openSynthetic(1, { utterances: 10, speakers: 2 }), out = await Deno.makeTempDir();
  try {
    const { folds: _, ...rest } = SMALL;
    const { results } = await train(corpus, { ...rest, stages: 1, split: "speaker", out });
    assertEquals(results.folds, 2);
  } finally {
    await Deno.remove(out, { recursive: true });
  }
});
