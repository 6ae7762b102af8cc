/**
 * Keeps the page, so that it works without a network. The build puts the names of all files and a version in front: `FILES`, `VERSION`.
 * The host is asked first, so that a page that was built anew is seen at once; what is kept is answered where it does not answer.
 *
 * Threads share memory only in a page whose host isolates it from other origins by headers, which GitHub Pages and other hosts can't be
 * told to set. So every answer gets them here: from the second load on the page has all its threads.
 */
declare const FILES: readonly string[], VERSION: string;

interface Lifetime extends Event {
  waitUntil(done: Promise<unknown>): void;
}
interface FetchMessage extends Event {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}

/** Files that are kept from the first time that they are asked for: most visitors need none of them. */
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

/** What the server of `deno task web` sets itself. */
const ISOLATION = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
};

/** An answer with the headers of isolation; one that has them is left as it is. */
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
        await (await caches.open(NAME)).put(request, answer.clone()).catch(() => {}); // without storage it works all the same
      }
      return answer;
    }).catch(async (error) => {
      const kept = await (await caches.open(NAME)).match(request, { ignoreSearch: true });
      if (!kept) throw error;
      return kept;
    }).then(isolated),
  );
});
