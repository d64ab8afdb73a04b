// @ts-check
/** One batch after the other on the desk, and the page's states where there is none. */

import { NotSignedIn, Refused } from "./api.js";
import { t } from "./config.js";
import { byId, setText } from "./dom.js";
import { all } from "./family.js";
import { announce, toast } from "./notices.js";
import { Loader } from "./picture.js";
import { Supply } from "./supply.js";

/** So many open cards before the end the next batch is claimed; a grid may end with one key. */
const AHEAD = { focus: 10, grid: 24 };
/** So many full pictures are kept ready in the grid, where only one at a time is revealed. */
const NEAR = 4;
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

/** Emits `arrived` with each batch, `prepared` when the next one is here, `picture` with each one that has loaded or failed. */
export class Batches extends EventTarget {
  #filling = false;
  #again = 0;
  #adding = false;
  #loader = new Loader((detail) => this.dispatchEvent(new CustomEvent("picture", { detail })));

  /**
   * @param {import("./deck.js").Deck} deck
   * @param {import("./sender.js").Sender} sender
   * @param {import("./modes.js").Modes} modes
   */
  constructor(deck, sender, modes) {
    super();
    this.deck = deck;
    this.outbox = sender.outbox;
    this.modes = modes;
    this.supply = new Supply(sender, modes);
    deck.addEventListener("change", () => this.#follow());
  }

  /** All that this page holds. */
  get cards() {
    return all([...this.deck.cards, ...this.supply.prepared]);
  }

  #follow() {
    const { shown, cards, open } = this.deck;
    if (shown.length) phase("cards");
    else if (cards.length) phase("filtered");
    this.#load();
    const ahead = this.modes.isGrid ? AHEAD.grid : AHEAD.focus;
    // A failure is met when this batch ends, where there is a state for it.
    if (open.length > 0 && open.length <= ahead) this.supply.prepare().then(() => this.#ready(), () => {});
  }

  #ready() {
    this.#load();
    this.dispatchEvent(new Event("prepared"));
  }

  #load() {
    this.supply.note(this.deck.cards);
    const { current, upcoming } = this.deck;
    const coming = [...(current ? [current] : []), ...upcoming, ...this.supply.prepared];
    const wanted = this.modes.isGrid ? coming.slice(0, NEAR) : coming;
    this.#loader.want(wanted.map((card) => card.picture));
  }

  /** Claims as many more as one request gives, behind those that are here. */
  async more() {
    if (this.#adding || !this.deck.cards.length) return;
    this.#adding = true;
    try {
      const { cards, open } = await this.supply.more();
      if (cards.length) this.deck.add(cards);
      toast(cards.length ? t("more_here", { n: cards.length }) : t("no_more", { n: open }));
    } catch {
      toast(t("more_failed"), { state: "bad" });
    } finally {
      this.#adding = false;
    }
  }

  /** The next batch on the desk, or why there is none. */
  async refill() {
    clearTimeout(this.#again);
    if (this.#filling || this.deck.open.length) return;
    this.#filling = true;
    if (!this.supply.prepared.length && document.body.dataset.phase === "cards") phase("loading");
    try {
      const { cards, open } = await this.supply.next();
      if (cards.length) this.#arrive(cards);
      else if (this.deck.open.length) phase("cards"); // one came back meanwhile
      else this.#explain(open);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#filling = false;
    }
  }

  /** @param {import("./card.js").Card[]} cards */
  #arrive(cards) {
    this.deck.load([...this.deck.open, ...cards]);
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
    if (this.deck.open.length) return phase("cards"); // one came back meanwhile
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
