// @ts-check
/** What became of a card, as an icon's name and as a word. */

import { t } from "./config.js";

/** @typedef {import("./card.js").Card} Card */

/** @type {Record<string, string>} */
const ICONS = { approve: "check", reject: "cross", escalate: "up", skip: "skip", reopen: "undo", undo: "undo" };

/** @param {string} action */
export const iconOf = (action) => ICONS[action] ?? "info";

/** The icon's name, "" while the card is open. @param {Card} card */
export const markOf = (card) => (card.mark ? iconOf(card.mark) : card.state === "lost" ? "lost" : "");

/** @param {Card} card */
export const stateOf = (card) =>
  card.mark ? t(`was_${card.mark}`) : t(card.state === "lost" ? "lost_short" : "open_short");
