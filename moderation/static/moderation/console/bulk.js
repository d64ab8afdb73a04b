// @ts-check
// The page that decides a whole list: asks for the words that the chosen decision needs.

const form = /** @type {HTMLFormElement|null} */ (document.querySelector("[data-bulk]"));

function ask() {
  const chosen = /** @type {HTMLInputElement|null} */ (form?.querySelector("input[name=action]:checked"));
  for (const name of ["reason", "note"]) {
    const field = form?.elements.namedItem(name);
    if (field instanceof HTMLElement) field.toggleAttribute("required", chosen?.dataset.needs === name);
  }
}

form?.addEventListener("change", ask);
form?.addEventListener("submit", () => {
  // A second click must not ask twice.
  setTimeout(() => form.querySelector("button[type=submit]")?.setAttribute("disabled", ""));
});
ask();
