// @ts-check
/** One card of the desk: a claimed case, its picture, and what became of it. */

import { Picture } from "./picture.js";

/** @typedef {import("./types.js").Case} Case */

/** So many signs of a text stand for it in a sentence. */
const SHORT = 48;

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
  /** @type {Card[]} the other members of its family, which it stands for */
  kin = [];
  /** @type {Card | null} the card that stands for it */
  lead = null;

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

  /** What people know it by: how its text begins; its title, often an id of upstream's, where it has none. */
  get name() {
    const [line] = this.subject.text.trimStart().split(/[\r\n]/u, 1);
    // Signs, of which JavaScript's strings take some for two.
    const signs = Array.from(line.slice(0, SHORT * 4).trimEnd());
    if (!signs.length) return this.title;
    return signs.length > SHORT ? `${signs.slice(0, SHORT).join("").trimEnd()}…` : signs.join("");
  }

  get isOpen() {
    return this.state === "open";
  }

  /** What one key decides. */
  get whole() {
    return [this, ...this.kin];
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
