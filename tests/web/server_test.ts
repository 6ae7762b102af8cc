/** The page's server gives its own files and nothing else, with the headers that it promises, to whoever asks, however slowly. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join, resolve } from "@std/path";
import { buildSite, writeSite } from "../../web/build.ts";
import { serveSite, type Site } from "../../web/server.ts";
import { buildOnce, removeBuilt } from "./site.ts";

const file = (text: string) => ({ bytes: new TextEncoder().encode(text), type: "text/plain" });
const small: Site = new Map([["index.html", file("the page")], ["model/model.json", file("{}")]]);

async function withServer<R>(site: Site, use: (port: number) => Promise<R>): Promise<R> {
  const server = serveSite(site);
  try {
    assertEquals(server.addr.hostname, "127.0.0.1");
    return await use(server.addr.port);
  } finally {
    await server.shutdown();
  }
}

/** What the server answers to bytes, as they are: no client tidies the path. */
async function raw(port: number, request: string): Promise<string> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(request));
  const answer = await new Response(connection.readable).text();
  return answer;
}

Deno.test("the page's server answers GET and HEAD with isolation, a strict policy and the right length", async () => {
  await withServer(small, async (port) => {
    const url = `http://127.0.0.1:${port}/`;
    const answer = await fetch(url), head = await fetch(url, { method: "HEAD" });
    assertEquals(await answer.text(), "the page");
    assertEquals(await head.text(), "");
    assertEquals(head.headers.get("content-length"), "8");
    for (const { headers } of [answer, head]) {
      assertEquals(headers.get("cross-origin-opener-policy"), "same-origin");
      assertEquals(headers.get("cross-origin-embedder-policy"), "require-corp");
      assertEquals(headers.get("x-content-type-options"), "nosniff");
      const policy = headers.get("content-security-policy")!;
      for (
        const part of [
          "default-src 'none'",
          "script-src 'self' 'wasm-unsafe-eval'",
          "worker-src 'self'",
          "frame-ancestors 'none'",
        ]
      ) {
        assert(policy.split("; ").includes(part), part);
      }
      assert(!policy.includes("unsafe-inline"));
    }
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
      const refused = await fetch(url, { method });
      await refused.body?.cancel();
      assertEquals([refused.status, refused.headers.get("allow")], [405, "GET, HEAD"], method);
    }
  });
});

Deno.test("the page's server gives nothing but its own files, whatever path is asked for", async () => {
  const secret = JSON.parse(await Deno.readTextFile("deno.json")).name;
  const paths = [
    "/../deno.json",
    "/model/../../deno.json",
    "/%2e%2e/deno.json",
    "/..%2fdeno.json",
    "/%2e%2e%5cdeno.json",
    "/....//deno.json",
    `/${resolve("deno.json")}`,
    resolve("deno.json"),
    "//etc/passwd",
    "/etc/passwd",
    "/model/%00",
    "/model",
    "/model/",
    "/__proto__",
    "/constructor",
    "http://127.0.0.1/etc/passwd",
    "file:///etc/passwd",
  ];
  await withServer(small, async (port) => {
    for (const asked of paths) {
      const answer = await raw(port, `GET ${asked} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      assertMatch(answer, /^HTTP\/1\.1 (400|404) /, asked);
      assert(!answer.includes(secret) && !answer.includes("root:"), asked);
    }
  });
});

Deno.test("a page is not built of a model whose files are links out of its folder", async () => {
  const { folder, model } = await buildOnce();
  const linked = join(folder, "linked");
  await Deno.mkdir(linked);
  for (const name of ["model.json", "forest.json"]) {
    await Deno.copyFile(join(model, name), join(linked, name));
  }
  await Deno.symlink(join(model, "weights.safetensors"), join(linked, "weights.safetensors"));
  await assertRejects(() => buildSite(linked), Error, "weights.safetensors");
});

Deno.test("the page's server holds 200 connections that never finish their request, and answers others meanwhile", async () => {
  await withServer(small, async (port) => {
    const connections = await Promise.all(
      Array.from({ length: 200 }, () => Deno.connect({ hostname: "127.0.0.1", port })),
    );
    try {
      for (const connection of connections) {
        await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "));
      }
      const began = performance.now();
      assertEquals(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "the page");
      assert(performance.now() - began < 5000);
      // and they are still held: each may yet finish
      const last = connections.at(-1)!;
      await last.write(new TextEncoder().encode("done\r\nConnection: close\r\n\r\n"));
      const buffer = new Uint8Array(4096), read = await last.read(buffer);
      assertMatch(new TextDecoder().decode(buffer.subarray(0, read!)), /^HTTP\/1\.1 200 /);
    } finally {
      for (const connection of connections) connection.close();
    }
  });
});

Deno.test("a built page is under 1.5 MB without its model and its decoders, which are under 1 MB, and its folder holds what the server serves", async () => {
  const { folder, site } = await buildOnce();
  const sizeOf = (own: (name: string) => boolean) =>
    [...site].reduce((sum, [name, { bytes }]) => sum + (own(name) ? bytes.length : 0), 0);
  // most visitors load no decoder; each is loaded when a recording of its kind is met
  const decoders = sizeOf((name) => name.startsWith("decoders/"));
  const bytes = sizeOf((name) => !/^(model|decoders)\//.test(name));
  assert(bytes < 1.5e6 && decoders < 1e6, `${bytes} and ${decoders} bytes`);
  const out = join(folder, "built");
  await writeSite(site, out);
  for (const [name, { bytes }] of site) assertEquals(await Deno.readFile(join(out, name)), bytes, name);
  await writeSite(site, out); // again, over itself
  await Deno.remove(join(out, "site.json"));
  await assertRejects(() => writeSite(site, out), Error, "found another file, which would be overwritten");
  await assertRejects(
    () => writeSite(site, join(out, "index.html")),
    Error,
    "index.html: `build`: expected a folder, found a file",
  );
  const page = await Deno.readTextFile(join(out, "index.html"));
  assert(
    !/https?:\/\/|\son\w+=|<style|style=/.test(page),
    "the page asks for nothing from elsewhere and has no inline code",
  );
  for (const [, asked] of page.matchAll(/(?:href|src)="([^"#]+)"/g)) assert(site.has(asked), asked);
});

Deno.test.afterAll(removeBuilt);
