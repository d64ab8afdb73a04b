// @ts-check
/** The row of small pictures: where we are in the batch and what became of each. */

import { blurredCopy } from "./blurred.js";
import { number, t } from "./config.js";
import { byId, here, icon, make, setChildren, setText } from "./dom.js";
import { markOf, stateOf } from "./marks.js";
import { times } from "./sheet.js";
import { smallVeil } from "./veil.js";

/** @typedef {import("./card.js").Card} Card */
/** @typedef {import("./deck.js").Deck} Deck */

/** So many tiles are made ahead with one key. */
const AT_ONCE = 3;

/** @type {WeakMap<Card, HTMLElement>} */
const tiles = new WeakMap();

/** @param {Card} card @param {(card: Card) => void} open @param {() => void} loaded */
function tileOf(card, open, loaded) {
  const tile = make("button", { type: "button", class: "tile", onclick: () => open(card) });
  const url = card.picture.small;
  if (url) {
    const image = make("img", { alt: "", draggable: "false", decoding: "async", src: here(url) });
    image.addEventListener("load", () => {
      cover(tile, image);
      requestAnimationFrame(loaded);
    });
    image.addEventListener("error", () => image.replaceWith(letter(card)));
    tile.append(image);
  } else {
    tile.append(letter(card));
  }
  tile.append(make("span", { class: "tile-mark" }));
  // A click must not leave the focus here, or the next Space would press this tile.
  tile.addEventListener("mousedown", (event) => event.preventDefault());
  return tile;
}

/** A blurred copy in place of the filter, which would cost in every frame. @param {HTMLElement} tile @param {HTMLImageElement} image */
function cover(tile, image) {
  if (!smallVeil.blur) return;
  blurredCopy(image, { width: 78, height: 92, ...smallVeil }).then((copy) => copy && image.replaceWith(copy));
}

/** What stands for a subject without a picture. @param {Card} card */
const letter = (card) => make("span", { class: "tile-letter", "aria-hidden": "true" }, /[\p{L}\p{N}]/u.exec(card.title)?.[0] ?? "");

/** @param {number} place @param {number} total */
const placeOf = (place, total) => t("place", { place: number(place), total: number(total) });

export class Strip {
  #list = byId("strip");
  #dots = byId("dots");

  /** @param {Deck} deck @param {import("./modes.js").Modes} modes */
  constructor(deck, modes) {
    this.deck = deck;
    this.modes = modes;
  }

  show() {
    this.#progress();
    if (!this.modes.isGrid) this.#tiles();
  }

  /** Some tiles of the batch that comes next, so that its first key need not make them all. @param {Card[]} cards */
  prepare(cards) {
    if (this.modes.isGrid) return;
    for (const card of cards.filter((each) => !tiles.has(each)).slice(0, AT_ONCE)) this.#tile(card);
  }

  #tiles() {
    const { shown: cards, current } = this.deck;
    const nodes = cards.map((card) => this.#tile(card));
    if (nodes.length !== this.#list.children.length || nodes.some((node, at) => node !== this.#list.children[at])) {
      this.#list.replaceChildren(...nodes);
    }
    cards.forEach((card, at) => this.#mark(nodes[at], card, card === current, at + 1));
    const tile = current && tiles.get(current);
    if (!tile) return;
    // Asking for places lays out the page, which the next frame does anyway.
    requestAnimationFrame(() => {
      this.#centre(tile);
      this.#seen(current, tile);
    });
  }

  /** @param {Card} card @param {HTMLElement | undefined} tile */
  #seen(card, tile) {
    const image = tile?.querySelector("img");
    const shown = card === this.deck.current && tile?.isConnected && image?.complete && image.naturalWidth;
    if (shown) card.picture.saw("thumb");
  }

  /** @param {Card} card */
  #tile(card) {
    let tile = tiles.get(card);
    if (!tile) {
      const loaded = () => this.#seen(card, tiles.get(card));
      tile = tileOf(card, (chosen) => this.deck.goTo(chosen), loaded);
      tiles.set(card, tile);
    }
    return tile;
  }

  /** @param {HTMLElement} tile @param {Card} card @param {boolean} present @param {number} place */
  #mark(tile, card, present, place) {
    const alike = card.kin.length ? `, ${t("look_alike", { n: card.whole.length })}` : "";
    const label = `${placeOf(place, this.deck.shown.length)}, ${stateOf(card)}${alike}`;
    const state = `${present}${label}`;
    if (tile.dataset.shown === state) return;
    tile.dataset.shown = state;
    tile.dataset.mark = card.mark || card.state;
    tile.dataset.times = times(card);
    tile.tabIndex = present ? 0 : -1;
    tile.setAttribute("aria-label", label);
    if (present) tile.setAttribute("aria-current", "true");
    else tile.removeAttribute("aria-current");
    const mark = markOf(card);
    tile.querySelector(".tile-mark")?.replaceChildren(...(mark ? [icon(mark)] : []));
  }

  /** @param {HTMLElement} tile */
  #centre(tile) {
    const list = this.#list;
    list.scrollLeft = tile.offsetLeft - (list.clientWidth - tile.offsetWidth) / 2;
  }

  #progress() {
    const { shown: cards, current } = this.deck;
    const dots = cards.slice(0, 40).map((card) => {
      const dot = make("i", { "data-mark": card.mark || card.state });
      if (card === current) dot.className = "is-present";
      return dot;
    });
    setChildren(this.#dots, dots);
    const place = current ? cards.indexOf(current) + 1 : 0;
    setText(byId("place"), cards.length ? placeOf(place, cards.length) : "");
  }
}
