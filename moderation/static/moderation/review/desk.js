// @ts-check
/** Deciding and taking back: what a key does to a card, at once and without asking the server. */

import { config, isolate, t } from "./config.js";
import { lastDone, toast } from "./notices.js";
import { labelOf } from "./palette.js";
import { thisTab, uuid } from "./tabs.js";

/** @typedef {import("./deck.js").Card} Card */
/** @typedef {import("./types.js").Entry} Entry */
/** @typedef {{card: Card, entry: string, action: string, batch: string}} Done */

/** Emits `exhausted` when no open card is left, `reclaim` with a Card whose skip is taken back. */
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

  /** Whether the card in view may be decided; says why when not. @param {string} action */
  ready(action) {
    const card = this.deck.current;
    if (!card) return false;
    if (card.state === "lost") {
      this.next(); // it steps aside; the key decides nothing
      return false;
    }
    if (!card.isOpen) {
      toast(t(card.state === "undoing" ? "undoing" : "decided_already"));
      return false;
    }
    if (action === "approve" && !card.picture.isSettled) {
      toast(t("not_seen_yet"));
      return false;
    }
    return true;
  }

  /** @param {string} action @param {{reason?: string, note?: string}} [words] */
  decide(action, { reason = "", note = "" } = {}) {
    const card = this.deck.current;
    if (!card || !this.ready(action)) return;
    const { id, claim } = card.case;
    const row = { case: id, claim_token: claim.token, action, reason, note, seen: card.picture.seen };
    const entry = this.#entry({ title: card.title, action, reason, case: id, rows: [row] });
    this.outbox.put(entry);
    this.#done.push({ card, entry: entry.id, action, batch: "" });
    this.deck.settle(action, reason);
    lastDone(sentence(action, card.title, reason));
    this.sender.nudge();
    this.checkLeft();
  }

  /** A decision on a subject without a claim, from the history. @param {Record<string, any>} row @param {string} title */
  decideSubject(row, title) {
    const words = { title, action: row.action, reason: row.reason ?? "", case: null, rows: [row] };
    this.outbox.put(this.#entry(words));
    this.sender.kick();
  }

  /** @param {Pick<Entry, "title" | "action" | "reason" | "case" | "rows"> & Partial<Entry>} content @returns {Entry} */
  #entry(content) {
    this.#sequence += 1; // keeps the order of what was decided in the same millisecond
    const at = Date.now() + (this.#sequence % 1000) / 1000;
    return { id: uuid(), user: config.user.id, tab: thisTab, at, ...content };
  }

  /** On to the next card, or the next batch. */
  next() {
    if (this.deck.index < this.deck.cards.length - 1) this.deck.move(1);
    else this.deck.advance();
    this.checkLeft();
  }

  checkLeft() {
    if (!this.deck.upcoming.length) this.dispatchEvent(new Event("exhausted"));
  }

  /** Takes the last decision back: out of the outbox, or by asking the server. @returns {boolean} */
  undo() {
    const last = this.#done.pop();
    if (!last) return false;
    const { card } = last;
    const waiting = this.outbox.get(last.entry);
    if (waiting && this.sender.isUntouched(waiting)) {
      this.outbox.remove(waiting.id);
      card.reopen();
      lastDone(t("taken_back", { title: isolate(card.title) }));
    } else {
      card.state = "undoing";
      this.#ask(card, last, waiting);
    }
    this.deck.show(card);
    return true;
  }

  /** @param {Card} card @param {Done} done @param {Entry | null} waiting */
  #ask(card, { action, batch }, waiting) {
    if (waiting) {
      this.outbox.put({ ...waiting, undo: true });
      this.sender.kick();
    } else if (action === "skip") {
      this.dispatchEvent(new CustomEvent("reclaim", { detail: card }));
    } else {
      this.undoBatch(batch, card.title, card.id);
    }
  }

  /**
   * Asks the server to undo a batch; survives a lost connection like any decision.
   * @param {string} batch
   * @param {string} title
   * @param {string | null} caseId
   */
  undoBatch(batch, title, caseId) {
    const words = { title, action: "undo", reason: "", case: caseId, rows: [] };
    this.outbox.put(this.#entry({ ...words, batch, undo: true }));
    this.sender.kick();
  }

  /** Takes back what this page decided itself, with its card. @param {string} batch @returns {boolean} */
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

  /** It was not decided after all: nothing to take back. @param {string} entry */
  forget(entry) {
    this.#done = this.#done.filter((one) => one.entry !== entry);
  }
}

/** "Rejected “msg-418”: violence". @param {string} action @param {string} title @param {string} reason */
export function sentence(action, title, reason) {
  const done = t(`done_${action}`, { title: isolate(title) });
  return reason ? t("with_reason", { done, reason: isolate(labelOf(reason)) }) : done;
}
