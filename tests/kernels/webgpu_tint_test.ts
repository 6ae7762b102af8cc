/**
 * The other compiler. Deno compiles WGSL by naga, Chromium by Tint, and each refuses what the other takes: here Chromium,
 * with its own software GPU, runs every kernel and every core of the products against the definitions.
 */
import assert from "@std/assert";
import { join } from "@std/path";
import type { PageReport } from "./webgpu_entry.ts";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});

const FLAGS = [
  ...["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--headless=new"],
  ...["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update"],
  ...["--disable-sync", "--disable-gpu-shader-disk-cache"],
];
/** The page. Its program asks for node's assert module, which a page does not have: two functions stand in for it. */
const ASSERT = `
const ok = (holds, message) => { if (!holds) throw new Error(message); };
export default { ok, equal: (a, b, message) => ok(a === b, message) };`;
const PAGE = `<!doctype html><meta charset="utf-8"><title>kernels</title>
<script type="importmap">{ "imports": { "node:assert/strict": "/assert.js" } }</script>
<script type="module" src="/entry.js"></script>`;
const LIMIT_MS = 120_000;

/** The page's program as one file. */
async function bundle(): Promise<Uint8Array<ArrayBuffer>> {
  const folder = await Deno.makeTempDir();
  try {
    const output = join(folder, "entry.js");
    const entry = join(import.meta.dirname!, "webgpu_entry.ts");
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["bundle", "--quiet", "--platform", "browser", "--output", output, entry],
    }).output();
    assert.ok(success, `deno bundle: ${new TextDecoder().decode(stderr)}`);
    return await Deno.readFile(output);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: `Tint compiles every kernel too, and they agree with their definitions in Chromium${
    CHROMIUM ? "" : " (Chromium is not installed)"
  }`,
  ignore: !CHROMIUM,
  fn: async () => {
    const script = await bundle();
    const { promise, resolve, reject } = Promise.withResolvers<PageReport>();
    // WebGPU needs a secure context, which this machine's own address is; the page posts what it found
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
      const path = new URL(request.url).pathname;
      if (path === "/report") resolve(await request.json());
      const program = { "/entry.js": script, "/assert.js": ASSERT }[path];
      if (program) return new Response(program, { headers: { "content-type": "text/javascript" } });
      return new Response(PAGE, { headers: { "content-type": "text/html" } });
    });
    const profile = await Deno.makeTempDir();
    const browser = new Deno.Command(CHROMIUM!, {
      args: [...FLAGS, `--user-data-dir=${profile}`, `http://127.0.0.1:${server.addr.port}/`],
      stdout: "null",
      stderr: "null",
    }).spawn();
    const timer = setTimeout(() => reject(new Error(`Chromium said nothing for ${LIMIT_MS / 1000} s`)), LIMIT_MS);
    browser.status.then(({ code }) => reject(new Error(`Chromium ended with status ${code} before the page was done`)));
    try {
      const report = await promise;
      assert.deepEqual(report.failures, []);
      assert.ok(report.checks >= 80, `${report.checks} checks`);
      assert.ok(report.pipelines >= 40, `${report.pipelines} pipelines`);
    } finally {
      clearTimeout(timer);
      try {
        browser.kill();
      } catch {
        // it has ended by itself
      }
      await browser.status;
      await server.shutdown();
      await Deno.remove(profile, { recursive: true }).catch(() => {}); // its last child may still be writing there
    }
  },
});
