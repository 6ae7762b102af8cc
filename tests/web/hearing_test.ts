/** What the page's engine hears of a stream is what it hears of a file; tried without a browser. */
import { assert, assertEquals } from "@std/assert";
import { profileStatistics } from "../../refinery/mod.ts";
import { Predictor } from "../../refinery/predictor.ts";
import { hear, LiveHearing, liveHop } from "../../web/engine/hearing.ts";
import type { News } from "../../web/engine/protocol.ts";
import { cpu } from "../devices.ts";
import { tinyCorpus, trainTinyModel } from "../refinery/tiny_model.ts";

const device = await cpu.open();
const predictor = new Predictor((await trainTinyModel(device)).model, device);
const { emotions, segmentHop } = predictor.model.description, K = emotions.length;
const { samples } = await tinyCorpus.utterances[0].read();

/** Says samples to a stream in blocks of 10 ms and of odd sizes. */
async function say(rate: number, spoken: Float32Array, sizes: readonly number[]) {
  const news: (News & { news: "live" })[] = [];
  const live = new LiveHearing(predictor, rate, (one) => {
    assertEquals(one.news, "live", JSON.stringify(one));
    news.push(one as News & { news: "live" });
  });
  for (let at = 0, turn = 0; at < spoken.length; turn++) {
    const size = sizes[turn % sizes.length];
    live.push(spoken.slice(at, at + size), at);
    at += size;
    if (turn % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return { heard: await live.end(), news, hop: live.segmentHop };
}

Deno.test("a stream has a segment every 30 ms or oftener, the model's own among them", () => {
  assertEquals([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 30].map(liveHop), [1, 2, 3, 2, 1, 3, 1, 2, 3, 2, 3]);
});

Deno.test("a stream is heard as the file of the same samples is, however it comes, and its news add up to it", async () => {
  const file = await hear(predictor, { samples, sampleRate: 16000 });
  for (const sizes of [[160], [4096], [1, 77, 1600, 128]]) {
    const { heard, news, hop } = await say(16000, samples, sizes);
    assertEquals(segmentHop % hop, 0);
    assertEquals([heard!.emotion, heard!.seconds], [file.emotion, file.seconds]);
    assertEquals(heard!.probabilities, file.probabilities);
    const own = Float32Array.from(heard!.profile).filter((_, i) => Math.floor(i / K) % (segmentHop / hop) === 0);
    assertEquals(profileStatistics(own, K), profileStatistics(file.profile, K));
    assertEquals(news.flatMap(({ samples }) => [...samples]), [...heard!.samples]);
    assertEquals(news.flatMap(({ frames }) => [...frames]), [...heard!.frames]);
    assertEquals(news.flatMap(({ profile }) => [...profile]), [...heard!.profile]);
    assertEquals(news.findLast(({ probabilities }) => probabilities.length > 0)!.probabilities, file.probabilities);
    assert(news.every(({ behind }, i) => i < news.length - 1 || behind === 0));
  }
});

Deno.test("a stream of another rate is resampled as it comes; one without a segment gives nothing", async () => {
  const twice = Float32Array.from({ length: 2 * samples.length }, (_, i) => samples[i >> 1]);
  const { heard } = await say(32000, twice, [320]);
  assert(Math.abs(heard!.seconds - samples.length / 16000) < 0.02);
  assertEquals((await say(16000, samples.subarray(0, 1000), [160])).heard, undefined);
});

Deno.test.afterAll(() => {
  predictor.close();
  device.close();
});
