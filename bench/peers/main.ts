/**
 * The program that `deno task bench --peers` starts: EPR beside other libraries, with the packages of this folder's own
 * `deno.json`, so that no other command fetches them. Its argument is the options as JSON; it prints a line of JSON for what it
 * does, and one for the rows.
 */
import { chooseKernels } from "../../lab/tuning.ts";
import { benchPeers } from "./in_turn.ts";
import type { PeersLine, PeersOptions } from "./peer.ts";

const { tune, ...options }: PeersOptions = JSON.parse(Deno.args[0]);
const print = (line: PeersLine) => console.log(JSON.stringify(line));
const rows = await benchPeers({
  ...options,
  tune: async (device, work) => void await chooseKernels(device, tune, work),
  onProgress: (progress) => print({ progress }),
});
print({ rows });
Deno.exit(); // the workers of a library may not end by themselves
