// @ts-check
/** What the server's answers do to the cards, after the moderator has long gone on. */

import { api } from "./api.js";
import { isolate, t } from "./config.js";
import { Card } from "./deck.js";
import { lastDone, toast } from "./notices.js";

/** @typedef {import("./sender.js").Outcome} Outcome */

/** Emits `counted` with +1 or -1 as decisions are answered. */
export class Answers extends EventTarget {
  /** @param {import("./desk.js").Desk} desk */
  constructor(desk) {
    super();
    this.desk = desk;
    this.deck = desk.deck;
    /** @param {string} name @param {(outcome: Outcome) => void} react */
    const on = (name, react) =>
      desk.sender.addEventListener(name, (event) => react(/** @type {CustomEvent} */ (event).detail));
    on("delivered", (outcome) => this.#delivered(outcome));
    on("refused", (outcome) => this.#refused(outcome));
    on("undone", (outcome) => this.#undone(outcome));
    on("kept", (outcome) => this.#kept(outcome));
    desk.addEventListener("reclaim", (event) => {
      const card = /** @type {CustomEvent} */ (event).detail;
      this.reclaim(card, t("taken_back", { title: isolate(card.title) }));
    });
  }

  /** @param {Outcome} outcome */
  #delivered({ entry, answer }) {
    this.desk.answered(entry.id, answer?.batch ?? "");
    this.#count(entry.action, 1);
  }

  /** @param {string} action @param {number} change */
  #count(action, change) {
    if (action === "skip") return;
    this.dispatchEvent(new CustomEvent("counted", { detail: change }));
  }

  /** @param {Outcome} outcome */
  async #refused({ entry, status, error }) {
    this.desk.forget(entry.id);
    const text = t("not_saved", { title: isolate(entry.title), why: t(`failed_${status}`) });
    const inDetail = error && status !== "conflict" ? `${text} (${isolate(error)})` : text;
    lastDone("");
    const back = await this.#returned(entry.case, status, text);
    // A card that is back tells it itself, as soon as it is in view.
    toast(inDetail, { state: "bad", stays: !back });
  }

  /** Whether the card of a refused decision could be put on the desk again. @param {string | null} id @param {string} status @param {string} text */
  async #returned(id, status, text) {
    const known = this.deck.find(id ?? "");
    if (known && status === "conflict") return this.reclaim(known, text);
    const card = known ?? (await this.#fetch(id));
    if (!card) return false;
    card.reopen(text);
    this.deck.bringBack(card);
    return true;
  }

  /** @param {Outcome} outcome */
  async #undone({ entry }) {
    // One that was taken back before it was answered was never counted.
    if (entry.action === "undo") this.#count(entry.action, -1);
    const text = t("taken_back", { title: isolate(entry.title) });
    lastDone(text);
    const known = this.deck.find(entry.case ?? "");
    const card = known ?? (await this.#fetch(entry.case));
    if (known) await this.reclaim(known, text);
    else if (card) this.deck.bringBack(card);
  }

  /** The server did not undo: the decision stands. @param {Outcome} outcome */
  #kept({ entry, status }) {
    const card = this.deck.find(entry.case ?? "");
    if (card?.state === "undoing") card.state = "decided";
    const why = t(status === "forbidden" ? "undo_forbidden" : "undo_failed");
    toast(t("not_undone", { title: isolate(entry.title), why }), { state: "bad" });
    this.deck.changed();
    this.desk.checkLeft();
  }

  /**
   * Claims a card's case again: for a new token, and for new links. Tells whether it is ours.
   * @param {Card} card
   * @param {string} notice
   */
  async reclaim(card, notice) {
    try {
      card.renew(await api.claimOne(card.id));
      card.notice = notice;
      this.deck.bringBack(card);
      return true;
    } catch {
      card.lose(t("lost_to_other"));
      this.deck.changed();
      return false;
    }
  }

  /** @param {string | null} id */
  async #fetch(id) {
    if (!id) return null;
    try {
      return new Card(await api.claimOne(id));
    } catch {
      return null; // closed, or somebody else has it: the toast has said what happened
    }
  }
}
