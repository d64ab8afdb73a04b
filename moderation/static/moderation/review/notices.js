// @ts-check
/** What the page tells: a line for screen readers, toasts that name what happened, and the banner. */

import { byId, icon, make, setText } from "./dom.js";

const live = byId("live");
const toasts = byId("toasts");
let turn = 0;

/** Said once by a screen reader, also when the same sentence comes again. @param {string} text */
export function announce(text) {
  turn += 1;
  live.textContent = turn % 2 ? text : `${text}\u00a0`;
}

/**
 * @param {string} text
 * @param {{state?: string, stays?: boolean}} [options]
 */
export function toast(text, { state = "plain", stays = false } = {}) {
  const box = make("div", { class: "toast", "data-state": state });
  box.append(icon(state === "bad" ? "alert" : "info"), make("p", {}, text));
  const close = () => box.remove();
  const label = toasts.dataset.close ?? "";
  box.append(
    make("button", { type: "button", class: "close", "aria-label": label, onclick: close }, icon("cross")),
  );
  while (toasts.children.length > 2) toasts.firstElementChild?.remove();
  toasts.append(box);
  announce(text);
  if (!stays) setTimeout(close, state === "bad" ? 12_000 : 5_000);
}

/** The last thing done, beside its undo button. @param {string} text */
export function lastDone(text) {
  setText(byId("last"), text);
  if (text) announce(text);
}

/**
 * A bar that stays while something is wrong.
 * @param {string} name one bar per name
 * @param {string} text empty: gone
 * @param {{href?: string, label?: string}} [link]
 */
export function banner(name, text, link = {}) {
  const bars = byId("banners");
  const before = bars.querySelector(`[data-name="${name}"]`);
  if (!text) return before?.remove();
  if (before?.querySelector("p")?.textContent === text) return;
  const bar = make("div", { class: "banner", "data-name": name }, icon("alert"), make("p", {}, text));
  if (link.href) bar.append(make("a", { href: link.href }, link.label ?? ""));
  before ? before.replaceWith(bar) : bars.append(bar);
  announce(text);
}
