/** `deno task pack`: a run as one small file, and back. */
import { count } from "../corpora/corpus.ts";
import { packRun, unpackRun } from "../runs/pack.ts";
import { createCommand, runCommand, say } from "./common.ts";

const command = createCommand("pack", "A run as one small file, without its weights, and back.", [
  ["keep a run", "deno task pack out/emodb-best-1-20200812-140506 emodb-best-1.tar.gz"],
  ["make its folder again, and resume it", "deno task pack --unpack emodb-best-1.tar.gz out/again"],
])
  .option("--unpack", "make a run folder of a packed run")
  .argument("<from>", "run folder; with --unpack the file")
  .argument("<to>", "file; with --unpack the folder, new or empty");

await runCommand(command, async () => {
  const [from, to] = command.args;
  if (command.opts<{ unpack?: boolean }>().unpack) {
    const files = await unpackRun(from, to);
    return say(`${count(files, "file")} in ${to}; to resume: deno task train --resume --out ${to}`);
  }
  const { files, bytes } = await packRun(from, to);
  say(`${count(files, "file")} in ${to}, ${(bytes / 1e6).toFixed(1)} MB`);
});
