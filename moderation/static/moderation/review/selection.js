// @ts-check
/** Which cards of the grid are selected: by X, by Shift with the arrows, by Ctrl+A, by the pointer. */

/** @typedef {import("./card.js").Card} Card */

/** Emits `change`. Holds open cards that are shown: what is decided, lost or filtered away drops out. */
export class Selection extends EventTarget {
  /** @type {Set<Card>} */
  #chosen = new Set();
  /** @type {Card | undefined} where a range began */
  #anchor;
  /** @type {Set<Card>} what was selected before that range */
  #before = new Set();

  /** @param {import("./deck.js").Deck} deck */
  constructor(deck) {
    super();
    this.deck = deck;
    deck.addEventListener("change", () => this.#prune());
  }

  /** In the order of the grid. */
  get cards() {
    return this.deck.shown.filter((card) => this.#chosen.has(card));
  }

  get size() {
    return this.#chosen.size;
  }

  /** @param {Card} card */
  has(card) {
    return this.#chosen.has(card);
  }

  /** @param {Card | undefined} card */
  toggle(card) {
    if (!card?.isOpen) return;
    const chosen = new Set(this.#chosen);
    if (!chosen.delete(card)) chosen.add(card);
    this.#choose([...chosen]);
    this.anchor(card);
  }

  /** A range begins here, added to what is selected; undefined: at the next card it is extended from. @param {Card | undefined} card */
  anchor(card) {
    this.#anchor = card;
    this.#before = new Set(this.#chosen);
  }

  /** Everything from where the range began, else from `from`, to `card`. @param {Card | undefined} card @param {Card | undefined} from */
  extendTo(card, from = card) {
    const { shown } = this.deck;
    if (!this.#anchor || !shown.includes(this.#anchor)) this.anchor(from);
    if (!card || !this.#anchor) return;
    const [first, last] = [shown.indexOf(this.#anchor), shown.indexOf(card)].sort((a, b) => a - b);
    this.#choose([...this.#before, ...shown.slice(first, last + 1)]);
  }

  /** All open cards that are shown; once more: none. */
  all() {
    const open = this.deck.shown.filter((card) => card.isOpen);
    if (open.length === this.size) return this.clear();
    this.#choose(open);
  }

  clear() {
    if (this.size) this.#choose([]);
    this.anchor(undefined);
  }

  /** @param {Card[]} cards */
  #choose(cards) {
    this.#chosen = new Set(cards.filter((card) => card.isOpen));
    this.#changed();
  }

  #prune() {
    const kept = this.deck.shown.filter((card) => card.isOpen && this.#chosen.has(card));
    if (kept.length !== this.size) this.#choose(kept);
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
