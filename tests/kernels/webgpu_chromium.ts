/**
 * Runs a program in headless Chromium with its own software GPU: WebGPU by Dawn, WGSL compiled by Tint. The program is
 * bundled, served from this machine with its files, and posts one report.
 */
import { assert } from "@std/assert";
import { join } from "@std/path";

/** Path of Chromium, if installed. */
export const CHROMIUM: string | undefined = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
  .find((file) => {
    try {
      return Deno.statSync(file).isFile;
    } catch {
      return false;
    }
  });

/** Appended to the name of a test that is ignored without it. */
export const LACKING = CHROMIUM ? "" : " (Chromium is not installed)";

const FLAGS = [
  ...["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--headless=new"],
  ...["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update"],
  ...["--disable-sync", "--disable-gpu-shader-disk-cache"],
];
const PAGE = `<!doctype html><meta charset="utf-8"><title>tests</title>
<script>
  const fail = (what) => fetch("/report", { method: "POST", body: JSON.stringify({ failures: [what] }) });
  addEventListener("error", ({ message, error }) => fail(message + " " + error?.stack));
</script>
<script type="module" src="/entry.js" onerror="fail('the program or what it imports does not load')"></script>`;

/** The program as one file. */
async function bundle(entry: string): Promise<Uint8Array<ArrayBuffer>> {
  const folder = await Deno.makeTempDir();
  try {
    const output = join(folder, "entry.js");
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["bundle", "--quiet", "--platform", "browser", "--output", output, entry],
    }).output();
    assert(success, `deno bundle: ${new TextDecoder().decode(stderr)}`);
    return await Deno.readFile(output);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * Returns what the program in `entry`, a file beside this one, posts to `/report`.
 *
 * @param golden the stored values that it may fetch: `/<name>`
 * @param limit seconds after which it counts as failed
 */
export async function runInChromium<R>(entry: string, golden: readonly string[], limit: number): Promise<R> {
  const script = await bundle(join(import.meta.dirname!, entry));
  const { promise, resolve, reject } = Promise.withResolvers<R>();
  // WebGPU requires a secure context, which this machine's own address is
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const asked = new URL(request.url).pathname.slice(1);
    if (asked === "report") resolve(await request.json());
    if (golden.includes(asked)) {
      return new Response(await Deno.readFile(new URL(`../golden/${asked}`, import.meta.url)));
    }
    if (asked === "entry.js") return new Response(script, { headers: { "content-type": "text/javascript" } });
    return new Response(PAGE, { headers: { "content-type": "text/html" } });
  });
  const profile = await Deno.makeTempDir();
  const browser = new Deno.Command(CHROMIUM!, {
    args: [...FLAGS, `--user-data-dir=${profile}`, `http://127.0.0.1:${server.addr.port}/`],
    stdout: "null",
    stderr: "null",
  }).spawn();
  const timer = setTimeout(() => reject(new Error(`Chromium said nothing for ${limit} s`)), 1000 * limit);
  browser.status.then(({ code }) => reject(new Error(`Chromium ended with status ${code} before the page was done`)));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    try {
      browser.kill();
    } catch {
      // it has ended on its own
    }
    await browser.status;
    await server.shutdown();
    await Deno.remove(profile, { recursive: true }).catch(() => {}); // its last child may still be writing there
  }
}
