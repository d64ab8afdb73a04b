// @ts-check
/** The policy's reasons by their slugs, and the one that was used last. */

import { config } from "./config.js";

const LAST = `gatehouse.reason.${config.user.id}`;

/** @param {string} slug */
const find = (slug) => config.reasons.find((reason) => reason.slug === slug);

/** @param {string} slug */
export const labelOf = (slug) => find(slug)?.label ?? slug;

/** The slug that R R repeats, "" when there is none. */
export const lastReason = () => find(localStorage.getItem(LAST) ?? "")?.slug ?? "";

/** @param {string} slug */
export const rememberReason = (slug) => localStorage.setItem(LAST, slug);
