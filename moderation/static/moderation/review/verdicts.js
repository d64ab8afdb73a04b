// @ts-check
/** What A, R, E and S do: to the selection where there is one, else to the card in view. */

import { t } from "./config.js";
import { all } from "./family.js";
import { toast } from "./notices.js";
import { labelOf } from "./reasons.js";

/** @typedef {import("./card.js").Card} Card */
/** @typedef {"approve" | "reject" | "escalate" | "skip"} Verdict */

/** More than so many at once are confirmed. */
const MANY = 50;

const toSee = (/** @type {number} */ n) => t("still_to_see", { n });

export class Verdicts {
  /**
   * @param {object} parts
   * @param {import("./deck.js").Deck} parts.deck
   * @param {import("./desk.js").Desk} parts.desk
   * @param {import("./selection.js").Selection} parts.selection
   * @param {import("./palette.js").Palette} parts.palette
   * @param {import("./confirm.js").Confirm} parts.confirm
   * @param {import("./modes.js").Modes} parts.modes
   * @param {import("./precedents.js").Precedents} parts.precedents
   */
  constructor({ deck, desk, selection, palette, confirm, modes, precedents }) {
    this.precedents = precedents;
    this.deck = deck;
    this.desk = desk;
    this.selection = selection;
    this.palette = palette;
    this.confirm = confirm;
    this.modes = modes;
  }

  /** @param {Verdict} action */
  act(action) {
    const chosen = this.selection.cards;
    const { current } = this.deck;
    const cards = chosen.length || !current ? chosen : [current];
    if (!cards.length || !this.#ready(action, cards)) return;
    if (this.precedents.warns(action, cards)) return;
    if (action === "approve" || action === "skip") return this.#decide(action, cards, {});
    this.palette.open(action, (words) => this.#decide(action, cards, words), all(cards).length);
  }

  /** Whether these cards may be decided so; says why when not. @param {Verdict} action @param {Card[]} cards */
  #ready(action, cards) {
    const [card] = cards;
    if (card.state === "lost") {
      this.desk.next(); // it steps aside; the key decides nothing
      return false;
    }
    if (!card.isOpen) {
      toast(t(card.state === "undoing" ? "undoing" : "decided_already"));
      return false;
    }
    return action !== "approve" || this.#seen(cards);
  }

  /** Nothing is approved that was not on the screen. @param {Card[]} cards */
  #seen(cards) {
    const was = (/** @type {Card} */ { picture }) =>
      this.modes.isGrid ? picture.wasShown : picture.isSettled;
    const unseen = cards.filter((card) => !was(card));
    if (!unseen.length) return true;
    this.deck.goTo(unseen[0]);
    toast(cards.length > 1 ? t("not_seen_many", { n: unseen.length }) : t("not_seen_yet"));
    return false;
  }

  /** @param {Verdict} action @param {Card[]} asked @param {import("./desk.js").Words} words */
  #decide(action, asked, words) {
    // A card may have gone while the reasons were open; nothing else is decided in its place.
    const cards = asked.filter((card) => card.isOpen);
    if (!cards.length || (cards.length === 1 && !this.#isMeant(cards[0]))) return;
    const decide = () => this.desk.decide(cards.filter((card) => card.isOpen), action, words);
    const members = all(cards);
    // A member whose small picture was not on the screen yet is shown before it is approved.
    const unseen = action === "approve" && members.some((card) => card.lead && !card.picture.wasShown);
    if (members.length <= MANY && !unseen) return decide();
    const sheet = { cards: cards.filter((card) => card.kin.length), toSee: action === "approve" ? toSee : undefined };
    this.confirm.ask(t(`ask_${action}`, { n: members.length }), labelOf(words.reason ?? ""), decide, sheet);
  }

  /** @param {Card} card */
  #isMeant(card) {
    return card === this.deck.current || this.selection.has(card);
  }
}
