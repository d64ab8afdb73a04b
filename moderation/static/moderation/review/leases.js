// @ts-check
/** Keeps the claims alive while somebody is at the desk, and notices when one is lost. */

import { api, NotSignedIn, serverNow } from "./api.js";
import { config } from "./config.js";

/** @typedef {import("./card.js").Card} Card */

/** So many may be renewed with one request; nobody holds more. */
const MOST = 500;
/** Without a key or a pointer for so long, claims are left to run out: others may take them. */
const AWAY = Math.max(config.claimSeconds, 300) * 1000;

/** Events: `tick` each second; `lost` with the Card as its detail. */
export class Leases extends EventTarget {
  #lastSign = Date.now();
  #lastBeat = Date.now();
  #beating = false;

  /**
   * @param {() => Card[]} cards all that this page holds, decided or not
   * @param {import("./outbox.js").Outbox} outbox
   */
  constructor(cards, outbox) {
    super();
    this.cards = cards;
    this.outbox = outbox;
    for (const name of ["keydown", "pointerdown", "pointermove", "wheel"]) {
      addEventListener(name, () => this.#sign(), { passive: true, capture: true });
    }
    document.addEventListener("visibilitychange", () => this.#tick());
    addEventListener("online", () => this.beat());
    setInterval(() => this.#tick(), 1000);
  }

  /** Milliseconds left of a card's lease by the server's clock, negative when it ran out. @param {Card} card */
  left(card) {
    return Date.parse(card.case.claim.expires_at) - serverNow();
  }

  #sign() {
    const was = this.#lastSign;
    this.#lastSign = Date.now();
    if (this.#lastSign - was > AWAY) this.beat(); // back at the desk: what is still ours?
  }

  #tick() {
    this.dispatchEvent(new Event("tick"));
    const due = Date.now() - this.#lastBeat >= (config.claimSeconds * 1000) / 3;
    const away = Date.now() - this.#lastSign > AWAY;
    if (due && !away) this.beat();
    // A lease that runs out under one's eyes is asked about at once: another may have the card by now.
    else if (!away && this.cards().some((card) => card.isOpen && this.left(card) < 0)) this.beat();
  }

  /** Renews what this page holds, also what is decided and not sent yet; an open card not renewed is lost. */
  async beat() {
    if (this.#beating || Date.now() - this.#lastBeat < 2_000) return;
    const cards = this.cards().filter((card) => card.isOpen);
    const held = [...new Set([...cards.map((card) => card.id), ...this.outbox.cases()])];
    if (!held.length) return;
    this.#beating = true;
    this.#lastBeat = Date.now();
    try {
      const { cases } = await api.renew(held.slice(0, MOST));
      const kept = new Map(cases.map((row) => [row.id, row.expires_at]));
      for (const card of cards) this.#judge(card, kept.get(card.id));
    } catch (error) {
      if (error instanceof NotSignedIn) this.dispatchEvent(new Event("signed-out"));
      // No answer says nothing about the claim: a token stays good until somebody else claims.
    } finally {
      this.#beating = false;
    }
  }

  /** @param {Card} card @param {string | undefined} until */
  #judge(card, until) {
    if (!card.isOpen) return; // decided while the answer was on its way
    if (until) card.case.claim.expires_at = until;
    else this.dispatchEvent(new CustomEvent("lost", { detail: card }));
  }
}
