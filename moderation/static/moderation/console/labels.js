// @ts-check
// Names for what libraries of the admin leave nameless, or name in English whatever the page's language.

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

// They come when their libraries please, some after the page has loaded.
addEventListener("DOMContentLoaded", () => {
  name();
  new MutationObserver(name).observe(document.body, { childList: true, subtree: true });
});
