/** How `predict` resolves names on the command line. */
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { findRecordings } from "../../cli/recordings.ts";

Deno.test("findRecordings() gives the reason for everything that is not a recording, and finds names of every script", async () => {
  const folder = await Deno.makeTempDir({ prefix: "epr_names_" }), own = (name: string) => join(folder, name);
  try {
    await Deno.mkdir(own("folder.wav"));
    await Deno.mkdir(own("sounds"));
    for (const name of ["sounds/\u{1f3b5} smile.wav", "sounds/u\u0308ber.wav", "sounds/-dash.wav", "sounds/a.caf"]) {
      await Deno.writeTextFile(own(name), "");
    }
    await Deno.symlink("nowhere.wav", own("dangling.wav"));
    await Deno.symlink("second.wav", own("first.wav"));
    await Deno.symlink("first.wav", own("second.wav"));
    const names = ["folder.wav", "dangling.wav", "first.wav", "missing.wav", "sounds"];
    const found = await findRecordings(names.map(own));
    assertEquals(found.map((one) => "fault" in one ? one.fault.replaceAll(`${folder}/`, "") : one.below), [
      "folder.wav: expected wav files in this folder, found none",
      "dangling.wav: a broken link: nowhere.wav does not exist",
      "first.wav: a circular link, to second.wav",
      "missing.wav: no such file",
      "-dash.wav",
      "u\u0308ber.wav",
      "\u{1f3b5} smile.wav",
      "sounds/a.caf: predict does not read this kind of file in a folder; convert it to wav",
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
