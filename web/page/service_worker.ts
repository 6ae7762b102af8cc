/**
 * Caches the page, so that it works without a network. The build prepends the names of all files and a version: `FILES`, `VERSION`. The
 * host is asked first, so a new build appears at once; the cache answers if the host does not.
 *
 * Threads share memory only in a page whose host isolates it from other origins by headers, which can't be configured on GitHub Pages
 * and other hosts. So this worker adds them to every answer: from the second load on, the page has all its threads.
 */
declare const FILES: readonly string[], VERSION: string;

interface Lifetime extends Event {
  waitUntil(done: Promise<unknown>): void;
}
interface FetchMessage extends Event {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}

/** Files that are cached on first use: most visitors need none of them. */
const LATE = /\/decoders\/[^/]*$/;

const NAME = `epr-${VERSION}`;
const worker = globalThis as unknown as {
  addEventListener(type: string, listener: (event: never) => void): void;
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
};

worker.addEventListener("install", (event: Lifetime) => {
  event.waitUntil(
    caches.open(NAME).then((cache) => cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" })))).then(
      () => worker.skipWaiting(),
    ),
  );
});

worker.addEventListener("activate", (event: Lifetime) => {
  const others = caches.keys().then((names) => names.filter((name) => name.startsWith("epr-") && name !== NAME));
  event.waitUntil(
    others.then((names) => Promise.all(names.map((name) => caches.delete(name)))).then(() => worker.clients.claim()),
  );
});

/** The headers that the server of `deno task web` sets itself. */
const ISOLATION = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
};

/** Adds the headers of isolation to an answer; an answer that has them is unchanged. */
function isolated(answer: Response): Response {
  if (answer.type === "error" || answer.headers.has("cross-origin-embedder-policy")) return answer;
  const headers = new Headers(answer.headers), { status, statusText } = answer;
  for (const [name, value] of Object.entries(ISOLATION)) headers.set(name, value);
  return new Response(answer.body, { status, statusText, headers });
}

worker.addEventListener("fetch", (event: FetchMessage) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  event.respondWith(
    fetch(request).then(async (answer) => {
      if (answer.ok && LATE.test(new URL(request.url).pathname)) {
        await (await caches.open(NAME)).put(request, answer.clone()).catch(() => {}); // the page also works without storage
      }
      return answer;
    }).catch(async (error) => {
      const kept = await (await caches.open(NAME)).match(request, { ignoreSearch: true });
      if (!kept) throw error;
      return kept;
    }).then(isolated),
  );
});
