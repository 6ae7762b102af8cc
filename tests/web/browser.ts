/**
 * Headless Chromium, driven by its own protocol over a socket to this machine: pages are opened, asked, typed into and looked at.
 * Every address that a page asks for is noted.
 */
import { fail } from "@std/assert";
import { CHROMIUM } from "../kernels/webgpu_chromium.ts";

const FLAGS = [
  ...["--no-sandbox", "--headless=new", "--remote-debugging-port=0", "--no-first-run", "--disable-quic"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync", "--mute-audio"],
  ...["--autoplay-policy=no-user-gesture-required", "--disable-gpu-shader-disk-cache"],
];

/** With WebGPU, played by a program. */
export const WITH_WEBGPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/** A microphone that plays a wav file, over and over. */
export const microphoneOf = (wav: string) => [
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
  `--use-file-for-fake-audio-capture=${wav}`,
];

type Message = {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
  result?: unknown;
  error?: { message: string };
};

/** A browser that is running. */
export class Browser {
  readonly #process: Deno.ChildProcess;
  readonly #profile: string;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  /** Listeners of events of pages, by session. */
  readonly #sessions = new Map<string, (method: string, params: Record<string, unknown>) => void>();
  #sent = 0;
  /** Every page that was opened. */
  readonly pages: Page[] = [];

  private constructor(process: Deno.ChildProcess, profile: string, socket: WebSocket) {
    [this.#process, this.#profile, this.#socket] = [process, profile, socket];
    socket.onmessage = ({ data }) => {
      const { id, method, params, result, error, sessionId } = JSON.parse(data) as Message & { sessionId?: string };
      if (id === undefined) return this.#sessions.get(sessionId ?? "")?.(method!, params!);
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error) waiting?.reject(new Error(error.message));
      else waiting?.resolve(result);
    };
  }

  /** Starts it. */
  static async open(flags: readonly string[] = []): Promise<Browser> {
    const profile = await Deno.makeTempDir({ prefix: "epr-chromium-" });
    const process = new Deno.Command(CHROMIUM!, {
      args: [...FLAGS, ...flags, `--user-data-dir=${profile}`, "about:blank"],
      stdout: "null",
      stderr: "null",
    }).spawn();
    const address = await until(async () => {
      const [port, path] = (await Deno.readTextFile(`${profile}/DevToolsActivePort`).catch(() => "")).split("\n");
      return path && `ws://127.0.0.1:${port}${path}`;
    }, "Chromium to start");
    const socket = new WebSocket(address);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = () => reject(new Error("Chromium does not answer"));
    });
    return new Browser(process, profile, socket);
  }

  /** Sends a command of the protocol. */
  async send<R = Record<string, unknown>>(method: string, params: object = {}, sessionId?: string): Promise<R> {
    const id = ++this.#sent;
    this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    let timer: ReturnType<typeof setTimeout> | undefined;
    return await new Promise<R>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as never, reject });
      timer = setTimeout(
        () => reject(new Error(`Chromium does not answer: ${method} ${JSON.stringify(params)}`)),
        20_000,
      );
    }).finally(() => clearTimeout(timer));
  }

  /** Opens a page. */
  async page(url: string, { width = 1100, height = 900, dark = false, mobile = false } = {}): Promise<Page> {
    const { targetId } = await this.send<{ targetId: string }>("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.send<{ sessionId: string }>("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(this, sessionId);
    this.pages.push(page);
    await this.#follow(page, sessionId, ["Page", "Network", "Runtime", "Log"]);
    const size = { width, height, deviceScaleFactor: mobile ? 2 : 1, mobile };
    await page.send("Emulation.setDeviceMetricsOverride", size);
    await page.theme(dark ? "dark" : "light");
    await page.send("Page.navigate", { url });
    await page.until("document.readyState === 'complete' && location.href !== 'about:blank'");
    return page;
  }

  /** Passes to a page the events of its sessions: its own, or that of a worker of it, before the worker runs. */
  async #follow(page: Page, session: string, domains: readonly string[]): Promise<void> {
    this.#sessions.set(session, (method, params) => {
      page.onEvent(method, params);
      if (method !== "Target.attachedToTarget") return;
      const { sessionId: own, targetInfo: { type, url } } = params as {
        sessionId: string;
        targetInfo: { type: string; url: string };
      };
      page.workers.push(`${type} ${url}`);
      // one that ends meanwhile answers nothing, and did nothing
      this.#follow(page, own, ["Network", "Runtime"]).catch(() => {});
    });
    const attach = { autoAttach: true, waitForDebuggerOnStart: true, flatten: true };
    // all are sent before an answer is waited for: some workers answer only once they run
    await Promise.all([
      ...domains.map((domain) => this.send(`${domain}.enable`, {}, session)),
      this.send("Target.setAutoAttach", attach, session),
      this.send("Runtime.runIfWaitingForDebugger", {}, session),
    ]);
  }

  /** Ends it. */
  async close(): Promise<void> {
    await this.send("Browser.close").catch(() => {});
    const closed = this.#socket.readyState === WebSocket.CLOSED
      ? undefined
      : new Promise((resolve) => this.#socket.onclose = resolve);
    this.#socket.close();
    await closed;
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // it has ended by itself
    }
    await this.#process.status;
    await Deno.remove(this.#profile, { recursive: true }).catch(() => {}); // its last child may still be writing there
  }
}

