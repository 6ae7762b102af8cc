/**
 * The page on a host that sets no headers, such as GitHub Pages: its service worker adds those that shared memory needs, but to answers
 * that come after it began. So the page is loaded once more: by itself where nobody has done anything yet, else when its user asks.
 */

/** Set in this tab while the page was loaded once more, so that a browser that still does not isolate it is not asked for ever. */
const AGAIN = "epr-loaded-again";

/** What its user does first. */
const TOUCHES = ["pointerdown", "keydown", "change", "drop"] as const;

/**
 * Registers the service worker, and loads the page once more where that gives it threads.
 *
 * @param offer shows its user that the page would be faster if it were loaded again, and does so when it is called
 */
export async function registerServiceWorker(offer: (reload: () => void) => void): Promise<void> {
  if (!("serviceWorker" in navigator) || !isSecureContext) return; // the page works without, but not offline
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
