/** Emo-DB's listening test. */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { readEmodbListeners } from "../../corpora/emodb_listeners.ts";
import { openCorpus } from "../../corpora/open.ts";
import { emodbDir, noEmodb } from "../emodb.ts";
import { withFolder } from "./folders.ts";
import { assertFileError } from "../file_errors.ts";

Deno.test("readEmodbListeners() reads Latin-1 with padded fields and decimal commas, beside the recordings or above", async () => {
  const text =
    "Nr.\tSatz\terkannt\tnatuerlich\r\n1\xa0\xa0\t03a01fa.wav\t97,50\xa0\xa0\t35,00\xa0\r\n2\xa0\t08b10Wd.wav\t100\t90\r\n";
  const latin1 = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  await withFolder(
    { "erkennung.txt": latin1, "wav/03a01Fa.wav": null, "bad/erkennung.txt": "nothing\n" },
    async (dir) => {
      const rates = new Map([["03a01Fa", 0.975], ["08b10Wd", 1]]);
      assertEquals(await readEmodbListeners(dir), rates);
      assertEquals(await readEmodbListeners(join(dir, "wav")), rates);
      const file = join(dir, "bad", "erkennung.txt");
      await assertFileError(() => readEmodbListeners(join(dir, "bad")), {
        file,
        expected: /^lines like/,
        found: "none",
      });
    },
  );
  await withFolder({ "wav/03a01Fa.wav": null }, async (dir) => {
    assertEquals(await readEmodbListeners(dir), undefined);
  });
});

const emodb = emodbDir();
Deno.test({
  name:
    `readEmodbListeners() knows every published utterance of Emo-DB, and most listeners recognised each (${noEmodb})`,
  ignore: emodb === undefined,
  async fn() {
    const rates = (await readEmodbListeners(emodb!))!;
    const { utterances } = await openCorpus("emodb", { data: emodb! });
    assertEquals(utterances.filter(({ id }) => !rates.has(id)).map(({ id }) => id), []);
    assert(utterances.every(({ id }) => rates.get(id)! > 0.6 && rates.get(id)! <= 1));
  },
});
