// @ts-check
/** The page's settings and words, rendered by the server as one JSON block. */

/** @typedef {import("./types.js").Reason} Reason */

/**
 * @typedef {object} Config
 * @property {{id: number, blur: number, greyscale: boolean}} user
 * @property {{slug: string, title: string}} queue
 * @property {Reason[]} reasons
 * @property {string} api
 * @property {string} shift
 * @property {string} csrf the token of the sign-in this page was made in
 * @property {string} csrfCookie
 * @property {string} subjects
 * @property {string} login
 * @property {string} locale
 * @property {string} timeZone
 * @property {number} claimSeconds
 * @property {number} undoMinutes
 * @property {boolean} lead
 * @property {Record<string, string | {one: string, other: string}>} words
 */

const block = document.getElementById("review-config");

/** @type {Config} */
export const config = JSON.parse(block?.textContent ?? "{}");

const rules = new Intl.PluralRules(config.locale);
const numbers = new Intl.NumberFormat(config.locale);

/** Keeps a name's own direction inside a sentence. @param {string} text */
export const isolate = (text) => `\u2068${text}\u2069`;

/** @param {number} value */
export const number = (value) => numbers.format(value);

/**
 * A phrase in the user's language; `{name}` is replaced, and `{n}` also picks the plural.
 * @param {string} name
 * @param {Record<string, string | number>} [values]
 */
export function t(name, values = {}) {
  const found = config.words[name];
  let phrase = name;
  if (typeof found === "string") phrase = found;
  else if (found) phrase = rules.select(Number(values.n)) === "one" ? found.one : found.other;
  return phrase.replace(/\{(\w+)\}/g, (whole, key) => {
    const value = values[key];
    return value === undefined ? whole : typeof value === "number" ? number(value) : value;
  });
}

/** A word that may be missing: a case's reason may be a rule's own name. @param {string} name */
export const wordOr = (name, fallback = "") => {
  const found = config.words[name];
  return typeof found === "string" ? found : fallback;
};
