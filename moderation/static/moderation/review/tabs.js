// @ts-check
/** Which page loads of this browser are still open: each holds a lock for as long as it lives. */

const PREFIX = "gatehouse.tab.";
const REMEMBERED = "gatehouse.tab";

/** Random in every page load; `crypto.randomUUID` exists only on https and loopback. */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export const thisTab = uuid();

/** The page that was here before a reload, "" when there was none. */
const before = sessionStorage.getItem(REMEMBERED) ?? "";

sessionStorage.setItem(REMEMBERED, thisTab);
navigator.locks?.request(PREFIX + thisTab, () => new Promise(() => {}));

async function held() {
  const { held: locks = [] } = await navigator.locks.query();
  return locks.map((lock) => lock.name ?? "");
}

/** The tabs whose work nobody else may take over. Without locks only the page before this is known dead. */
export async function isOpen() {
  if (!navigator.locks) return (/** @type {string} */ tab) => tab !== before;
  let names = await held();
  // The lock of the page before a reload may take a moment to go; a duplicated tab keeps it.
  for (let tries = 0; before && tries < 10 && names.includes(PREFIX + before); tries += 1) {
    await new Promise((done) => setTimeout(done, 30));
    names = await held();
  }
  return (/** @type {string} */ tab) => tab === thisTab || names.includes(PREFIX + tab);
}

/**
 * Runs `work` while no other tab runs one of the same name; skips it when one does.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @returns {Promise<T | undefined>}
 */
export function alone(name, work) {
  if (!navigator.locks) return work();
  return navigator.locks.request(`gatehouse.${name}`, { ifAvailable: true }, (lock) =>
    lock ? work() : undefined,
  );
}
