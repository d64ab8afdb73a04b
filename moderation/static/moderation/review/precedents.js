// @ts-check
/** What was decided about look-alikes, beside the picture; and one word of warning before breaking with it. */

import { api, serverNow } from "./api.js";
import { config, isolate, number, t } from "./config.js";
import { byId, here, icon, make } from "./dom.js";
import { all } from "./family.js";
import { when } from "./format.js";
import { toast } from "./notices.js";
import { labelOf } from "./reasons.js";

/** @typedef {import("./card.js").Card} Card */
/** @typedef {import("./types.js").Precedent} Precedent */

/** So many cards ahead are asked about, and all that the present one stands for; in the grid all, for one key may decide them. */
const AHEAD = 12;
/** So many with one request, and how long to wait for more of them. */
const AT_ONCE = 50;
const PAUSE = 250;
const AGAINST = { approve: "rejected", reject: "approved" };

export class Precedents {
  #box = byId("precedents");
  #list = byId("precedent-list");
  /** @type {Map<string, Precedent[]>} by subject id; empty: there are none, or nobody knows yet */
  #found = new Map();
  #timer = 0;
  #drawn = "";
  #warned = "";

  /** @param {import("./deck.js").Deck} deck @param {import("./modes.js").Modes} modes */
  constructor(deck, modes) {
    this.deck = deck;
    this.modes = modes;
  }

  /** @param {Card | null} card */
  show(card) {
    const rows = (card && this.#found.get(card.subject.id)) ?? [];
    const state = card ? `${card.id} ${rows.length}` : "";
    if (state !== this.#drawn) {
      this.#drawn = state;
      this.#box.hidden = !rows.length;
      this.#list.replaceChildren(...rows.map(line));
    }
    if (this.#unknown().length) this.#soon();
  }

  #unknown() {
    const { current, upcoming } = this.deck;
    const ahead = upcoming.slice(0, AHEAD);
    const cards = this.modes.isGrid ? all(upcoming) : [...ahead, ...(current?.isOpen ? current.kin : [])];
    return cards.filter(({ subject }) => subject.image && !this.#found.has(subject.id));
  }

  #soon() {
    if (this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#ask();
    }, PAUSE);
  }

  async #ask() {
    const subjects = this.#unknown().slice(0, AT_ONCE).map(({ subject: { type, id } }) => ({ type, id }));
    if (!subjects.length) return;
    for (const { id } of subjects) this.#found.set(id, []); // asked once: a help, not a duty
    const { items } = await api.precedents(subjects).catch(() => ({ items: [] }));
    for (const { subject, precedents } of items) this.#found.set(subject.id, precedents);
    if (items.length) this.deck.changed();
    if (this.#unknown().length) this.#soon();
  }

  /**
   * Whether the cards' nearest precedents say otherwise and nobody was told yet: the same key again goes on.
   * @param {string} action @param {Card[]} leads
   */
  warns(action, leads) {
    const cards = all(leads);
    const against = /** @type {Record<string, string>} */ (AGAINST)[action];
    const broken = cards.flatMap((card) => {
      const [nearest] = this.#found.get(card.subject.id) ?? [];
      return nearest && nearest.review_status === against ? [nearest] : [];
    });
    const key = `${action} ${cards.map((card) => card.id).join()}`;
    if (!broken.length || key === this.#warned) return false;
    this.#warned = key;
    const [{ distance, by, review_status: status }] = broken;
    const word = status === "approved" ? "breaks_with_approved" : "breaks_with_rejected";
    const one = t(word, { n: distance, by: isolate(by) });
    toast(cards.length > 1 ? t("breaks_with_many", { n: broken.length }) : one, { state: "bad" });
    return true;
  }
}

/** @param {Precedent} row */
function line({ subject, distance, review_status: status, reason, at, by, thumb_url: url }) {
  const mark = status === "approved" ? "approve" : "reject";
  const picture = make("span", { class: "thumb" });
  if (url) picture.append(make("img", { alt: "", draggable: "false", loading: "lazy", src: here(url) }));
  const said = make("span", { class: "precedent-said", "data-mark": mark });
  said.append(icon(mark === "approve" ? "check" : "cross"), t(`was_${mark}`), ...(reason ? [`: ${labelOf(reason)}`] : []));
  const told = make("span", { class: "muted" }, t("bits_apart", { n: number(distance) }), " · ", make("bdi", {}, by));
  const link = make("a", { href: `${config.subjects}${subject.type}/${subject.id}/` });
  link.append(picture, make("span", { class: "precedent-text" }, said, told, make("span", { class: "muted" }, when(at, serverNow()))));
  return make("li", {}, link);
}
