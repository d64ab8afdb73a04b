// @ts-check
/** Where cards come from: what this browser still holds after a reload, then claims, one batch ahead. */

import { api, MOST, TryLater } from "./api.js";
import { Card } from "./card.js";
import { all, gather, part } from "./family.js";
import * as ledger from "./ledger.js";

/** @typedef {import("./types.js").Case} Case */
/** @typedef {{cards: Card[], open: number}} Batch */

const BATCH = { focus: 20, grid: 24 };

export class Supply {
  /** @type {Promise<Batch> | null} */
  #ahead = null;
  /** @type {Card[]} the prepared batch, once it is here */
  prepared = [];
  #inherited = false;

  /** @param {import("./sender.js").Sender} sender @param {import("./modes.js").Modes} modes */
  constructor(sender, modes) {
    this.sender = sender;
    this.outbox = sender.outbox;
    this.modes = modes;
  }

  /**
   * The next batch: the prepared one, or a claim now. Rejects as the API does.
   * @returns {Promise<Batch>}
   */
  async next() {
    const early = this.#ahead !== null;
    const wanted = this.prepare();
    const batch = await wanted.finally(() => {
      this.#ahead = null;
      this.prepared = [];
    });
    const cards = batch.cards.filter((card) => card.isOpen);
    // Prepared and then lost, all of them: somebody was away for long. Or a large family did not fit into
    // full hands, and may now.
    const again = batch.cards.length ? !cards.length : early && batch.open > 0;
    return again ? this.next() : { ...batch, cards };
  }

  /** Claims the next batch ahead of time, once. */
  prepare() {
    if (!this.#ahead) {
      this.#ahead = this.#take();
      this.#ahead.then(({ cards }) => (this.prepared = cards), () => (this.#ahead = null));
    }
    return this.#ahead;
  }

  /** @returns {Promise<Batch>} */
  async #take() {
    await this.#sendFirst();
    const look = !this.#inherited || ledger.isUnread();
    const inherited = look ? await this.#inherit() : [];
    this.#inherited = true;
    if (inherited.length) return { cards: inherited, open: inherited.length };
    return this.#claim(this.modes.isGrid ? BATCH.grid : BATCH.focus);
  }

  /** The prepared batch and as many as one claim gives beside it. Rejects as the API does. @returns {Promise<Batch>} */
  async more() {
    await this.#sendFirst();
    const { cards, open } = await this.#claim(MOST);
    const ahead = this.prepared.filter((card) => card.isOpen);
    if (ahead.length) this.#ahead = null;
    this.prepared = [];
    return { cards: [...ahead, ...cards], open };
  }

  /**
   * What waits since a failure is sent before anything is claimed: its leases may have run out, and the claim
   * would give the same cases to us again with other tokens, so that these decisions came too late.
   */
  async #sendFirst() {
    const { sender } = this;
    if (!sender.isBehind) return;
    const tried = new Promise((done) => sender.addEventListener("pass", done, { once: true }));
    sender.kick();
    await tried;
    // Signed out: the claim meets the same, and there is a state for it.
    if (sender.isBehind && sender.state !== "signed-out") throw new TryLater("decisions are still unsent");
  }

  /** @param {number} limit @returns {Promise<Batch>} */
  async #claim(limit) {
    ledger.asking();
    const { cases, open } = await api.claim(limit);
    const cards = this.#cards(cases);
    ledger.answered(all(cards).map((card) => card.id));
    return { cards, open };
  }

  async #inherit() {
    const wasOurs = await ledger.inherit();
    if (!wasOurs) return [];
    const { cases } = await api.claims();
    const cards = this.#cards(cases.filter(wasOurs));
    ledger.inherited(all(cards).map((card) => card.id));
    return cards;
  }

  /** @param {Case[]} cases */
  #cards(cases) {
    const decided = this.outbox.cases();
    return gather(cases.filter((row) => !decided.has(row.id)).map((row) => new Card(row)));
  }

  /** A claim was lost: of a prepared family another member stands for the rest. @param {Card} card */
  lose(card) {
    const at = this.prepared.indexOf(card);
    const rest = at < 0 ? undefined : part(card);
    if (rest) this.prepared.splice(at, 1, rest);
  }

  /** Notes what this page holds, for the page after a reload. @param {Card[]} cards */
  note(cards) {
    const held = all([...cards, ...this.prepared]).filter((card) => card.isOpen);
    ledger.note(held.map((card) => card.id));
  }
}
