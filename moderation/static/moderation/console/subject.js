// @ts-check
// One subject's page: revealing the picture, and asking for missing words before a decision is sent.

const picture = /** @type {HTMLElement|null} */ (document.querySelector("[data-reveal]"));
const player = /** @type {HTMLElement|null} */ (document.querySelector("[data-player]"));
const form = /** @type {HTMLFormElement|null} */ (document.querySelector("[data-decide]"));

/** How much of the picture the decider had seen goes into the log. */
function sawAll() {
  const seen = form?.elements.namedItem("seen");
  if (seen instanceof HTMLInputElement) seen.value = "full";
}

// A picture is clear while it is held, as on the review page: by a pointer, a finger, Space or Enter.
if (picture) {
  const reveal = (/** @type {boolean} */ on) => {
    picture.setAttribute("aria-pressed", String(on));
    if (on) sawAll();
  };
  const isHeld = (/** @type {KeyboardEvent} */ event) => [" ", "Enter"].includes(event.key);
  picture.addEventListener("pointerdown", (event) => event.button === 0 && reveal(true));
  picture.addEventListener("keydown", (event) => {
    if (!isHeld(event)) return;
    event.preventDefault(); // no press follows, and the page does not scroll
    reveal(true);
  });
  picture.addEventListener("keyup", (event) => {
    if (!isHeld(event)) return;
    event.preventDefault();
    reveal(false);
  });
  // Speech and switches press without holding: for them it stays clear until the next press.
  picture.addEventListener("click", (event) => {
    if (event.detail === 0) reveal(picture.getAttribute("aria-pressed") !== "true");
  });
  picture.addEventListener("contextmenu", (event) => {
    if (picture.getAttribute("aria-pressed") === "true") event.preventDefault(); // a long press opens no menu
  });
  for (const name of ["pointerup", "pointercancel", "blur"]) addEventListener(name, () => reveal(false));
  picture.addEventListener("blur", () => reveal(false));
  document.addEventListener("visibilitychange", () => reveal(false));
}

// A video is played with its own buttons, so it stays clear until it is veiled again.
const show = player?.querySelector("[data-show]");
show?.addEventListener("click", () => {
  const reveals = show.getAttribute("aria-pressed") !== "true";
  show.setAttribute("aria-pressed", String(reveals));
  player?.toggleAttribute("data-revealed", reveals);
  if (reveals) sawAll();
  else player?.querySelector("video")?.pause();
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
