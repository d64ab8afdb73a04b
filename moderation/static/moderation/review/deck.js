// @ts-check
/** The cards on the desk: the present batch, where the moderator is, and what became of each card. */

import { all, apart, part, tops } from "./family.js";

/** @typedef {import("./card.js").Card} Card */

/** Emits `change`. The card in view changes only by the moderator's own key: never under the finger. */
export class Deck extends EventTarget {
  /** @type {Card[]} */
  cards = [];
  /** @type {Card | undefined} the one in view, or with the focus in the grid */
  current;
  /** @type {((card: Card) => boolean) | null} what the filter lets through */
  filter = null;
  /** Whether cards that come back keep their place: in a grid nothing moves. */
  keepsPlaces = false;

  /** What may be looked at now. */
  get shown() {
    const { filter } = this;
    return filter ? this.cards.filter(filter) : this.cards;
  }

  /** All that are still to be decided, shown or not. */
  get open() {
    return this.cards.filter((card) => card.isOpen);
  }

  /** Open cards in the order in which they come up: after the present one, then those passed over. */
  get upcoming() {
    const { shown } = this;
    const at = Math.max(0, this.current ? shown.indexOf(this.current) : 0);
    return [...shown.slice(at), ...shown.slice(0, at)].filter((card) => card.isOpen);
  }

  /** @param {string | null} id */
  find(id) {
    return all(this.cards).find((card) => card.id === id);
  }

  /** @param {Card[]} cards */
  load(cards) {
    this.cards = cards;
    this.current = this.shown[0];
    this.changed();
  }

  /** Behind those that are here. @param {Card[]} cards */
  add(cards) {
    this.cards = [...this.cards, ...cards];
    this.current ??= this.shown[0];
    this.changed();
  }

  /** Marks cards and goes on to the next open one. @param {Card[]} cards @param {string} action @param {string} reason */
  settle(cards, action, reason) {
    for (const card of all(cards)) card.settle(action, reason);
    this.advance();
  }

  /** To the next open card; stays where it is when none is left. */
  advance() {
    const { upcoming } = this;
    this.current = upcoming.find((card) => card !== this.current) ?? upcoming[0] ?? this.current;
    this.changed();
  }

  /** Steps through what is shown, no further than its ends. @param {number} step */
  move(step) {
    const { shown } = this;
    const at = this.current ? shown.indexOf(this.current) : -1;
    this.goTo(shown[Math.min(Math.max(at + step, 0), shown.length - 1)]);
  }

  /** @param {Card | undefined} card */
  goTo(card) {
    if (!card || card === this.current) return;
    this.current = card;
    this.changed();
  }

  /** Shows the first of some cards, which may be of an earlier batch. @param {Card[]} cards */
  show(cards) {
    cards = tops(cards);
    const gone = cards.filter((card) => !this.cards.includes(card));
    const at = this.current ? this.cards.indexOf(this.current) : 0;
    this.cards = [...this.cards.slice(0, at), ...gone, ...this.cards.slice(at)];
    this.current = cards[0] ?? this.current;
    this.changed();
  }

  /** Cards that came back lie right behind the one in view. @param {Card[]} cards */
  bringBack(cards) {
    cards = apart(cards);
    const present = this.current;
    const moved = cards.filter(
      (card) => card !== present && !(this.keepsPlaces && this.cards.includes(card)),
    );
    this.cards = this.cards.filter((card) => !moved.includes(card));
    const at = present ? this.cards.indexOf(present) + 1 : 0;
    this.cards.splice(at, 0, ...moved);
    // With nothing left to look at, the one in view is a decided card: the returned one may show.
    if (!present?.isOpen) this.current = cards[0] ?? present;
    this.changed();
  }

  /** A member becomes a card of its own, right behind its family. @param {Card} card @param {string} [lost] why it is no longer ours */
  peel(card, lost = "") {
    const at = this.cards.indexOf(card.lead ?? card);
    const rest = part(card);
    if (lost) card.lose(lost);
    if (rest && at >= 0) this.cards.splice(at, 1, rest, ...(lost ? [] : [card]));
    if (rest && this.current === card) this.current = rest;
    this.changed();
  }

  /** @param {((card: Card) => boolean) | null} filter */
  narrow(filter) {
    this.filter = filter;
    if (!this.current || !this.shown.includes(this.current)) this.current = this.shown[0];
    this.changed();
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }
}
