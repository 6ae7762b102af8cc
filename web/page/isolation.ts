/**
 * Isolates the page on a host that sets no headers, such as GitHub Pages. The page's service worker adds the headers that shared memory
 * requires, but only to answers after its start. So the page reloads once: automatically if the user has not done anything yet,
 * otherwise on request.
 */

/**
 * Set in this tab when the page has been reloaded, so that it does not reload for ever in a browser that still does not
 * isolate it.
 */
const AGAIN = "epr-loaded-again";

/** The user's first actions. */
const TOUCHES = ["pointerdown", "keydown", "change", "drop"] as const;

/**
 * Registers the service worker, and reloads the page if that enables threads.
 *
 * @param offer shows the user that the page would be faster after a reload; it receives the function that reloads
 */
export async function registerServiceWorker(offer: (reload: () => void) => void): Promise<void> {
  if (!("serviceWorker" in navigator) || !isSecureContext) return; // the page works without it, but not offline
  let touched = false;
  for (const touch of TOUCHES) document.addEventListener(touch, () => touched = true, { once: true, capture: true });
  const { serviceWorker } = navigator;
  const controlled = new Promise<void>((resolve) => {
    if (serviceWorker.controller) resolve();
    else serviceWorker.addEventListener("controllerchange", () => resolve(), { once: true });
  });
  await serviceWorker.register("service_worker.js");
  if (crossOriginIsolated) {
    sessionStorage.removeItem(AGAIN);
    return;
  }
  await controlled;
  if (sessionStorage.getItem(AGAIN)) return; // the page stays as it is: one thread
  const reload = () => {
    sessionStorage.setItem(AGAIN, "1");
    location.reload();
  };
  if (touched) offer(reload);
  else reload();
}
