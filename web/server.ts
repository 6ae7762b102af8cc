/**
 * The server of the page: files that were read before it began, by their exact names, and nothing else. No path is ever
 * resolved while it serves, so that none can lead out.
 *
 * Its headers let the page have shared memory (cross-origin isolation), and let it load nothing from elsewhere, run no
 * code but its own files and WebAssembly, and be framed by nobody.
 */

/** A file as it is served. */
export interface SiteFile {
  /** Its content. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Its media type. */
  type: string;
}

/** Files by their paths from the root, with no slash before: "index.html", "model/model.json". */
export type Site = ReadonlyMap<string, SiteFile>;

/** What the page may do. The page says it too, for hosts that set no headers (all but who may frame it, which only a header can). */
export const CONTENT_POLICY: string = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": `${CONTENT_POLICY}; frame-ancestors 'none'`,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "microphone=(self), camera=(), geolocation=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cache-control": "no-cache",
};

/** Where to listen. */
export interface ServeOptions {
  /** Name or address; default: 127.0.0.1, which other machines do not reach. */
  hostname?: string;
  /** Default 0: any that is free. */
  port?: number;
}

/** Begins to serve a site. `addr` of what it gives says where; `shutdown()` ends it. */
export function serveSite(site: Site, { hostname = "127.0.0.1", port = 0 }: ServeOptions = {}) {
  return Deno.serve({ hostname, port, onListen: () => {} }, (request) => answer(site, request));
}

/** The answer to a request. */
export function answer(site: Site, request: Request): Response {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return refuse(405, "Only GET and HEAD are allowed", { allow: "GET, HEAD" });
  }
  // names are compared as they are asked for: none has a letter that would need encoding
  const asked = new URL(request.url).pathname.slice(1);
  const file = site.get(asked === "" ? "index.html" : asked);
  if (!file) return refuse(404, "No such file");
  const headers = { ...HEADERS, "content-type": file.type, "content-length": String(file.bytes.length) };
  return new Response(request.method === "HEAD" ? null : file.bytes, { headers });
}

function refuse(status: number, why: string, more: Record<string, string> = {}): Response {
  return new Response(`${why}\n`, { status, headers: { ...HEADERS, "content-type": "text/plain", ...more } });
}
