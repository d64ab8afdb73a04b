// @ts-check
/** Which claims each page of this browser holds, so that the page after a reload goes on with them. */

import { serverNow } from "./api.js";
import { config } from "./config.js";
import { isOpen, thisTab } from "./tabs.js";

/** @typedef {import("./types.js").Case} Case */
/**
 * `asked`: when it last claimed, 0 once the answer came. Until the server has said what became of them:
 * `owed`, what pages that are gone held; `unread`, when claims were made whose answer nobody read.
 * @typedef {{ids: string[], asked: number, owed: string[], unread: number[]}} Page
 */

const PREFIX = `gatehouse.claims.${config.user.id}.${config.queue.slug}.`;
/** A claim whose answer nobody read was made within so long of being asked for. */
const ANSWERED_WITHIN = 30_000;

/** @type {Page} */
const own = { ids: [], asked: 0, owed: [], unread: [] };

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
  if (own.asked) own.unread.push(own.asked);
  own.asked = serverNow();
  save();
}

/** @param {string[]} ids what the claim brought */
export function answered(ids) {
  own.asked = 0;
  note([...own.ids, ...ids]);
}

/** What was left behind is here. @param {string[]} ids */
export function inherited(ids) {
  own.owed = [];
  own.unread = [];
  note([...own.ids, ...ids]);
}

/** Whether this page may hold what it has not seen: a claim was not answered, or an inheritance not fetched. */
export const isUnread = () => own.asked > 0 || own.owed.length > 0 || own.unread.length > 0;

/**
 * Takes over what pages that are gone left behind, and what this one's unanswered claim brought; other
 * tabs and other machines keep theirs. It stays written down until `inherited()`.
 * @returns {Promise<((row: Case) => boolean) | null>} tells whether a claim was theirs; null: nothing to ask
 */
export async function inherit() {
  const open = await isOpen();
  const keys = Object.keys(localStorage).filter(
    (key) => key.startsWith(PREFIX) && !open(key.slice(PREFIX.length)),
  );
  const pages = keys.map((key) => parse(localStorage.getItem(key)));
  own.owed = [...own.owed, ...pages.flatMap((page) => [...page.ids, ...page.owed])];
  own.unread = [...own.unread, own.asked, ...pages.flatMap((page) => [...page.unread, page.asked])].filter(Boolean);
  own.asked = 0;
  save();
  for (const key of keys) localStorage.removeItem(key);
  const ids = new Set(own.owed);
  const asked = own.unread;
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
  const page = { ids: [], asked: 0, owed: [], unread: [] };
  try {
    return { ...page, ...JSON.parse(text ?? "") };
  } catch {
    return page; // not written by us
  }
}
