// @ts-check
/** The members of a family as small pictures: beside the large one, on a cell, in the question before many. */

import { blurredCopy } from "./blurred.js";
import { number, t } from "./config.js";
import { byId, here, make, setText } from "./dom.js";
import { all } from "./family.js";
import { smallVeil } from "./veil.js";

/** @typedef {import("./card.js").Card} Card */

/** So many are beside the large picture at once; the question before a larger family shows all. */
export const BESIDE = 50;
const ON_CELL = 6;
/** Small pictures in pixels. */
const SIDES = { least: 30, most: 84, gap: 6 };

/** @type {WeakMap<Element, () => void>} */
const painted = new WeakMap();
/** What is on the screen was seen, once it is there. */
const watcher = new IntersectionObserver(
  (entries) => entries.forEach((each) => each.isIntersecting && painted.get(each.target)?.()),
  { threshold: 0.6 },
);

/** @param {Card} card @param {() => void} [seen] called once it is painted */
function thumb(card, seen = () => {}) {
  const box = make("span", { class: "thumb" });
  const url = card.picture.small;
  if (!url) {
    box.append(make("span", { class: "tile-letter" }, "?"));
    return box;
  }
  const image = make("img", { alt: "", draggable: "false", decoding: "async", src: here(url) });
  let loaded = false;
  painted.set(box, () => {
    if (!loaded) return;
    watcher.unobserve(box);
    requestAnimationFrame(() => {
      if (document.hidden || !box.checkVisibility()) return watcher.observe(box);
      card.picture.saw("thumb");
      seen();
    });
  });
  image.addEventListener("load", () => {
    loaded = true;
    const size = { width: SIDES.most, height: SIDES.most, ...smallVeil };
    if (smallVeil.blur) blurredCopy(image, size).then((copy) => copy && image.replaceWith(copy));
    watcher.unobserve(box); // so that it tells anew that it is on the screen
    watcher.observe(box);
  });
  image.addEventListener("error", () => {
    card.picture.smallFailed = true;
    image.replaceWith(make("span", { class: "tile-letter" }, "?"));
    seen();
  });
  box.append(image);
  watcher.observe(box);
  return box;
}

/** "×40" @param {Card} card */
export const times = (card) => (card.kin.length ? `×${number(card.whole.length)}` : "");

/** For a cell of the grid. @param {Card} card */
export const few = (card) => card.kin.slice(0, ON_CELL).map((each) => thumb(each));

/** All of them, for the question before many. @param {Card[]} cards @param {() => void} seen */
export const contacts = (cards, seen) => all(cards).map((card) => thumb(card, seen));

/** The row under the large picture. */
export class Sheet {
  #box = byId("family");
  #list = byId("family-members");
  /** @type {Card | null} */
  #lead = null;
  /** @type {Card | null} the member that is shown large */
  #chosen = null;
  /** @type {WeakMap<Card, HTMLElement>} */
  #tiles = new WeakMap();
  #drawn = "";

  /** @param {import("./deck.js").Deck} deck @param {import("./modes.js").Modes} modes */
  constructor(deck, modes) {
    this.deck = deck;
    this.modes = modes;
  }

  /** The card whose picture is large: of the family in view the chosen member, in the grid its first. @param {Card | null} card */
  inView(card) {
    if (this.modes.isGrid || card !== this.#lead || !card?.whole.includes(this.#chosen ?? card)) this.#chosen = null;
    this.#lead = card;
    return this.#chosen ?? card;
  }

  /** @param {Card | null} card */
  show(card) {
    const shown = Boolean(card?.kin.length) && !this.modes.isGrid;
    this.#box.hidden = !shown;
    document.body.classList.toggle("has-family", shown);
    if (!card || !shown) return;
    const inView = this.inView(card);
    const members = card.whole.slice(0, BESIDE);
    this.#arrange(members.map((member) => this.#tile(member)));
    for (const member of members) this.#tile(member).setAttribute("aria-pressed", String(member === inView));
    const more = card.whole.length - members.length;
    setText(byId("family-count"), t("look_alike", { n: card.whole.length }));
    setText(byId("family-more"), more ? `+${number(more)}` : "");
    byId("do-peel").toggleAttribute("disabled", !card.isOpen);
  }

  /** Small pictures of a card that comes up soon begin to load. @param {Card | undefined} card */
  prepare(card) {
    for (const member of card?.kin.length ? card.whole.slice(0, BESIDE) : []) this.#tile(member);
  }

  /** @param {HTMLElement[]} tiles */
  #arrange(tiles) {
    const ids = tiles.map((tile) => tile.dataset.card).join();
    if (ids === this.#drawn) return;
    this.#drawn = ids;
    this.#list.replaceChildren(...tiles);
    const fits = (/** @type {number} */ length, /** @type {number} */ side) => Math.floor((length - SIDES.gap) / (side + SIDES.gap));
    const { clientWidth, clientHeight } = this.#list;
    let side = SIDES.most;
    while (side > SIDES.least && fits(clientWidth, side) * fits(clientHeight, side) < tiles.length) side -= 2;
    this.#list.style.setProperty("--thumb", `${side}px`);
  }

  /** @param {Card} member */
  #tile(member) {
    const known = this.#tiles.get(member);
    if (known) return known;
    const tile = make("button", { type: "button", class: "member", "data-card": member.id, title: member.title });
    tile.append(thumb(member));
    tile.setAttribute("aria-label", member.name);
    tile.addEventListener("click", () => this.#choose(member));
    // A click must not leave the focus here, or the next Space would press this.
    tile.addEventListener("mousedown", (event) => event.preventDefault());
    this.#tiles.set(member, tile);
    return tile;
  }

  /** @param {Card} member */
  #choose(member) {
    this.#chosen = member;
    member.picture.load().then(() => this.deck.changed());
    this.deck.changed();
  }

  /** To the next member, or the one before. @param {number} step */
  step(step) {
    const lead = this.deck.current;
    if (!lead?.kin.length) return;
    const { whole } = lead;
    const at = whole.indexOf(this.inView(lead) ?? lead);
    this.#choose(whole[(at + step + whole.length) % whole.length]);
  }

  /** The member in view becomes a card of its own. @returns {boolean} */
  peel() {
    const lead = this.deck.current;
    const member = this.inView(lead ?? null);
    if (!lead?.kin.length || !lead.isOpen || !member) return false;
    this.#chosen = null;
    this.deck.peel(member);
    return true;
  }
}
