// @ts-check
/** Deciding and taking back: what a key does to cards, at once and without asking the server. */

import { config } from "./config.js";
import { all } from "./family.js";
import { lastDone } from "./notices.js";
import { said, sentence, whatAre } from "./sentences.js";
import { isOpen, thisTab, uuid } from "./tabs.js";

/** @typedef {import("./card.js").Card} Card */
/** @typedef {import("./types.js").Entry} Entry */
/** @typedef {import("./sentences.js").What} What */
/** @typedef {{what: What, cards: Card[], entry: string, action: string, batch: string}} Done a subject decided without a claim has no cards */
/** @typedef {{reason?: string, note?: string}} Words */

/** Emits `exhausted` when no open card is left, `reclaim` with `{cases, what}` that are taken back without an undo. */
export class Desk extends EventTarget {
  /** @type {Done[]} what U takes back, the last one first */
  #done = [];
  #sequence = 0;

  /**
   * @param {import("./deck.js").Deck} deck
   * @param {import("./outbox.js").Outbox} outbox
   * @param {import("./sender.js").Sender} sender
   */
  constructor(deck, outbox, sender) {
    super();
    this.deck = deck;
    this.outbox = outbox;
    this.sender = sender;
  }

  /** One act on one card or many: sent, answered and undone together. @param {Card[]} leads @param {string} action @param {Words} words */
  decide(leads, action, { reason = "", note = "" } = {}) {
    const cards = all(leads);
    const rows = cards.map(({ case: { id, claim }, picture }) => ({
      case: id, claim_token: claim.token, action, reason, note, seen: picture.seen,
    }));
    const what = whatAre(cards);
    const cases = cards.map((card) => card.id);
    const entry = this.#entry({ title: what.title, action, reason, cases, rows });
    this.outbox.put(entry);
    this.#done.push({ what, cards, entry: entry.id, action, batch: "" });
    this.deck.settle(leads, action, reason);
    lastDone(sentence(action, what, reason));
    this.sender.nudge();
    this.checkLeft();
  }

  /** A decision on a subject without a claim, from the history. @param {Record<string, any>} row @param {string} title */
  decideSubject(row, title) {
    const words = { title, action: row.action, reason: row.reason ?? "", cases: [], rows: [row] };
    const entry = this.#entry(words);
    this.outbox.put(entry);
    this.#done.push({ what: { title, n: 1 }, cards: [], entry: entry.id, action: row.action, batch: "" });
    this.sender.kick();
  }

  /** @param {Pick<Entry, "title" | "action" | "reason" | "cases" | "rows"> & Partial<Entry>} content @returns {Entry} */
  #entry(content) {
    this.#sequence += 1; // keeps the order of what was decided in the same millisecond
    const at = Date.now() + (this.#sequence % 1000) / 1000;
    return { id: uuid(), user: config.user.id, tab: thisTab, at, ...content };
  }

  /** On to the next card, or the next batch. */
  next() {
    const { shown, current } = this.deck;
    if (current && shown.indexOf(current) < shown.length - 1) this.deck.move(1);
    else this.deck.advance();
    this.checkLeft();
  }

  checkLeft() {
    if (!this.deck.open.length) this.dispatchEvent(new Event("exhausted"));
  }

  /** Takes the last decision back: out of the outbox, or by asking the server. @returns {boolean} */
  undo() {
    const last = this.#done.pop();
    if (!last) return false;
    const { cards } = last;
    const waiting = this.outbox.get(last.entry);
    if (waiting && this.sender.isUntouched(waiting)) {
      this.outbox.remove(waiting.id);
      for (const card of cards) card.reopen();
      lastDone(said(cards.length ? "taken_back" : "undone", last.what));
    } else {
      for (const card of cards) card.state = "undoing";
      this.#ask(last, waiting);
    }
    if (cards.length) this.deck.show(cards);
    return true;
  }

  /** Takes back the last that pages before this one left unsent. @returns {Promise<boolean>} */
  async undoLeft() {
    const open = await isOpen();
    const left = this.outbox.all().findLast((entry) => !entry.undo && !open(entry.tab));
    if (!left) return false;
    const { cases, rows, title } = left;
    if (this.sender.isUntouched(left)) {
      const what = { title, n: rows.length };
      this.outbox.remove(left.id);
      lastDone(said(cases.length ? "taken_back" : "undone", what));
      this.dispatchEvent(new CustomEvent("reclaim", { detail: { cases, what } }));
    } else {
      this.outbox.put({ ...left, undo: true });
      this.sender.kick();
    }
    return true;
  }

  /** @param {Done} done @param {Entry | null} waiting */
  #ask({ what, cards, action, batch }, waiting) {
    const cases = cards.map((card) => card.id);
    if (waiting) {
      this.outbox.put({ ...waiting, undo: true });
      this.sender.kick();
    } else if (action === "skip") {
      this.dispatchEvent(new CustomEvent("reclaim", { detail: { cases, what } }));
    } else {
      this.undoBatch(batch, what.title, cases);
    }
  }

  /**
   * Asks the server to undo a batch; survives a lost connection like any decision.
   * @param {string} batch
   * @param {string} title
   * @param {string[]} cases
   */
  undoBatch(batch, title, cases) {
    const words = { title, action: "undo", reason: "", cases, rows: [] };
    this.outbox.put(this.#entry({ ...words, batch, undo: true }));
    this.sender.kick();
  }

  /** Takes back what this page decided itself, with its cards. @param {string} batch @returns {boolean} */
  undoKnown(batch) {
    const known = this.#done.find((one) => one.batch === batch);
    if (!known) return false;
    this.#done = [...this.#done.filter((one) => one !== known), known];
    return this.undo();
  }

  /** The server's name for what was decided here. @param {string} entry @param {string} batch */
  answered(entry, batch) {
    const done = this.#done.find((one) => one.entry === entry);
    if (done) done.batch = batch;
  }

  /** Some cards were not decided after all: nothing to take back for them. @param {string} entry @param {(string | null)[]} cases */
  forget(entry, cases) {
    const done = this.#done.find((one) => one.entry === entry);
    if (!done) return;
    done.cards = done.cards.filter((card) => !cases.includes(card.id));
    done.what = whatAre(done.cards);
    if (!done.cards.length) this.#done = this.#done.filter((one) => one !== done);
  }
}
