/** Files dropped on the page, wherever: else the browser would leave it for the file. */

/** @param marked bears the class `dropping` while something is held over the page; files: at least one */
export function onDrop(marked: HTMLElement, take: (files: File[]) => void): void {
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    marked.classList.add("dropping");
  });
  document.addEventListener("dragleave", () => marked.classList.remove("dropping"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    marked.classList.remove("dropping");
    const files = [...event.dataTransfer?.files ?? []];
    if (files.length > 0) take(files);
  });
}
