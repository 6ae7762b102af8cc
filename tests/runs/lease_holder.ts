/** A program that takes a lease in the given folder, perhaps as if on another host, prints that, and holds it until it is killed. */
import { Lease } from "../../runs/lease.ts";

const [dir, host] = Deno.args;
await Lease.take(dir, "fold-1", { what: "Fold 1", beat: 0.1, ...(host && { host }) });
console.log("held");
setInterval(() => {}, 1000);
