/** `deno task web`: serves the page to this machine's browser, or builds it in a folder that any host can serve. */
import { createCommand, runCommand, say, UsageError, wholeNumber } from "./common.ts";
import { modelFolder } from "./model_option.ts";
import { buildSite, writeSite } from "../web/build.ts";
import { serveSite, type Site } from "../web/server.ts";

const command = createCommand(
  "web",
  "Serves the page: speech and its emotions, the network, training and the bench, in a browser.",
  [
    ["for this machine's browser", "deno task web"],
    ["with a model of your own", "deno task web --model out/emodb-compact-1-20200812-140506/model"],
    ["a folder that any host can serve", "deno task web --build site"],
  ],
)
  .option(
    "--model <dir>",
    "model folder, as deno task export writes it, or the archive of a taught model (default: the model that ships)",
  )
  .option("--build <dir>", "write the page to this folder, and exit")
  .option("--host <name>", "address to listen on; 0.0.0.0: other machines can open the page too", "127.0.0.1")
  .option("--port <n>", "port to listen on; 0: any that is free", wholeNumber({ max: 65535 }), 8335);

await runCommand(command, async (signal) => {
  const { model, build, host, port } = command.opts<{ model?: string; build?: string; host: string; port: number }>();
  const given = (["port", "host"] as const).find((name) => command.getOptionValueSource(name) === "cli");
  if (build !== undefined && given) {
    throw new UsageError(`--build and --${given} exclude each other: --build serves nothing`);
  }
  const folder = await modelFolder(model).catch((error) => {
    say(`note: ${error.message}. Without a model the page can't decide emotions; the rest works`);
    return undefined;
  });
  say("building  the page");
  const site = await buildSite(folder);
  const bytes = [...site.values()].reduce((sum, file) => sum + file.bytes.length, 0);
  if (build !== undefined) {
    await writeSite(site, build);
    say(`page      ${build}: ${site.size} files, ${(bytes / 1e6).toFixed(2)} MB`);
    return;
  }
  const server = listen(site, host, port);
  const { hostname, port: found } = server.addr;
  say(`page      http://${hostname === "127.0.0.1" ? "localhost" : hostname}:${found}/   (Ctrl-C stops it)`);
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  // does not wait for open connections
  await Promise.race([server.shutdown(), new Promise((resolve) => setTimeout(resolve, 500))]);
  signal.throwIfAborted();
});

/** Starts serving. @throws {UsageError} with the option, if it can't listen there */
function listen(site: Site, hostname: string, port: number) {
  try {
    return serveSite(site, { hostname, port });
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      throw new UsageError(
        `--port ${port}: another program uses this port; choose another, or 0 for any that is free`,
      );
    }
    const allowed = "; deno task web may listen on localhost and 0.0.0.0, and on [::1] and [::]";
    const why = error instanceof Deno.errors.NotCapable ? allowed : ` (${(error as Error).message})`;
    throw new UsageError(`--host ${hostname}: can't listen on this address${why}`);
  }
}
