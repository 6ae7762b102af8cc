/** What visits to the page have in common: its server and a browser for as long as one lasts, files recognised, notes read, axe. */
import { assert, assertEquals } from "@std/assert";
import { serveSite } from "../../web/server.ts";
import { CHROMIUM } from "../kernels/webgpu_chromium.ts";
import { Browser, type Page } from "./browser.ts";
import { buildOnce, type TestSite } from "./site.ts";

/** Whether there is no browser to visit with. */
export const ignore = CHROMIUM === undefined;

/** Serves the page, runs a browser with it, and ends both. No page may have asked for anything but its own files. */
export async function withPage(
  { flags = () => [], serve = ({ site }) => serveSite(site) }: {
    flags?: (built: TestSite) => readonly string[];
    serve?: (built: TestSite) => Deno.HttpServer<Deno.NetAddr>;
  },
  use: (browser: Browser, url: string, built: TestSite, server: Deno.HttpServer<Deno.NetAddr>) => Promise<void>,
): Promise<void> {
  const built = await buildOnce(), server = serve(built);
  const browser = await Browser.open(flags(built)), url = `http://127.0.0.1:${server.addr.port}/`;
  try {
    await use(browser, url, built, server);
    const asked = browser.pages.flatMap(({ requests }) => requests);
    assertEquals(asked.filter((one) => !one.startsWith(url) && !/^(blob|data):/.test(one)), []);
    assert(asked.length > 3);
  } finally {
    await browser.close();
    await server.shutdown().catch(() => {});
  }
}

/** The probabilities that the page finds for a file. */
export async function recognise(page: Page, file: string): Promise<number[]> {
  await page.evaluate("delete document.querySelector('[data-recognition]')?.dataset.recognition");
  await page.chooseFile("#file", file);
  return JSON.parse(await page.until<string>("document.querySelector('[data-recognition]')?.dataset.recognition", 60))
    .probabilities;
}

/** The note that the page shows. */
export const note = (page: Page, words: RegExp) =>
  page.until<string>(
    `(() => { const text = document.querySelector("#notes").textContent; return ${words}.test(text) && text; })()`,
  );

/** Puts the notes away. */
export const clear = (page: Page) => page.evaluate("document.querySelector('#notes').replaceChildren()");

let axe: Promise<string> | undefined;

/** The program of axe, which the program beside it prints: its package is not among those that every command fetches. */
function axeSource(): Promise<string> {
  const file = (name: string) => new URL(`axe/${name}`, import.meta.url).pathname;
  return axe ??= (async () => {
    const args = ["run", "--quiet", "--frozen", "--config", file("deno.json"), "-R", "-E", file("source.ts")];
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
    assert(success, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  })();
}

/** Asserts that axe finds nothing serious in a view, in light and in dark. */
export async function accessible(page: Page, view: string): Promise<void> {
  await page.evaluate(`window.axe ? 1 : ((() => { ${await axeSource()} })(), 1)`);
  for (const theme of ["dark", "light"] as const) {
    await page.theme(theme);
    const { serious, passes } = await page.evaluate<{ serious: string[]; passes: number }>(`axe.run().then(
      ({ violations, passes }) => ({
        serious: violations.filter(({ impact }) => impact === "serious" || impact === "critical")
          .map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html).join(" ")),
        passes: passes.length,
      }),
    )`);
    assert(passes > 10);
    assertEquals(serious, [], `${view}, ${theme}`);
  }
}
