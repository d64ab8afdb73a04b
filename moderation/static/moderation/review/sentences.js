// @ts-check
/** What was done to a card or to many, as one sentence. */

import { isolate, t } from "./config.js";
import { labelOf } from "./reasons.js";

/** @typedef {{title: string, n: number}} What `title` names a single card: its text's beginning, else its title */

/** The sentence for one card by its title, or for `n` of them. @param {string} name @param {What} what @param {Record<string, string>} [more] */
export function said(name, { title, n }, more = {}) {
  return n > 1 ? t(`${name}_many`, { n, ...more }) : t(name, { title: isolate(title), ...more });
}

/** "Rejected “msg-418”: violence", "24 cards approved". @param {string} action @param {What} what @param {string} reason */
export function sentence(action, what, reason) {
  const done = said(`done_${action}`, what);
  return reason ? t("with_reason", { done, reason: isolate(labelOf(reason)) }) : done;
}

/** @param {import("./card.js").Card[]} cards @returns {What} */
export const whatAre = (cards) => ({ title: cards[0]?.name ?? "", n: cards.length });
