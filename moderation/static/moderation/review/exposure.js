// @ts-check
/** Tells the server now and then how much of which pictures was on the screen; for one's own figures. */

import { api } from "./api.js";

/** @typedef {import("./card.js").Card} Card */

const EVERY = 10_000;
const AT_ONCE = 500;

/** @param {() => Card[]} cards all that this page holds. What is decided carries its own `seen`. */
export function watchExposure(cards) {
  /** @type {Map<string, string>} what the server knows, by subject */
  const told = new Map();
  let busy = false;
  async function tell() {
    const news = cards()
      .map(({ subject, picture }) => ({ subject: subject.id, seen: picture.seen }))
      .filter(({ subject, seen }) => seen !== "none" && told.get(subject) !== seen)
      .slice(0, AT_ONCE);
    if (busy || !news.length) return;
    busy = true;
    try {
      await api.exposed(news); // the same again does no harm
      for (const { subject, seen } of news) told.set(subject, seen);
    } catch {
      // The next time; figures are not worth a message.
    } finally {
      busy = false;
    }
  }
  setInterval(tell, EVERY);
  document.addEventListener("visibilitychange", () => document.hidden && tell());
}
