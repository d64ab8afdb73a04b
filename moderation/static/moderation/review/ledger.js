// @ts-check
/** Which claims each page of this browser holds, so that the page after a reload goes on with them. */

import { serverNow } from "./api.js";
import { config } from "./config.js";
import { isOpen, thisTab } from "./tabs.js";

/** @typedef {import("./types.js").Case} Case */
/** @typedef {{ids: string[], asked: number}} Page `asked`: when it last claimed, 0 once the answer came */

const PREFIX = `gatehouse.claims.${config.user.id}.${config.queue.slug}.`;
/** A claim whose answer nobody read was made within so long of being asked for. */
const ANSWERED_WITHIN = 30_000;

/** @type {Page} */
const own = { ids: [], asked: 0 };

function save() {
  try {
    localStorage.setItem(PREFIX + thisTab, JSON.stringify(own));
  } catch {
    // Full: a reload then claims new cards, and these return when their lease ends.
  }
}

/** @param {string[]} ids all that this page holds now */
export function note(ids) {
  own.ids = ids;
  save();
}

export function asking() {
  own.asked = serverNow();
  save();
}

/** @param {string[]} ids what the claim brought */
export function answered(ids) {
  own.asked = 0;
  note([...own.ids, ...ids]);
}

/** Whether a claim of this page was never answered: it may hold what it has not seen. */
export const isUnread = () => own.asked > 0;

/**
 * Takes over what pages that are gone left behind, and what this one's unanswered claim brought; other
 * tabs and other machines keep theirs.
 * @returns {Promise<((row: Case) => boolean) | null>} tells whether a claim was theirs; null: nothing to ask
 */
export async function inherit() {
  const open = await isOpen();
  const keys = Object.keys(localStorage).filter(
    (key) => key.startsWith(PREFIX) && !open(key.slice(PREFIX.length)),
  );
  const pages = keys.map((key) => parse(localStorage.getItem(key)));
  for (const key of keys) localStorage.removeItem(key);
  const ids = new Set(pages.flatMap((page) => page.ids));
  const asked = [...pages, own].map((page) => page.asked).filter(Boolean);
  own.asked = 0;
  if (!ids.size && !asked.length) return null;
  return (row) => {
    const claimed = Date.parse(row.claim.expires_at) - config.claimSeconds * 1000;
    const unread = asked.some((at) => claimed > at - 2_000 && claimed < at + ANSWERED_WITHIN);
    const here = own.ids.includes(row.id);
    return row.queue === config.queue.slug && !here && (ids.has(row.id) || unread);
  };
}

/** @param {string | null} text @returns {Page} */
function parse(text) {
  try {
    const { ids, asked } = JSON.parse(text ?? "");
    return { ids: Array.isArray(ids) ? ids : [], asked: Number(asked) || 0 };
  } catch {
    return { ids: [], asked: 0 }; // not written by us
  }
}
