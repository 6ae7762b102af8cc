/** Handles everything that is dropped on the page. Otherwise the browser would leave the page. */

/** @param marked gets the class `dropping` while something is dragged over the page */
export function onDrop(marked: HTMLElement, take: (transfer: DataTransfer, place: Element | null) => void): void {
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    marked.classList.add("dropping");
  });
  document.addEventListener("dragleave", () => marked.classList.remove("dropping"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    marked.classList.remove("dropping");
    const { dataTransfer, target } = event;
    if (dataTransfer?.files.length) take(dataTransfer, target instanceof Element ? target : null);
  });
}
