import { assertEquals, assertThrows } from "@std/assert";
import { judgeTransfer, sharedEmotions } from "../../models/transfer.ts";

const model = ["anger", "boredom", "neutral", "sadness"];

Deno.test("sharedEmotions() keeps the model's order", () => {
  assertEquals(sharedEmotions(model, ["surprise", "sadness", "anger"]), ["anger", "sadness"]);
  assertEquals(sharedEmotions(model, []), []);
});

Deno.test("judgeTransfer() decides between the shared emotions alone, and counts unrestricted decisions for others", () => {
  const transfer = judgeTransfer(model, ["anger", "sadness"], [
    { emotion: "anger", probabilities: [0.3, 0.4, 0.1, 0.2] }, // boredom, if unrestricted
    { emotion: "anger", probabilities: [0.1, 0.1, 0.2, 0.6] },
    { emotion: "anger", probabilities: [0.5, 0.1, 0.2, 0.2] },
    { emotion: "sadness", probabilities: [0.1, 0.1, 0.5, 0.3] }, // neutral, if unrestricted
  ]);
  assertEquals(transfer, {
    emotions: ["anger", "sadness"],
    utterances: 4,
    weightedAccuracy: 3 / 4,
    unweightedAccuracy: (2 / 3 + 1) / 2,
    confusion: [[2, 1], [0, 1]],
    strayed: 1 / 2,
  });
  assertThrows(() => judgeTransfer(model, ["anger"], [{ emotion: "anger", probabilities: [1, 0, 0, 0] }]), RangeError);
  assertThrows(() => judgeTransfer(model, ["anger", "sadness"], []), RangeError);
});
