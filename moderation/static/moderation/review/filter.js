// @ts-check
/** `/`: shows only those of the claimed cards that hold all the words: in why, source, character, user, text. */

import { causeWord } from "./chips.js";
import { t } from "./config.js";
import { byId, make, setText } from "./dom.js";

/** @typedef {import("./card.js").Card} Card */

const MOST_OFFERED = 40;

/** @param {Card} card @returns {string[]} short names that are offered while typing */
function names({ case: { why }, subject: { source, context } }) {
  return [...why.map(causeWord), source, context.character?.name, context.user?.id].filter(Boolean);
}

/** @param {Card} card */
function haystack(card) {
  const { subject } = card;
  const { context } = subject;
  const parts = [card.title, subject.upstream_id, subject.text, context.negative_prompt, ...names(card)];
  return parts.filter(Boolean).join("\n").toLocaleLowerCase();
}

export class Filter {
  #input = /** @type {HTMLInputElement} */ (byId("filter"));
  #box = byId("filter-box");

  /** @param {import("./deck.js").Deck} deck */
  constructor(deck) {
    this.deck = deck;
    this.#input.addEventListener("input", () => this.#apply());
    this.#input.addEventListener("keydown", (event) => this.#key(event));
    this.#input.addEventListener("blur", () => (this.#box.hidden = !this.#input.value.trim()));
    deck.addEventListener("change", () => this.#tell());
  }

  get isOn() {
    return this.deck.filter !== null;
  }

  open() {
    this.#offer();
    this.#box.hidden = false;
    this.#input.focus();
    this.#input.select();
  }

  clear() {
    this.#input.value = "";
    this.#box.hidden = true;
    this.#apply();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing) return;
    if (event.key === "Escape") this.clear();
    else if (event.key !== "Enter") return;
    event.preventDefault();
    this.#input.blur(); // the keys decide again
  }

  #apply() {
    const words = this.#input.value.toLocaleLowerCase().split(/\s+/u).filter(Boolean);
    /** @type {WeakMap<Card, string>} */
    const texts = new WeakMap();
    /** @param {Card} card */
    const passes = (card) => {
      const text = texts.get(card) ?? haystack(card);
      texts.set(card, text);
      return words.every((word) => text.includes(word));
    };
    this.deck.narrow(words.length ? passes : null);
  }

  #tell() {
    const { shown, cards, filter } = this.deck;
    setText(byId("filter-count"), filter ? t("of", { n: shown.length, total: cards.length }) : "");
  }

  #offer() {
    const found = [...new Set(this.deck.cards.flatMap(names))].slice(0, MOST_OFFERED);
    byId("filter-names").replaceChildren(...found.map((value) => make("option", { value })));
  }
}
