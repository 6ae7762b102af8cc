/**
 * The server of the page: it serves files that were read before it started, by their exact names, and nothing else. It
 * never resolves a path while serving, so no path can lead outside.
 *
 * Its headers give the page shared memory (cross-origin isolation). They forbid it to load anything from elsewhere, to
 * run code other than its own files and WebAssembly, and to be framed.
 */

/** A served file. */
export interface SiteFile {
  /** Its content. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Its media type. */
  type: string;
}

/** Files by their paths from the root, without a leading slash: "index.html", "model/model.json". */
export type Site = ReadonlyMap<string, SiteFile>;

/**
 * The page's permissions. The page also declares them, for hosts that set no headers (except framing, which only a
 * header can forbid).
 */
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

/** Options for listening. */
export interface ServeOptions {
  /** Name or address; default: 127.0.0.1, which other machines can't reach. */
  hostname?: string;
  /** Default 0: any free port. */
  port?: number;
}

/** Starts serving a site. The result's `addr` has the address; `shutdown()` ends it. */
export function serveSite(site: Site, { hostname = "127.0.0.1", port = 0 }: ServeOptions = {}) {
  return Deno.serve({ hostname, port, onListen: () => {} }, (request) => answer(site, request));
}

/** The answer to a request. */
export function answer(site: Site, request: Request): Response {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return refuse(405, "Only GET and HEAD are allowed", { allow: "GET, HEAD" });
  }
  // names are compared without decoding: none has a character that requires encoding
  const asked = new URL(request.url).pathname.slice(1);
  const file = site.get(asked === "" ? "index.html" : asked);
  if (!file) return refuse(404, "No such file");
  const headers = { ...HEADERS, "content-type": file.type, "content-length": String(file.bytes.length) };
  return new Response(request.method === "HEAD" ? null : file.bytes, { headers });
}

function refuse(status: number, why: string, more: Record<string, string> = {}): Response {
  return new Response(`${why}\n`, { status, headers: { ...HEADERS, "content-type": "text/plain", ...more } });
}
