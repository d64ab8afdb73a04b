// @ts-check
/** The reasons behind R and E: digits decide at once, 0 opens all of them with a search. */

import { config, t } from "./config.js";
import { byId, keycap, make, setText, showDialog } from "./dom.js";
import { lastReason, rememberReason } from "./reasons.js";

/** @typedef {import("./types.js").Reason} Reason */
/** @typedef {{reason: string, note: string}} Choice */

/** @param {EventTarget | null} target */
export const isTyping = (target) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.matches("input, textarea, select"));

export class Palette {
  #dialog = /** @type {HTMLDialogElement} */ (byId("palette"));
  #search = /** @type {HTMLInputElement} */ (byId("palette-search"));
  #note = /** @type {HTMLInputElement} */ (byId("palette-note"));
  #all = byId("palette-all");
  #list = byId("palette-list");
  #action = "reject";
  /** @type {(choice: Choice) => void} */
  #done = () => {};

  constructor() {
    this.#dialog.addEventListener("keydown", (event) => this.#key(event));
    this.#dialog.addEventListener("click", (event) => {
      if (event.target === this.#dialog) this.#dialog.close(); // beside the palette
    });
    this.#search.addEventListener("input", () => this.#filter());
    byId("palette-zero").addEventListener("click", () => this.#showAll());
    byId("palette-send").addEventListener("click", () => this.#sendNote());
    byId("palette-close").addEventListener("click", () => this.#dialog.close());
  }

  /**
   * @param {"reject" | "escalate" | "reopen"} action
   * @param {(choice: Choice) => void} done
   * @param {number} [n] how many cards it is about
   */
  open(action, done, n = 1) {
    this.#action = action;
    this.#done = done;
    this.#note.value = this.#search.value = "";
    this.#hideAll();
    this.#dialog.dataset.action = action;
    setText(byId("palette-title"), n > 1 ? t(`${action}_many_for`, { n }) : t(`${action}_for`));
    byId("palette-again").hidden = action !== "reject" || !lastReason();
    byId("palette-send").hidden = action === "reject";
    const numbered = config.reasons.filter((reason) => reason.digit);
    byId("palette-reasons").replaceChildren(...numbered.map((reason) => this.#button(reason)));
    showDialog(this.#dialog);
    if (action === "reopen") this.#note.focus(); // it takes a note, no reason
  }

  /** @param {Reason} reason */
  #button(reason) {
    const critical = reason.severity === "critical";
    const label = make("span", {}, reason.label);
    if (critical && this.#action === "reject") label.append(make("small", {}, t("critical_does")));
    return make(
      "button",
      {
        type: "button", class: "reason", title: reason.guide, "data-severity": reason.severity,
        onclick: () => this.#choose(reason.slug),
      },
      ...(reason.digit ? [keycap(String(reason.digit))] : []),
      label,
    );
  }

  /** @param {string} reason */
  #choose(reason) {
    const note = this.#note.value.trim();
    this.#dialog.close();
    if (this.#action === "reject") rememberReason(reason);
    this.#done({ reason, note });
  }

  #sendNote() {
    const note = this.#note.value.trim();
    if (this.#action === "reject" || !note) return this.#note.focus();
    this.#dialog.close();
    this.#done({ reason: "", note });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event.target)) return this.#typed(event);
    if (event.shiftKey || event.repeat || this.#action === "reopen") return;
    const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
    if (digit === "0") this.#showAll();
    else if (digit) this.#digit(Number(digit));
    else if (event.code === "KeyR" && this.#action === "reject" && lastReason()) this.#choose(lastReason());
    else if (event.code === "KeyN") this.#note.focus();
    else return;
    event.preventDefault(); // or the field that now has the focus would get this letter
  }

  /** @param {number} digit */
  #digit(digit) {
    const reason = config.reasons.find((one) => one.digit === digit);
    if (reason) this.#choose(reason.slug);
  }

  /** @param {KeyboardEvent} event */
  #typed(event) {
    if (event.target === this.#note) {
      if (event.key !== "Enter") return;
      event.preventDefault();
      if (this.#action === "reject") this.#dialog.focus();
      else this.#sendNote();
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.#walk(step);
    else if (event.key === "Enter") this.#chosen()?.click();
    else if (event.key === "Escape") this.#back();
    else return;
    event.preventDefault();
  }

  #showAll() {
    this.#all.hidden = false;
    this.#dialog.classList.add("is-searching");
    this.#filter();
    this.#search.focus();
  }

  #hideAll() {
    this.#all.hidden = true;
    this.#dialog.classList.remove("is-searching");
  }

  #back() {
    this.#hideAll();
    this.#dialog.focus();
  }

  /** The critical ones last, and nothing chosen before a letter: Enter must not lock by accident. */
  #filter() {
    const wanted = this.#search.value.trim().toLocaleLowerCase();
    const found = config.reasons.filter((reason) =>
      `${reason.label} ${reason.slug}`.toLocaleLowerCase().includes(wanted),
    );
    found.sort((a, b) => Number(a.severity === "critical") - Number(b.severity === "critical"));
    const items = found.map((reason) => make("li", {}, this.#button(reason)));
    const none = make("li", { class: "muted" }, t("no_such_reason"));
    this.#list.replaceChildren(...(items.length ? items : [none]));
    if (wanted) this.#list.querySelector(".reason")?.classList.add("is-chosen");
  }

  /** @returns {HTMLElement | null} */
  #chosen() {
    return this.#list.querySelector(".is-chosen");
  }

  /** @param {number} step */
  #walk(step) {
    const all = [...this.#list.querySelectorAll(".reason")];
    const present = this.#chosen();
    const at = present ? all.indexOf(present) : step > 0 ? -1 : 0;
    const next = all[(at + step + all.length) % all.length];
    present?.classList.remove("is-chosen");
    next?.classList.add("is-chosen");
    next?.scrollIntoView({ block: "nearest" });
  }
}
