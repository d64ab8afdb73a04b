// @ts-check
/** Why a case is here and by when, as chips: what is grave comes first. */

import { serverNow } from "./api.js";
import { t, wordOr } from "./config.js";
import { make } from "./dom.js";
import { span } from "./format.js";

/** @typedef {import("./card.js").Card} Card */

const GRAVE = new Set([
  "reported", "critical", "escalated", "upstream_rejected", "same_as_rejected", "same_as_purged",
]);
const SOON = 30 * 60_000;

/** @param {string} state @param {Node | string} content */
const chip = (state, content) => make("li", { class: "chip", "data-state": state }, content);

/** @param {Card} card */
const left = (card) => Date.parse(card.case.due_at) - serverNow();

/** @param {Card} card */
export function dueChip(card) {
  const time = left(card);
  const words = { span: span(time) };
  if (time < 0) return chip("bad", t("overdue_by", words));
  return chip(time < SOON ? "warn" : "plain", t("due_in", words));
}

/** The words of a cause; a rule's name is somebody's own text. @param {string} name */
export const causeWord = (name) => wordOr(`why_${name}`) || name;

/** @param {string} name */
function causeChip(name) {
  const word = wordOr(`why_${name}`);
  return chip(GRAVE.has(name) ? "bad" : "plain", word || make("bdi", {}, name));
}

/** @param {Card} card */
const causes = (card) => [...card.case.why].sort((a, b) => Number(GRAVE.has(b)) - Number(GRAVE.has(a)));

/** @param {Card} card */
export const whyChips = (card) => causes(card).map(causeChip);

/** What fits on a small card: the gravest cause, and the time once it is short. @param {Card} card */
export const shortChips = (card) => [
  ...causes(card).slice(0, 1).map(causeChip),
  ...(left(card) < SOON ? [dueChip(card)] : []),
];
