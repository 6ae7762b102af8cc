/** The contents of a model's card. */
import { assert, assertEquals } from "@std/assert";
import { describeModel } from "../../models/card.ts";
import type { ModelDescription } from "../../models/description.ts";
import { PRESETS } from "../../refinery/presets.ts";
import { trainingCommand } from "../../runs/training_command.ts";

const confusion = [[60, 40], [10, 90]];
const command = trainingCommand({
  corpus: { name: "emodb", data: "/home/somebody/emodb" } as never,
  preset: "paper",
  settings: { ...PRESETS.paper, width: 1 / 8, batchNorm: true, dropout: 0.5, monitor: "accuracy", seed: 7 },
});

Deno.test("the command of a run that predates the choice of a monitor states that it stopped by the loss", () => {
  const { monitor: _, ...old } = PRESETS.tuned;
  const said = trainingCommand({ corpus: { name: "emodb" } as never, preset: "tuned", settings: old as never });
  assertEquals(said, "deno task train --corpus emodb --data emodb --preset tuned --monitor loss --seed 1");
});

const model: ModelDescription = {
  format: "epr-model",
  version: 1,
  name: "emodb",
  emotions: ["anger", "sadness"],
  network: {
    kind: "vgg-e",
    options: { classes: 2, width: 1 / 8 },
    parameters: [{ name: "w", shape: [3, 4] }, { name: "b", shape: [5] }],
  },
  frontEnd: {
    sampleRate: 16000,
    windowLength: 400,
    hopLength: 160,
    fftLength: 512,
    nMels: 64,
    fMin: 125,
    fMax: 7500,
    logOffset: 0.01,
    segmentFrames: 32,
  },
  standardisation: { mean: 0, deviation: 1 },
  segmentHop: 3,
  statistics: ["mean"],
  training: { corpus: "emodb", utterances: 535, speakers: 10, recordings: "abc", settings: { seed: 7, folds: 10 } },
  accuracy: [
    { protocol: "by utterance", utterances: 200, weightedAccuracy: 0.75, unweightedAccuracy: 0.75, confusion },
    {
      protocol: "by speaker",
      utterances: 200,
      weightedAccuracy: 0.5,
      unweightedAccuracy: 0.475,
      meanVoteAccuracy: 0.54,
    },
  ],
  licence: "MIT | as is",
  made: { epr: "0.1.0", date: "2020-08-12T10:00:00Z", command },
  files: {
    "weights.safetensors": { bytes: 1_000_000, crc32: "00000000" },
    "forest.json": { bytes: 500_000, crc32: "00000000" },
  },
};

Deno.test("a card gives data, protocols, accuracies with the confusion matrix, prohibited uses, and how the model was made", () => {
  const card = describeModel(model), flat = card.replaceAll("\n", " ").replaceAll(/ {2,}/g, " ");
  for (
    const said of [
      "It detects **German emotions as actors play them in a studio**",
      "Emo-DB, the Berlin database of emotional speech (Burkhardt, Paeschke, Rolfes, Sendlmeier & Weiss 2005)",
      "535 utterances of 10 speakers",
      "by utterance: **75.0 %** of 200 utterances right (WA; 95 % interval 68.6 % to 80.5 %), **75.0 %** as the mean",
      "| anger | 60 | 40 | | sadness | 10 | 90 |",
      "by speaker: **50.0 %** of 200 utterances right",
      "chance is 50.0 %). The mean of the profile, without the forest (`--decide mean`), is right for 54.0 %.",
      "Where it must not be used",
      "a segment every 30 ms",
      "VGG-E of width 1/8, 17 parameters",
      "| size | 1.5 MB |",
      "| licence | MIT \\| as is |",
      "Settings: seed 7, folds 10.",
    ]
  ) assert(flat.includes(said), `${said}\n${card}`);
  assert(card.endsWith(
    "```sh\ndeno task train --corpus emodb --data emodb --preset paper --width 1/8 --monitor accuracy --batch-norm --dropout 0.5 --seed 7\n```\n",
  ));
});

Deno.test("a card of a model that was not measured, or was not trained on everything, states this", () => {
  const own = { ...model, accuracy: [], training: { ...model.training, corpus: "voices", heldOutFold: 3 } };
  const card = describeModel(own).replaceAll("\n", " ");
  assert(card.includes("Its accuracy was not measured."));
  assert(card.includes("It did not learn from fold 3: it is for checking results, not for use."));
  assert(card.includes("It detects **what its corpus (voices) contains**"));
});

Deno.test("a card has a table of the simulated conditions, in points against the unchanged recordings", () => {
  const clean = { weightedAccuracy: 0.6, unweightedAccuracy: 0.58 };
  const under = [
    { condition: "telephone", weightedAccuracy: 0.475, unweightedAccuracy: 0.4 },
    { condition: "mp3:32", weightedAccuracy: 0.6125, unweightedAccuracy: 0.59 },
    { condition: "gain:-15", weightedAccuracy: 0.5999, unweightedAccuracy: 0.58 },
  ];
  const conditions = { protocol: "by speaker", decidedBy: "mean" as const, utterances: 200, ...clean, under };
  const card = describeModel({ ...model, conditions }), flat = card.replaceAll("\n", " ").replaceAll(/ {2,}/g, " ");
  for (
    const said of [
      "by speaker: 200 utterances, decided by the mean of the profile.",
      "| condition | WA | UA | points | | --------- | -----: | -----: | -----: | | unchanged | 60.0 % | 58.0 % | |",
      "| telephone | 47.5 % | 40.0 % | -12.5 | | mp3:32 | 61.3 % | 59.0 % | +1.3 | | gain:-15 | 60.0 % | 58.0 % | 0.0 |",
    ]
  ) assert(flat.includes(said), `${said}\n${card}`);
  assert(!describeModel(model).includes("Under other conditions"));
});
