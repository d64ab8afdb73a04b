// @ts-check
// Names for what libraries of the admin leave nameless, or name in English whatever the page's language; and
// the keyboard's way to what they made for the mouse alone.

const NATIVE = "a[href], button, input, select, textarea, summary, [tabindex]";

function name() {
  for (const box of document.querySelectorAll(".select2-selection__rendered[role=textbox]:not([aria-label])")) {
    // select2 calls its box select2-<id of the field>-container.
    const id = box.id.replace(/^select2-/, "").replace(/-container$/, "");
    const label = document.querySelector(`label[for="${CSS.escape(id)}"]`);
    if (label) box.setAttribute("aria-label", String(label.textContent).trim().replace(/\*$/, ""));
  }
  for (const box of document.querySelectorAll('.simplebar-content-wrapper[aria-label="scrollable content"]')) {
    box.removeAttribute("aria-label");
    box.removeAttribute("role");
  }
}

/** What is pressed by the mouse is pressed by the keyboard. */
function reach() {
  for (const each of document.querySelectorAll("[x-on\\:click]")) {
    if (each.matches(NATIVE)) continue;
    each.setAttribute("role", "button");
    each.setAttribute("tabindex", "0");
    each.addEventListener("keydown", (event) => {
      if (!(event instanceof KeyboardEvent) || event.target !== each || !["Enter", " "].includes(event.key)) return;
      event.preventDefault();
      if (each instanceof HTMLElement) each.click();
    });
  }
}

/** A cell that is cut tells all of it when it is pointed at. @param {MouseEvent} event */
function tell({ target }) {
  const cell = target instanceof Element ? target.closest("#result_list :is(td, th)") : null;
  if (cell instanceof HTMLElement && !cell.title && cell.scrollWidth > cell.clientWidth) cell.title = cell.innerText.trim();
}

// They come when their libraries please, some after the page has loaded.
addEventListener("mouseover", tell);
addEventListener("DOMContentLoaded", () => {
  name();
  reach();
  new MutationObserver(() => (name(), reach())).observe(document.body, { childList: true, subtree: true });
});
