/**
 * Keeps the page, so that it works without a network. The build puts the names of all files and a version in front: `FILES`, `VERSION`.
 * The host is asked first, so that a page that was built anew is seen at once; what is kept is answered where it does not answer.
 */
declare const FILES: readonly string[], VERSION: string;

interface Lifetime extends Event {
  waitUntil(done: Promise<unknown>): void;
}
interface Fetched extends Event {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}

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

worker.addEventListener("fetch", (event: Fetched) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  event.respondWith(
    fetch(request).catch(async (error) => {
      const kept = await (await caches.open(NAME)).match(request, { ignoreSearch: true });
      if (!kept) throw error;
      return kept;
    }),
  );
});
