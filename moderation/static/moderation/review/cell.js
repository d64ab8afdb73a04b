// @ts-check
/**
 * One card of the grid: a small picture, why it is here, what it is called, and what became of it.
 *
 * `show()` is called whenever anything may have changed and writes only what did. Whoever adds to a cell
 * (a badge, a row of small pictures) appends to `badges` or `extra` when the cell is made, see `adorn`.
 */

import { writeText } from "./binder.js";
import { blurredCopy } from "./blurred.js";
import { shortChips } from "./chips.js";
import { number, t } from "./config.js";
import { here, icon, make, setText } from "./dom.js";
import { markOf, stateOf } from "./marks.js";
import { few, times } from "./sheet.js";
import { asArrived, gridVeilAt } from "./veil.js";

/** @typedef {import("./card.js").Card} Card */
/** @typedef {{present: boolean, selected: boolean, place: number, total: number}} Standing */
/** @typedef {(cell: Cell) => void} Adornment */

const EXCERPT = 400;
/** The longer side of a blurred copy, as cells are wide; it is stretched where they are wider. */
const SIDE = 220;

/** @type {Adornment[]} */
const adornments = [];

/** Calls `adornment` with every cell that is made from now on. @param {Adornment} adornment */
export const adorn = (adornment) => adornments.push(adornment);

/** @type {WeakMap<Element, Cell>} */
const cells = new WeakMap();

/** The cell that an element lies in. @param {EventTarget | null} target */
export function cellAt(target) {
  const element = target instanceof Element ? target.closest(".cell") : null;
  return element ? (cells.get(element) ?? null) : null;
}

export class Cell {
  element = make("div", { class: "cell", role: "option" });
  badges = make("ul", { class: "chips cell-badges" });
  picture = make("div", { class: "cell-picture" });
  extra = make("div", { class: "cell-extra" });
  #why = make("ul", { class: "chips cell-why" });
  #mark = make("span", { class: "cell-mark" });
  #name = make("p", { class: "cell-name", dir: "auto" });
  #notice = make("p", { class: "cell-notice" });
  /** @type {HTMLImageElement | null} */
  #image = null;
  #near = false;
  #shown = "";

  /** @param {Card} card */
  constructor(card) {
    this.card = card;
    this.element.id = `cell-${card.id}`;
    this.element.dataset.card = card.id;
    this.element.append(
      this.picture, this.#why, this.badges, this.#mark,
      make("span", { class: "cell-tick", "aria-hidden": "true" }), this.#notice, this.extra, this.#name,
    );
    this.element.querySelector(".cell-tick")?.append(icon("check"));
    if (card.subject.text) writeText(this.#name, card.subject, EXCERPT);
    else setText(this.#name, card.title);
    cells.set(this.element, this);
    this.#paint();
    for (const each of adornments) each(this);
  }

  #paint() {
    const { card } = this;
    const url = card.picture.small;
    if (!url) return this.#without();
    const image = make("img", { alt: "", draggable: "false", decoding: "async" });
    image.addEventListener("load", () => this.#cover(image));
    image.addEventListener("error", () => {
      card.picture.smallFailed = true;
      this.#without();
    });
    image.src = here(url);
    this.#image = image;
    this.picture.replaceChildren(image);
  }

  /** The text itself, or what kind of thing it is. */
  #without() {
    const { subject, picture } = this.card;
    this.#image = null;
    const isText = !subject.image && subject.text;
    const failed = picture.smallFailed ? t("picture_failed") : t("picture_not_here");
    const plate = make("div", { class: "cell-plate", dir: "auto" });
    if (isText) writeText(plate, subject, EXCERPT);
    else if (picture.kind !== "audio") setText(plate, failed);
    plate.classList.toggle("is-text", Boolean(isText));
    if (picture.kind === "audio") plate.append(icon("sound"));
    this.picture.replaceChildren(plate);
  }

  /** A blurred copy above the picture: a filter would cost in every frame. @param {HTMLImageElement} image */
  #cover(image) {
    const veil = gridVeilAt(0);
    const { naturalWidth, naturalHeight } = image;
    const scale = SIDE / Math.max(naturalWidth, naturalHeight);
    const size = { width: naturalWidth * scale, height: naturalHeight * scale };
    if (veil.blur) {
      blurredCopy(image, { ...size, ...veil }).then((copy) => {
        if (copy && image.parentNode === this.picture) this.picture.append(copy);
      });
    }
    this.near(this.#near);
  }

  /** Whether enough of it is on the screen to be seen. @param {boolean} near */
  near(near) {
    this.#near = near;
    if (!near || !this.#image?.complete) return;
    requestAnimationFrame(() => {
      if (this.#near && !document.hidden && this.#image?.checkVisibility()) this.card.picture.saw("thumb");
    });
  }

  /** @param {Standing} standing */
  show({ present, selected, place, total }) {
    const { card, element } = this;
    this.#family();
    const state = [present, selected, place, total, card.kin.length, card.state, card.mark, card.notice, card.step, card.case.claim.token].join();
    if (state === this.#shown) return;
    this.#shown = state;
    element.classList.toggle("is-present", present);
    element.classList.toggle("is-settled", !card.isOpen);
    element.classList.toggle("is-returned", card.isOpen && Boolean(card.notice));
    element.dataset.mark = card.mark || card.state;
    element.setAttribute("aria-selected", String(selected));
    element.setAttribute("aria-label", this.#label(place, total));
    this.#veil();
    this.#why.replaceChildren(...shortChips(card));
    const mark = markOf(card);
    this.#mark.replaceChildren(...(mark ? [icon(mark), stateOf(card)] : []));
    setText(this.#notice, card.isOpen || card.state === "lost" ? card.notice : "");
  }

  #family() {
    const badge = times(this.card);
    if ((this.element.dataset.family ?? "") === badge) return;
    this.element.dataset.family = badge;
    this.badges.replaceChildren(...(badge ? [make("li", { class: "chip family-badge" }, badge)] : []));
    this.extra.replaceChildren(...few(this.card));
  }

  /** @param {number} place @param {number} total */
  #label(place, total) {
    const where = t("place", { place: number(place), total: number(total) });
    const why = shortChips(this.card).map((chip) => chip.textContent);
    return [this.card.name, ...(this.card.kin.length ? [t("look_alike", { n: this.card.whole.length })] : []), where, stateOf(this.card), ...why].join(", ");
  }

  #veil() {
    const { step } = this.card;
    const veil = gridVeilAt(step);
    this.picture.style.setProperty("--blur", `${veil.blur}px`);
    this.picture.style.setProperty("--grey", veil.grey ? "1" : "0");
    this.picture.classList.toggle("is-bare", !asArrived(step));
  }
}
