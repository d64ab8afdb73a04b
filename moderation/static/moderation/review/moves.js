// @ts-check
/** Going through the cards: one by one, by rows, by pages, with or without selecting on the way. */

/**
 * The commands that move, by name.
 * @param {object} parts
 * @param {import("./deck.js").Deck} parts.deck
 * @param {import("./desk.js").Desk} parts.desk
 * @param {import("./grid.js").Grid} parts.grid
 * @param {import("./modes.js").Modes} parts.modes
 * @param {import("./selection.js").Selection} parts.selection
 * @returns {Record<string, () => void>}
 */
export function moves({ deck, desk, grid, modes, selection }) {
  /** @param {number} step */
  const go = (step) => {
    selection.anchor(undefined);
    deck.move(step);
  };
  /** @param {number} step */
  const extend = (step) => {
    const from = deck.current;
    deck.move(step);
    selection.extendTo(deck.current, from);
  };
  return {
    next: () => (modes.isGrid ? go(1) : desk.next()),
    previous: () => go(-1),
    up: () => go(-grid.columns),
    down: () => go(grid.columns),
    "page-up": () => go(-grid.columns * grid.rows),
    "page-down": () => go(grid.columns * grid.rows),
    first: () => go(-deck.shown.length),
    last: () => go(deck.shown.length),
    "extend-next": () => extend(1),
    "extend-previous": () => extend(-1),
    "extend-up": () => extend(-grid.columns),
    "extend-down": () => extend(grid.columns),
    select: () => selection.toggle(deck.current),
    "select-all": () => selection.all(),
  };
}
