// @ts-check
/** Many cards at once: a list box whose options are the deck's cards, for fast passes. */

import { Cell, cellAt } from "./cell.js";
import { byId, setText } from "./dom.js";
import { t } from "./config.js";

/** @typedef {import("./card.js").Card} Card */

/** Held this long, a press reveals; shorter, it selects. */
const HOLD = 350;

export class Grid {
  #grid = byId("grid");
  #cells = byId("cells");
  /** @type {WeakMap<Card, {cell: Cell, picture: Card["picture"]}>} */
  #made = new WeakMap();
  /** @type {Card | undefined} */
  #present;
  #watcher = new IntersectionObserver(
    (seen) => seen.forEach(({ target, isIntersecting }) => cellAt(target)?.near(isIntersecting)),
    { root: byId("grid"), threshold: 0.6 },
  );

  /**
   * @param {object} parts
   * @param {import("./deck.js").Deck} parts.deck
   * @param {import("./selection.js").Selection} parts.selection
   * @param {import("./modes.js").Modes} parts.modes
   * @param {(open: boolean) => void} parts.reveal shows the present card's picture large
   */
  constructor({ deck, selection, modes, reveal }) {
    this.deck = deck;
    this.selection = selection;
    this.modes = modes;
    this.reveal = reveal;
    this.#listen();
  }

  /** Draws what changed; nothing while the other mode is on. */
  show() {
    if (!this.modes.isGrid) return;
    const { shown, current } = this.deck;
    const cells = shown.map((card) => this.#cellOf(card));
    this.#arrange(cells.map((cell) => cell.element));
    cells.forEach((cell, at) =>
      cell.show({
        present: cell.card === current, selected: this.selection.has(cell.card),
        place: at + 1, total: cells.length,
      }),
    );
    this.#follow(current);
    this.#tell();
  }

  /** Makes the cells of cards that come next, so that their pictures are here before them. @param {Card[]} cards */
  prepare(cards) {
    if (this.modes.isGrid) for (const card of cards) this.#cellOf(card);
  }

  /** How many cards lie in a row now. */
  get columns() {
    return getComputedStyle(this.#cells).gridTemplateColumns.split(" ").length;
  }

  /** How many rows fit on the screen, at least one. */
  get rows() {
    const height = this.#cells.firstElementChild?.clientHeight || 1;
    return Math.max(1, Math.floor(this.#grid.clientHeight / height));
  }

  /** @param {Card} card */
  #cellOf(card) {
    const made = this.#made.get(card);
    if (made?.picture === card.picture) return made.cell;
    const cell = new Cell(card); // also for a card whose picture is claimed anew
    this.#made.set(card, { cell, picture: card.picture });
    this.#watcher.observe(cell.element);
    return cell;
  }

  /** @param {Element[]} elements */
  #arrange(elements) {
    const present = this.#cells.children;
    if (elements.length === present.length && elements.every((each, at) => each === present[at])) return;
    this.#cells.replaceChildren(...elements);
  }

  /** @param {Card | undefined} card */
  #follow(card) {
    const element = card && this.#made.get(card)?.cell.element;
    if (element) this.#cells.setAttribute("aria-activedescendant", element.id);
    else this.#cells.removeAttribute("aria-activedescendant");
    if (card !== this.#present) element?.scrollIntoView({ block: "nearest" });
    this.#present = card;
  }

  #tell() {
    const { size } = this.selection;
    const pill = byId("selected");
    pill.hidden = !size;
    setText(pill, t("selected", { n: size }));
  }

  #listen() {
    let held = 0;
    let revealed = false;
    this.#cells.addEventListener("pointerdown", (event) => {
      const cell = cellAt(event.target);
      revealed = false;
      if (!cell || event.button !== 0) return;
      held = setTimeout(() => {
        revealed = true;
        this.deck.goTo(cell.card);
        this.reveal(true);
      }, HOLD);
    });
    for (const name of ["pointerup", "pointercancel"]) addEventListener(name, () => clearTimeout(held));
    this.#grid.addEventListener("scroll", () => clearTimeout(held), { passive: true });
    this.#cells.addEventListener("contextmenu", (event) => {
      if (revealed) event.preventDefault();
    });
    this.#cells.addEventListener("click", (event) => {
      const cell = cellAt(event.target);
      if (cell && !revealed) this.#pick(cell.card, event.shiftKey);
    });
    this.#cells.addEventListener("dblclick", (event) => {
      if (cellAt(event.target)) this.modes.set("focus");
    });
  }

  /** @param {Card} card @param {boolean} range */
  #pick(card, range) {
    this.deck.goTo(card);
    if (range) this.selection.extendTo(card);
    else this.selection.toggle(card);
  }
}
