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
  index = 0;

  /** @returns {Card | undefined} */
  get current() {
    return this.cards[this.index];
  }

  /** Open cards in the order in which they come up: after the present one, then those passed over. */
  get upcoming() {
    const ahead = [...this.cards.slice(this.index), ...this.cards.slice(0, this.index)];
    return ahead.filter((card) => card.isOpen);
  }

  /** @param {string} id */
  find(id) {
    return this.cards.find((card) => card.id === id);
  }

  /** @param {Card[]} cards */
  load(cards) {
    this.cards = cards;
    this.index = 0;
    this.changed();
  }

  /** Marks the present card and goes on to the next open one. @param {string} action @param {string} reason */
  settle(action, reason) {
    const card = this.current;
    if (!card) return;
    card.state = "decided";
    card.mark = action;
    card.reason = reason;
    card.notice = "";
    this.advance();
  }

  /** To the next open card; stays where it is when none is left. */
  advance() {
    const next = this.upcoming.find((card) => card !== this.current) ?? this.upcoming[0];
    if (next) this.index = this.cards.indexOf(next);
    this.changed();
  }

  /** @param {number} step */
  move(step) {
    this.goTo(this.index + step);
  }

  /** @param {number} index */
  goTo(index) {
    if (index === this.index || index < 0 || index >= this.cards.length) return;
    this.index = index;
    this.changed();
  }

  /** Shows a card, which may be of an earlier batch. @param {Card} card */
  show(card) {
    if (!this.cards.includes(card)) this.cards.splice(this.index, 0, card);
    this.index = this.cards.indexOf(card);
    this.changed();
  }

  /** Puts a card that came back right behind the one in view. @param {Card} card */
  bringBack(card) {
    const present = this.current;
    if (card !== present) {
      this.cards = this.cards.filter((other) => other !== card);
      // With nothing left to look at, the one in view is a decided card: the returned one may show.
      const at = present ? this.cards.indexOf(present) : -1;
      this.cards.splice(at + 1, 0, card);
      this.index = present?.isOpen ? at : at + 1;
    }
    this.changed();
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }
}
