// @ts-check
/** One batch after the other on the desk, and the page's states where there is none. */

import { NotSignedIn, Refused } from "./api.js";
import { t } from "./config.js";
import { byId, setText } from "./dom.js";
import { announce } from "./notices.js";
import { Loader } from "./picture.js";
import { Supply } from "./supply.js";

/** So many open cards before the end the next batch is claimed. */
const AHEAD = 10;
const LOOK_AGAIN = 15_000;

/** @param {string} name of a `#state-…` element, or `cards` */
function phase(name) {
  document.body.dataset.phase = name;
  for (const state of document.querySelectorAll(".state")) {
    /** @type {HTMLElement} */ (state).hidden = state.id !== `state-${name}`;
  }
  /** @type {NodeListOf<HTMLButtonElement>} */
  const needCard = document.querySelectorAll("[data-do].needs-card");
  for (const button of needCard) button.disabled = name !== "cards";
  const told = document.getElementById(`state-${name}`);
  if (told && name !== "loading") announce(told.innerText);
}

/** Emits `arrived` with each batch, `picture` when one has loaded. */
export class Batches extends EventTarget {
  #filling = false;
  #again = 0;
  #loader = new Loader(() => this.dispatchEvent(new Event("picture")));

  /** @param {import("./deck.js").Deck} deck @param {import("./outbox.js").Outbox} outbox */
  constructor(deck, outbox) {
    super();
    this.deck = deck;
    this.outbox = outbox;
    this.supply = new Supply(outbox);
    deck.addEventListener("change", () => this.#follow());
  }

  /** All that this page holds. */
  get cards() {
    return [...this.deck.cards, ...this.supply.prepared];
  }

  #follow() {
    if (this.deck.current) phase("cards");
    this.#load();
    const left = this.deck.upcoming.length;
    // A failure is met when this batch ends, where there is a state for it.
    if (left > 0 && left <= AHEAD) this.supply.prepare().then(() => this.#load(), () => {});
  }

  #load() {
    this.supply.note(this.deck.cards);
    const coming = [...this.deck.upcoming, ...this.supply.prepared];
    this.#loader.want(coming.map((card) => card.picture));
  }

  /** The next batch on the desk, or why there is none. */
  async refill() {
    clearTimeout(this.#again);
    if (this.#filling || this.deck.upcoming.length) return;
    this.#filling = true;
    if (!this.supply.prepared.length && document.body.dataset.phase === "cards") phase("loading");
    try {
      const { cards, open } = await this.supply.next();
      if (cards.length) this.#arrive(cards);
      else if (this.deck.upcoming.length) phase("cards"); // one came back meanwhile
      else this.#explain(open);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#filling = false;
    }
  }

  /** @param {import("./deck.js").Card[]} cards */
  #arrive(cards) {
    this.deck.load([...this.deck.upcoming, ...cards]);
    announce(t("batch_here", { n: cards.length }));
    this.dispatchEvent(new Event("arrived"));
  }

  /** An empty claim is "clear" only when nothing is open. @param {number} open */
  #explain(open) {
    this.deck.load([]);
    setText(byId("waiting-count"), t("open", { n: open }));
    this.dispatchEvent(new Event("arrived"));
    // What is still to be sent counts as open: the number says nothing yet.
    if (this.outbox.size) phase("sending");
    else phase(open ? "waiting" : "clear");
    this.#lookAgain(this.outbox.size ? 1_000 : LOOK_AGAIN);
  }

  /** @param {unknown} error */
  #fail(error) {
    this.deck.load([]);
    if (error instanceof NotSignedIn) return phase("signed-out");
    if (error instanceof Refused && error.status === 403) return phase("denied");
    phase("error");
    this.#lookAgain(5_000);
  }

  /** @param {number} delay */
  #lookAgain(delay) {
    this.#again = setTimeout(() => this.refill(), delay);
  }
}
