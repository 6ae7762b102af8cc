/** Learn: the textbook in the page. A chapter's text and pictures, below its live figure (`live.ts`). */
import type { Contents } from "../../textbook.ts";
import { el } from "../dom.ts";
import type { App, PageView } from "../view.ts";
import { liveFor } from "./live.ts";

export function learnView(app: App): PageView {
  const list = el("ol", { class: "chapters" }), article = el("article", { id: "learn-text" });
  const element = el(
    "section",
    { "aria-label": "Learn" },
    el("nav", { "aria-label": "Chapters", class: "contents" }, list),
    article,
  );
  let contents: Promise<Contents[]> | undefined, shown: string | undefined;

  async function get(file: string): Promise<string> {
    const response = await fetch(`textbook/${file}`);
    if (!response.ok) {
      throw new Error(
        `textbook/${file}: expected a file of the page, found status ${response.status}; build the page again`,
      );
    }
    return await response.text();
  }

  async function show(): Promise<void> {
    if (location.hash.split("/")[0] !== "#learn") return;
    contents ??= get("contents.json").then((text) => JSON.parse(text) as Contents[]);
    const all = await contents, asked = location.hash.split("/")[1];
    const { name } = all.find(({ name }) => name === asked) ?? all[0];
    if (name === shown) return;
    shown = name;
    const chapters = all.filter((page) => !page.name.startsWith("exercises_"));
    list.replaceChildren(...chapters.map((page) => {
      const own = page.name === name,
        link = el("a", { href: `#learn/${page.name}` }, page.title.replace(/^\d+\. /, ""));
      if (own) link.setAttribute("aria-current", "page");
      return el("li", {}, link);
    }));
    const text = await get(`${name}.html`);
    if (name !== shown) return; // another was requested meanwhile
    const parsed = new DOMParser().parseFromString(text, "text/html");
    const live = liveFor(name, app);
    article.replaceChildren(...parsed.body.childNodes);
    article.dataset.chapter = name;
    if (live) article.querySelector("h1, h2")!.after(live);
    // the page has its own top-level heading
    article.querySelector("h1")?.replaceWith(
      el("h2", { class: "title", tabindex: -1 }, article.querySelector("h1")!.textContent!),
    );
    scrollTo(0, 0);
  }

  const look = () => show().catch((error) => app.fail(error));
  addEventListener("hashchange", look);
  return { id: "learn", title: "Learn", element, shown: look };
}
