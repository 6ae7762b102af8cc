/** The page's server gives its own files and nothing else, with the headers that it promises, to whoever asks, however slowly. */
import assert from "@std/assert";
import path from "@std/path";
import { buildSite, writeSite } from "../../web/build.ts";
import { serveSite, type Site } from "../../web/server.ts";
import { buildOnce, removeBuilt } from "./site.ts";

const file = (text: string) => ({ bytes: new TextEncoder().encode(text), type: "text/plain" });
const small: Site = new Map([["index.html", file("the page")], ["model/model.json", file("{}")]]);

async function withServer<R>(site: Site, use: (port: number) => Promise<R>): Promise<R> {
  const server = serveSite(site);
  try {
    assert.equal(server.addr.hostname, "127.0.0.1");
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
    assert.equal(await answer.text(), "the page");
    assert.equal(await head.text(), "");
    assert.equal(head.headers.get("content-length"), "8");
    for (const { headers } of [answer, head]) {
      assert.equal(headers.get("cross-origin-opener-policy"), "same-origin");
      assert.equal(headers.get("cross-origin-embedder-policy"), "require-corp");
      assert.equal(headers.get("x-content-type-options"), "nosniff");
      const policy = headers.get("content-security-policy")!;
      for (
        const part of [
          "default-src 'none'",
          "script-src 'self' 'wasm-unsafe-eval'",
          "worker-src 'self'",
          "frame-ancestors 'none'",
        ]
      ) {
        assert.ok(policy.split("; ").includes(part), part);
      }
      assert.ok(!policy.includes("unsafe-inline"));
    }
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
      const refused = await fetch(url, { method });
      await refused.body?.cancel();
      assert.deepEqual([refused.status, refused.headers.get("allow")], [405, "GET, HEAD"], method);
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
    `/${path.resolve("deno.json")}`,
    path.resolve("deno.json"),
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
      assert.match(answer, /^HTTP\/1\.1 (400|404) /, asked);
      assert.ok(!answer.includes(secret) && !answer.includes("root:"), asked);
    }
  });
});

Deno.test("a page is not built of a model whose files are links out of its folder", async () => {
  const { folder, model } = await buildOnce();
  const linked = path.join(folder, "linked");
  await Deno.mkdir(linked);
  for (const name of ["model.json", "forest.json"]) {
    await Deno.copyFile(path.join(model, name), path.join(linked, name));
  }
  await Deno.symlink(path.join(model, "weights.safetensors"), path.join(linked, "weights.safetensors"));
  await assert.rejects(buildSite(linked), /weights\.safetensors/);
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
      assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "the page");
      assert.ok(performance.now() - began < 5000);
      // and they are still held: each may yet finish
      const last = connections.at(-1)!;
      await last.write(new TextEncoder().encode("done\r\nConnection: close\r\n\r\n"));
      const buffer = new Uint8Array(4096), read = await last.read(buffer);
      assert.match(new TextDecoder().decode(buffer.subarray(0, read!)), /^HTTP\/1\.1 200 /);
    } finally {
      for (const connection of connections) connection.close();
    }
  });
});

Deno.test("a built page is under 1.5 MB without its model, and its folder holds what the server serves", async () => {
  const { folder, site } = await buildOnce();
  const own = [...site].filter(([name]) => !name.startsWith("model/"));
  const bytes = own.reduce((sum, [, { bytes }]) => sum + bytes.length, 0);
  assert.ok(bytes < 1.5e6, `${bytes} bytes`);
  const out = path.join(folder, "built");
  await writeSite(site, out);
  for (const [name, { bytes }] of site) assert.deepEqual(await Deno.readFile(path.join(out, name)), bytes, name);
  await writeSite(site, out); // again, over itself
  await Deno.remove(path.join(out, "site.json"));
  await assert.rejects(writeSite(site, out), /of something else than this page, and would be lost/);
  await assert.rejects(writeSite(site, path.join(out, "index.html")), /index\.html: a file; --build wants a folder/);
  const page = await Deno.readTextFile(path.join(out, "index.html"));
  assert.ok(
    !/https?:\/\/|\son\w+=|<style|style=/.test(page),
    "the page asks for nothing from elsewhere and has no inline code",
  );
  for (const [, asked] of page.matchAll(/(?:href|src)="([^"#]+)"/g)) assert.ok(site.has(asked), asked);
});

Deno.test.afterAll(removeBuilt);
