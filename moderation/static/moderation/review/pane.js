// @ts-check
/** The pane beside the picture: why the case is here, by when, and the queue's own card. */

import { serverNow } from "./api.js";
import { fill, marked } from "./binder.js";
import { config, isolate, t, wordOr } from "./config.js";
import { byId, icon, make } from "./dom.js";
import { span } from "./format.js";

/** @typedef {import("./deck.js").Card} Card */

const OPEN = "gatehouse.context";
const GRAVE = new Set([
  "reported", "critical", "escalated", "upstream_rejected", "same_as_rejected", "same_as_purged",
]);

/** @param {string} state @param {Node | string} content */
const chip = (state, content) => make("li", { class: "chip", "data-state": state }, content);

/** @param {Card} card */
function dueChip(card) {
  const left = Date.parse(card.case.due_at) - serverNow();
  const words = { span: span(left) };
  if (left < 0) return chip("bad", t("overdue_by", words));
  return chip(left < 30 * 60_000 ? "warn" : "plain", t("due_in", words));
}

/** Why and by when, as chips. @param {Card} card */
function reasons(card) {
  const { why } = card.case;
  return why.map((name) => {
    const word = wordOr(`why_${name}`);
    // A rule's name is somebody's text: it keeps its own direction.
    return chip(GRAVE.has(name) ? "bad" : "plain", word || make("bdi", {}, name));
  });
}

export class Pane {
  #pane = byId("pane");
  #body = byId("card");
  /** @type {Card | null} */
  #card = null;

  constructor() {
    this.toggle(localStorage.getItem(OPEN) !== "no" && innerWidth > 900);
  }

  /** @param {Card | null} card */
  show(card) {
    this.#due(card);
    if (card === this.#card && this.#body.dataset.token === card?.case.claim.token) return;
    this.#card = card;
    this.#body.dataset.token = card?.case.claim.token ?? "";
    this.#body.replaceChildren(...(card ? [this.#fill(card)] : []));
    this.#pane.scrollTop = 0;
    this.#tell(card);
  }

  /** What comes into view, for a screen reader. @param {Card | null} card */
  #tell(card) {
    const why = card ? [...byId("why").children].map((chip) => chip.textContent).join(", ") : "";
    byId("live-card").textContent = card ? `${isolate(card.title)}: ${why}` : "";
  }

  /** @param {Card | null} card */
  #due(card) {
    for (const id of ["why", "why-over"]) {
      const chips = card ? [...reasons(card), dueChip(card)] : [];
      byId(id).replaceChildren(...chips);
    }
    const terms = card?.subject.context.flagged ?? [];
    byId("peek").replaceChildren(...marked(card?.subject.text || card?.title || "", terms));
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

  /** @param {boolean} [open] */
  toggle(open) {
    const next = open ?? !this.isOpen;
    document.body.classList.toggle("has-pane", next);
    byId("do-context").setAttribute("aria-expanded", String(next));
    if (open === undefined) localStorage.setItem(OPEN, next ? "yes" : "no");
    return next;
  }

  get isOpen() {
    return document.body.classList.contains("has-pane");
  }
}
