// @ts-check
/**
 * Fills a queue's card template with a case. The template lays out, this file only writes text:
 *
 * - `data-text="path"` the value as text, `data-spans="path"` marks these places of it
 * - `data-rows="path"` a `<dl>` from [[label, value], …] or {label: value}
 * - `data-each="path"` repeats the `<template>` inside for each item, with paths relative to the item
 * - `data-src="path"` an image's address; the image goes when there is none
 * - `data-words="path"` a text's changes from [["same" | "gone" | "new", text], …]
 * - `data-subject` makes a link to the subject's page from the item's `type`, `id`, `status` and `label`
 * - `data-show="path"` the element stays only if the value is there; `data-hide` the opposite
 *
 * A path is dotted, from the case (`subject.context.prompt`) or, inside `data-each`, from the item.
 */

import { serverNow } from "./api.js";
import { config } from "./config.js";
import { here, make } from "./dom.js";
import { plain } from "./format.js";

/** @param {any} data @param {string | undefined} path */
function dig(data, path) {
  return (path ?? "").split(".").reduce((value, key) => (key ? value?.[key] : value), data);
}

/** @param {any} value */
function isThere(value) {
  if (Array.isArray(value)) return value.length > 0;
  if (value !== null && typeof value === "object") return Object.keys(value).length > 0;
  return Boolean(value) || value === 0;
}

/** @param {DocumentFragment | Element} root @param {any} data */
export function fill(root, data) {
  for (const element of each(root, "[data-show], [data-hide]")) {
    const { show, hide } = element.dataset;
    if (show !== undefined && !isThere(dig(data, show))) element.remove();
    else if (hide !== undefined && isThere(dig(data, hide))) element.remove();
  }
  for (const element of each(root, "[data-text]")) write(element, data);
  for (const element of each(root, "[data-rows]")) rows(element, dig(data, element.dataset.rows));
  for (const element of each(root, "[data-words]")) words(element, dig(data, element.dataset.words));
  for (const element of each(root, "a[data-subject]")) subject(element, data);
  for (const element of each(root, "img[data-src]")) source(element, dig(data, element.dataset.src));
  // Last: what is repeated is filled from its item, not again from the whole.
  for (const element of each(root, "[data-each]")) repeat(element, dig(data, element.dataset.each));
}

/** @param {DocumentFragment | Element} root @param {string} selector @returns {HTMLElement[]} */
const each = (root, selector) => [...root.querySelectorAll(selector)].filter(isHtml);

/** @param {Element} element @returns {element is HTMLElement} */
const isHtml = (element) => element instanceof HTMLElement;

/** @param {HTMLElement} element @param {any} data */
function write(element, data) {
  const value = dig(data, element.dataset.text);
  element.dir = "auto";
  const spans = dig(data, element.dataset.spans);
  if (element.dataset.spans && Array.isArray(spans)) element.replaceChildren(...marked(value, spans));
  else element.textContent = plain(value, serverNow());
}

/**
 * The text in pieces, with every flagged place in a `<mark>`.
 * @param {string} text
 * @param {[number, number][]} [spans] in characters, of which JavaScript's strings take some for two
 * @param {number} [most] only so many characters of it
 */
function marked(text, spans = [], most = Infinity) {
  const signs = Array.from(text).slice(0, most);
  const piece = (/** @type {number} */ from, /** @type {number} */ to) => signs.slice(from, to).join("");
  const pieces = [];
  let done = 0;
  for (const [start, end] of spans) {
    if (start >= signs.length) break;
    pieces.push(piece(done, start), make("mark", {}, piece(start, end)));
    done = end;
  }
  return [...pieces, piece(done, signs.length)];
}

/** Writes a subject's text, or its beginning, with its flagged places, where it changed. @param {HTMLElement} element @param {import("./types.js").Subject} subject @param {number} [most] */
export function writeText(element, { text, context }, most) {
  const pieces = marked(text, context.flagged_spans?.text, most);
  const plainly = pieces.map((piece) => (typeof piece === "string" ? piece : piece.textContent)).join("");
  if (element.textContent !== plainly) element.replaceChildren(...pieces);
}

/** @type {Record<string, "del" | "ins" | "span">} */
const CHANGED = { gone: "del", new: "ins", same: "span" };

/** @param {HTMLElement} element @param {any} pieces */
function words(element, pieces) {
  element.dir = "auto";
  for (const [kind, text] of Array.isArray(pieces) ? pieces : []) {
    element.append(make(CHANGED[kind] ?? "span", {}, text));
  }
}

/** @param {HTMLElement} link @param {any} item */
function subject(link, { type, id, status, label }) {
  link.setAttribute("href", `${config.subjects}${type}/${id}/`);
  link.setAttribute("aria-label", label);
  link.title = label;
  link.dataset.mark = status;
}

/** @param {HTMLElement} list @param {any} value */
function rows(list, value) {
  const pairs = Array.isArray(value) ? value : Object.entries(value ?? {});
  for (const [label, content] of pairs) {
    const shown = plain(content, serverNow());
    list.append(
      make("div", {}, make("dt", { dir: "auto" }, String(label)), make("dd", { dir: "auto" }, shown)),
    );
  }
}

/** @param {HTMLElement} element @param {any} items */
function repeat(element, items) {
  const template = element.querySelector("template");
  if (!template) return;
  for (const item of Array.isArray(items) ? items : []) {
    const copy = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
    fill(copy, item);
    element.append(copy);
  }
}

/** @param {HTMLElement} image @param {unknown} address */
function source(image, address) {
  if (typeof address === "string" && address) image.setAttribute("src", here(address));
  else image.remove();
}
