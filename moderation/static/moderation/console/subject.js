// @ts-check
// One subject's page: revealing the picture, and asking for missing words before a decision is sent.

const picture = /** @type {HTMLElement|null} */ (document.querySelector("[data-reveal]"));
const form = /** @type {HTMLFormElement|null} */ (document.querySelector("[data-decide]"));

picture?.addEventListener("click", () => {
  const reveals = picture.getAttribute("aria-pressed") !== "true";
  picture.setAttribute("aria-pressed", String(reveals));
  const player = picture.closest("[data-player]");
  player?.toggleAttribute("data-revealed", reveals);
  if (!reveals) player?.querySelector("video")?.pause();
  // How much of the picture the decider had seen goes into the log.
  const seen = form?.elements.namedItem("seen");
  if (reveals && seen instanceof HTMLInputElement) seen.value = "full";
});

form?.addEventListener("submit", (event) => {
  const button = /** @type {HTMLButtonElement|null} */ (event.submitter);
  const needs = button?.dataset.needs;
  const value = (/** @type {string} */ name) => {
    const field = form.elements.namedItem(name);
    return field && "value" in field ? String(field.value).trim() : "";
  };
  const missing =
    (needs === "reason" && !value("reason")) ||
    (needs === "note" && !value("note")) ||
    (needs === "either" && !value("reason") && !value("note"));
  for (const warning of form.querySelectorAll("[data-missing]")) {
    warning.toggleAttribute("hidden", !(missing && warning.getAttribute("data-missing") === needs));
  }
  if (!missing) return;
  event.preventDefault();
  const field = form.elements.namedItem(needs === "note" ? "note" : "reason");
  if (field instanceof HTMLElement) field.focus();
});
