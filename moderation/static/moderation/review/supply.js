// @ts-check
/** Where cards come from: what this browser still holds after a reload, then claims, one batch ahead. */

import { api } from "./api.js";
import { config } from "./config.js";
import { Card } from "./deck.js";
import { isOpen, thisTab } from "./tabs.js";

/** @typedef {import("./types.js").Case} Case */
/** @typedef {{cards: Card[], open: number}} Batch */

const BATCH = 20;
const LEDGER = `gatehouse.claims.${config.user.id}.${config.queue.slug}.`;

export class Supply {
  /** @type {Promise<Batch> | null} */
  #ahead = null;
  /** @type {Card[]} the prepared batch, once it is here */
  prepared = [];
  #adopted = false;

  /** @param {import("./outbox.js").Outbox} outbox */
  constructor(outbox) {
    this.outbox = outbox;
  }

  /** The next batch: the prepared one, or a claim now. Rejects as the API does. */
  async next() {
    const wanted = this.prepare();
    try {
      return await wanted;
    } finally {
      this.#ahead = null;
      this.prepared = [];
    }
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
    if (!this.#adopted) {
      const cards = await this.#adopt();
      this.#adopted = true;
      if (cards.length) return { cards, open: cards.length };
    }
    const { cases, open } = await api.claim(BATCH);
    return { cards: this.#cards(cases), open };
  }

  /** Claims of pages of this browser that are gone; those of other tabs and machines are left alone. */
  async #adopt() {
    const open = await isOpen();
    const mine = new Set();
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith(LEDGER) || open(key.slice(LEDGER.length))) continue;
      for (const id of (localStorage.getItem(key) ?? "").split(",")) mine.add(id);
    }
    if (!mine.size) return [];
    const { cases } = await api.claims();
    const ours = cases.filter((row) => row.queue === config.queue.slug && mine.has(row.id));
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(LEDGER) && !open(key.slice(LEDGER.length))) localStorage.removeItem(key);
    }
    return this.#cards(ours);
  }

  /** @param {Case[]} cases */
  #cards(cases) {
    const decided = this.outbox.cases();
    return cases.filter((row) => !decided.has(row.id)).map((row) => new Card(row));
  }

  /** Notes what this page holds, for the page after a reload. @param {Card[]} cards */
  note(cards) {
    const ids = [...cards, ...this.prepared].filter((card) => card.isOpen).map((card) => card.id);
    try {
      localStorage.setItem(LEDGER + thisTab, ids.join(","));
    } catch {
      // Full: a reload then claims new cards, and these return when their lease ends.
    }
  }
}