/** A page. */
export class Page {
  /** Every address asked for, by the page and by its workers. */
  readonly requests: string[] = [];
  /** Its workers, as "worker ADDRESS", those of workers too, and "service_worker ADDRESS". */
  readonly workers: string[] = [];
  /** Errors that nobody caught, and what the content policy refused. */
  readonly errors: string[] = [];

  /** Whether the mouse's button is down. */
  #pressed = false;

  constructor(readonly browser: Browser, readonly session: string) {}

  send<R = Record<string, unknown>>(method: string, params: object = {}): Promise<R> {
    return this.browser.send<R>(method, params, this.session);
  }

  onEvent(method: string, params: Record<string, unknown>): void {
    // deno-lint-ignore no-explicit-any -- events of the protocol
    const event = params as any;
    if (method === "Network.requestWillBeSent") this.requests.push(event.request.url);
    if (method === "Runtime.exceptionThrown") {
      this.errors.push(event.exceptionDetails.exception?.description ?? event.exceptionDetails.text);
    }
    if (method === "Log.entryAdded" && event.entry.level === "error") {
      this.errors.push(`${event.entry.text} ${event.entry.url ?? ""}`);
    }
  }

  /** Changes the user's preferences that the page reads: a theme, and no motion, so that colours are there at once. */
  theme(value: "dark" | "light"): Promise<unknown> {
    const still = { name: "prefers-reduced-motion", value: "reduce" };
    return this.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value }, still] });
  }

  /** The value of an expression in the page; promises are waited for. */
  async evaluate<R>(expression: string): Promise<R> {
    const { result, exceptionDetails } = await this.send<
      { result: { value: R }; exceptionDetails?: { text: string; exception?: { description?: string } } }
    >("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true, userGesture: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Waits until an expression is truthy, and gives its value. */
  async until<R>(expression: string, seconds = 15): Promise<R> {
    return await until(
      () => this.evaluate<R>(expression).catch(() => undefined),
      expression,
      seconds,
      () => this.errors,
    ) as R;
  }

  /** Gives a file input files, or one for folders a folder. */
  async chooseFile(selector: string, ...files: string[]): Promise<void> {
    const { result } = await this.send<{ result: { objectId: string } }>("Runtime.evaluate", {
      expression: `document.querySelector(${JSON.stringify(selector)})`,
    });
    await this.send("DOM.setFileInputFiles", { files, objectId: result.objectId });
  }

  /** Drops files and folders on an element. */
  async drop(selector: string, ...files: string[]): Promise<void> {
    const { x, y } = await this.evaluate<{ x: number; y: number }>(`(() => {
      const element = document.querySelector(${JSON.stringify(selector)});
      element.scrollIntoView({ block: "center" });
      const { left, top } = element.getBoundingClientRect();
      return { x: left + 4, y: top + 4 };
    })()`);
    const data = { items: [], files, dragOperationsMask: 1 };
    for (const type of ["dragEnter", "dragOver", "drop"]) {
      await this.send("Input.dispatchDragEvent", { type, x, y, data });
    }
  }

  /** Chooses what a select offers under a value. */
  choose(selector: string, value: string): Promise<unknown> {
    const element = `document.querySelector(${JSON.stringify(selector)})`;
    return this.evaluate(
      `${element}.value = ${JSON.stringify(value)}; ${element}.dispatchEvent(new Event("change"))`,
    );
  }

  /** Clicks. */
  click(selector: string): Promise<unknown> {
    return this.evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`);
  }

  /** Moves the mouse to a place of an element, shares of its width and height, or presses or releases its button there. */
  async mouse(selector: string, [x, y]: readonly [number, number], type: MouseEventType = "mouseMoved"): Promise<void> {
    const box = await this.evaluate<{ left: number; top: number; width: number; height: number }>(
      `document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect().toJSON()`,
    );
    await this.send("Input.dispatchMouseEvent", {
      type,
      x: box.left + x * box.width,
      y: box.top + y * box.height,
      button: type === "mouseMoved" ? (this.#pressed ? "left" : "none") : "left",
      buttons: type === "mousePressed" || (type === "mouseMoved" && this.#pressed) ? 1 : 0,
      clickCount: type === "mouseMoved" ? 0 : 1,
    });
    if (type !== "mouseMoved") this.#pressed = type === "mousePressed";
  }

  /** Presses a key. */
  async press(key: string, shift = false): Promise<void> {
    const text = key === "Enter" ? "\r" : key === "Space" ? " " : key.length === 1 ? key : undefined;
    const params = {
      key: key === "Space" ? " " : key,
      code: key,
      windowsVirtualKeyCode: CODES[key] ?? key.charCodeAt(0),
      modifiers: shift ? 8 : 0,
    };
    await this.send("Input.dispatchKeyEvent", { type: text ? "keyDown" : "rawKeyDown", text, ...params });
    await this.send("Input.dispatchKeyEvent", { type: "keyUp", ...params });
  }

  /** Presses Tab until an element has the focus. */
  async tabTo(selector: string): Promise<void> {
    for (let i = 0; i < 80; i++) {
      if (await this.evaluate(`document.activeElement?.matches(${JSON.stringify(selector)})`)) return;
      await this.press("Tab");
    }
    fail(`Tab does not reach ${selector}`);
  }

  /** What it looks like, as a PNG. */
  async screenshot(whole = false): Promise<Uint8Array> {
    const { data } = await this.send<{ data: string }>("Page.captureScreenshot", {
      format: "png",
      captureBeyondViewport: whole,
    });
    return Uint8Array.fromBase64(data);
  }

  /** Closes it. */
  async close(): Promise<void> {
    await this.send("Page.close");
  }
}

type MouseEventType = "mouseMoved" | "mousePressed" | "mouseReleased";

const CODES: Record<string, number> = {
  Tab: 9,
  Enter: 13,
  Space: 32,
  End: 35,
  Home: 36,
  ArrowLeft: 37,
  ArrowUp: 38,
  ArrowRight: 39,
  ArrowDown: 40,
};

async function until<R>(
  ask: () => Promise<R>,
  what: string,
  seconds = 15,
  errors: () => readonly string[] = () => [],
): Promise<R> {
  const end = performance.now() + 1000 * seconds;
  for (;;) {
    const value = await ask();
    if (value) return value;
    if (performance.now() > end) throw new Error(`Waited ${seconds} s for ${what}. ${errors().join("; ")}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
