// @ts-check
/** What the server's answers do to the cards, after the moderator has long gone on. */

import { api } from "./api.js";
import { isolate, t } from "./config.js";
import { Card } from "./card.js";
import { all, gather } from "./family.js";
import { lastDone, toast } from "./notices.js";
import { said } from "./sentences.js";

/** @typedef {import("./sender.js").Outcome} Outcome */
/** @typedef {import("./types.js").Failure} Failure */

/** What is counted as a decision, as `VERDICTS` on the server. */
const VERDICTS = new Set(["approve", "reject", "escalate"]);

/** Emits `counted` with how many decisions were answered, `recount` when some were taken back. */
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
      const { cases, what } = /** @type {CustomEvent} */ (event).detail;
      this.reclaim(cases, said("taken_back", what));
    });
  }

  /** @param {Outcome} outcome */
  #delivered({ entry, batch, n }) {
    this.desk.answered(entry.id, batch);
    if (n && VERDICTS.has(entry.action)) this.dispatchEvent(new CustomEvent("counted", { detail: n }));
  }

  /** @param {Outcome} outcome */
  async #refused({ entry, failed }) {
    const ids = failed.map((each) => each.case);
    this.desk.forget(entry.id, ids);
    const [{ status, error }] = failed;
    const what = { title: this.deck.find(ids[0])?.name ?? entry.title, n: failed.length };
    const text = said("not_saved", what, { why: t(`failed_${status}`) });
    const inDetail = error && status !== "conflict" ? `${text} (${isolate(error)})` : text;
    lastDone("");
    const back = await this.#returned(failed, text);
    // Cards that are back tell it themselves, as soon as they are in view.
    toast(inDetail, { state: "bad", stays: back < failed.length });
  }

  /** How many cards of refused decisions could be put on the desk again. @param {Failure[]} failed @param {string} text */
  async #returned(failed, text) {
    const ours = failed.map((each) => (each.status === "conflict" ? null : this.deck.find(each.case)));
    const kept = ours.filter((card) => card !== null && card !== undefined);
    for (const card of kept) card.reopen(text);
    if (kept.length) this.deck.bringBack(kept);
    const lost = failed.flatMap((each, at) => (ours[at] || !each.case ? [] : [each.case]));
    return kept.length + (await this.reclaim(lost, text));
  }

  /** @param {Outcome} outcome */
  async #undone({ entry, failed, n }) {
    const kept = new Set(failed.map((each) => each.subject));
    const back = entry.cases.filter((id) => !kept.has(this.deck.find(id)?.subject.id ?? ""));
    // Yesterday's, say, or a reopening, which was none: the server knows. What was taken back before it
    // was answered was never counted.
    if (entry.action === "undo") this.dispatchEvent(new Event("recount"));
    const text = said(entry.cases.length ? "taken_back" : "undone", { title: entry.title, n });
    lastDone(text);
    await this.reclaim(back, text);
  }

  /** The server did not undo: these decisions stand. @param {Outcome} outcome */
  #kept({ entry, failed }) {
    const subjects = new Set(failed.map((each) => each.subject));
    const whole = failed.some((each) => each.subject === null);
    for (const card of all(this.deck.cards)) {
      const meant = whole ? entry.cases.includes(card.id) : subjects.has(card.subject.id);
      if (meant && card.state === "undoing") card.state = "decided";
    }
    const why = t(failed[0].status === "forbidden" ? "undo_forbidden" : "undo_failed");
    toast(said("not_undone", { title: entry.title, n: failed.length }, { why }), { state: "bad" });
    this.deck.changed();
    this.desk.checkLeft();
  }

  /**
   * Claims cases again: for new tokens, and for new links. Tells how many are ours.
   * @param {string[]} ids
   * @param {string} notice what their cards say
   */
  async reclaim(ids, notice) {
    if (!ids.length) return 0;
    const found = await api.claimThese(ids).catch(() => []);
    const claimed = new Map(found.map((row) => [row.id, row]));
    /** @type {Card[]} */
    const back = [];
    /** @type {Card[]} */
    const fresh = [];
    for (const id of ids) {
      const row = claimed.get(id);
      const known = this.deck.find(id);
      if (row && known) known.renew(row);
      else if (known) this.deck.peel(known, t("lost_to_other"));
      if (row) (known ? back : fresh).push(known ?? new Card(row)); // else closed, or somebody else has it
    }
    const cards = [...back, ...fresh];
    for (const card of cards) card.notice = notice;
    gather(fresh);
    if (cards.length) this.deck.bringBack(cards);
    else this.deck.changed();
    return cards.length;
  }
}
