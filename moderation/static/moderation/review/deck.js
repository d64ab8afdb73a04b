// @ts-check
/** The cards on the desk: the present batch, where the moderator is, and what became of each card. */

import { Picture } from "./picture.js";

/** @typedef {import("./types.js").Case} Case */

/** One claimed case as it lies on the desk. */
export class Card {
  /** @type {"open" | "decided" | "undoing" | "lost"} */
  state = "open";
  /** The action that decided it, and the reason's slug. */
  mark = "";
  reason = "";
  /** Why it came back, or cannot be decided any longer. */
  notice = "";
  /** How far B was pressed for this picture. */
  step = 0;

  /** @param {Case} data */
  constructor(data) {
    this.case = data;
    this.picture = new Picture(data.subject.image);
  }

  get id() {
    return this.case.id;
  }

  get subject() {
    return this.case.subject;
  }

  get title() {
    return this.case.subject.title || this.case.subject.upstream_id || this.case.subject.id;
  }

  get isOpen() {
    return this.state === "open";
  }

  /** A new claim on the same case: token, lease and links are new, what was seen stays seen. @param {Case} data */
  renew(data) {
    const before = this.picture;
    this.case = data;
    if (before.state !== "ready") this.picture = new Picture(data.subject.image);
    this.picture.seen = before.seen;
    this.reopen();
  }

  /** @param {string} action @param {string} reason */
  settle(action, reason) {
    this.state = "decided";
    this.mark = action;
    this.reason = reason;
    this.notice = "";
  }

  /** @param {string} notice */
  reopen(notice = "") {
    this.state = "open";
    this.mark = this.reason = "";
    this.notice = notice;
  }

  /** No longer ours to decide. @param {string} notice */
  lose(notice) {
    this.reopen(notice);
    this.state = "lost";
  }
}

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
    return this.cards.find((card) => card.id === id);
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
    for (const card of cards) card.settle(action, reason);
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
    const gone = cards.filter((card) => !this.cards.includes(card));
    const at = this.current ? this.cards.indexOf(this.current) : 0;
    this.cards = [...this.cards.slice(0, at), ...gone, ...this.cards.slice(at)];
    this.current = cards[0] ?? this.current;
    this.changed();
  }

  /** Cards that came back lie right behind the one in view. @param {Card[]} cards */
  bringBack(cards) {
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
