// @ts-check
/** The pane beside the picture: why the case is here, by when, and the queue's own card. */

import { fill, writeText } from "./binder.js";
import { dueChip, whyChips } from "./chips.js";
import { config, isolate, t } from "./config.js";
import { byId, icon, make, setChildren, setText } from "./dom.js";

/** @typedef {import("./card.js").Card} Card */

const OPEN = "gatehouse.context";
const isNarrow = () => matchMedia("(max-width: 900px)").matches; // as in narrow.css

export class Pane {
  #pane = byId("pane");
  #body = byId("card");
  /** @type {Card | null} */
  #card = null;

  /** @param {import("./modes.js").Modes} modes */
  constructor(modes) {
    this.modes = modes;
    this.follow();
  }

  /**
   * Open or not, as it was left in this mode; at first beside the one large picture only. On a narrow
   * screen it lies over the picture: there it opens when it is asked for, and nothing is remembered.
   */
  follow() {
    const kept = isNarrow() ? "no" : localStorage.getItem(this.#key);
    this.#open(kept ? kept === "yes" : !this.modes.isGrid);
  }

  get #key() {
    return this.modes.isGrid ? `${OPEN}.grid` : OPEN;
  }

  /** @param {Card | null} card */
  show(card) {
    this.#due(card);
    if (card === this.#card && this.#body.dataset.token === card?.case.claim.token) return;
    this.#card = card;
    this.#body.dataset.token = card?.case.claim.token ?? "";
    this.#body.replaceChildren(...(card ? [this.#fill(card)] : []));
    // In the frame that lays it out: at once, it would be laid out for this alone.
    requestAnimationFrame(() => (this.#pane.scrollTop = 0));
    this.#tell(card);
  }

  /** What comes into view, for a screen reader. @param {Card | null} card */
  #tell(card) {
    const why = card ? [...byId("why").children].map((chip) => chip.textContent).join(", ") : "";
    byId("live-card").textContent = card ? `${isolate(card.name)}: ${why}` : "";
  }

  /** @param {Card | null} card */
  #due(card) {
    for (const id of ["why", "why-over"]) {
      const chips = card ? [...whyChips(card), dueChip(card)] : [];
      setChildren(byId(id), chips);
    }
    if (card?.subject.text) writeText(byId("peek"), card.subject);
    else setText(byId("peek"), card?.title ?? "");
  }

  /** @param {Card} card */
  #fill(card) {
    const { type } = card.subject;
    const template =
      document.getElementById(`card-${type}`) ?? document.querySelector("template.card-template");
    if (!(template instanceof HTMLTemplateElement)) return document.createDocumentFragment();
    const copy = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
    fill(copy, card.case);
    const link = make("a", { class: "subject-link", href: `${config.subjects}${type}/${card.subject.id}/` });
    link.append(icon("open"), t("whole_story"));
    copy.append(link);
    return copy;
  }

  /** Whether it is open then. @returns {boolean} */
  toggle() {
    const next = !document.body.classList.contains("has-pane");
    if (!isNarrow()) localStorage.setItem(this.#key, next ? "yes" : "no");
    this.#open(next);
    return next;
  }

  /** @param {boolean} open */
  #open(open) {
    document.body.classList.toggle("has-pane", open);
    byId("do-context").setAttribute("aria-expanded", String(open));
  }
}
