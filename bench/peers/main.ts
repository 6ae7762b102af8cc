/**
 * The program that `deno task bench --peers` starts: EPR beside other libraries, with the packages of this folder's
 * `deno.json`, so that no other command fetches them. Its argument contains the options as JSON. It prints one line of JSON per
 * progress report, and one with all rows.
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
Deno.exit(); // a library's workers may keep the program alive
