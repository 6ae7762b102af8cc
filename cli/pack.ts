/** `deno task pack`: packs a run into one small file, and unpacks it. */
import { count } from "../base/count.ts";
import { packRun, unpackRun } from "../runs/pack.ts";
import { createCommand, runCommand, say } from "./common.ts";

const command = createCommand("pack", "Packs a run, without its weights, into one small file, or unpacks it.", [
  ["keep a run", "deno task pack out/emodb-best-1-20200812-140506 emodb-best-1.tar.gz"],
  ["unpack it to a run folder, which can be resumed", "deno task pack --unpack emodb-best-1.tar.gz out/again"],
])
  .option("--unpack", "unpack a packed run to a run folder")
  .argument("<from>", "run folder; with --unpack: the packed file")
  .argument("<to>", "file to write; with --unpack: the folder, new or empty");

await runCommand(command, async () => {
  const [from, to] = command.args;
  if (command.opts<{ unpack?: boolean }>().unpack) {
    const files = await unpackRun(from, to);
    return say(`${count(files, "file")} in ${to}. To resume: deno task train --resume --out ${to}`);
  }
  const { files, bytes } = await packRun(from, to);
  say(`${count(files, "file")} in ${to}, ${(bytes / 1e6).toFixed(1)} MB`);
});
