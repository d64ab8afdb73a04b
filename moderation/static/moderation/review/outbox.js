// @ts-check
/** Decisions that the server has not answered yet, kept per user in this browser's storage. */

/** @typedef {import("./types.js").Entry} Entry */

/** Local storage because it is written when `put()` returns: a closed tab loses nothing. */
export class Outbox extends EventTarget {
  /** @param {number} user */
  constructor(user) {
    super();
    this.prefix = `gatehouse.outbox.${user}.`;
    /** @type {Map<string, string>} what storage would not take (full, or blocked) */
    this.unsaved = new Map();
    addEventListener("storage", (event) => {
      if (!event.key || event.key.startsWith(this.prefix)) this.#changed();
    });
  }

  /** @returns {Entry[]} oldest first */
  all() {
    const texts = new Map(this.unsaved);
    for (let index = 0; index < localStorage.length; index += 1) {
      const key = localStorage.key(index) ?? "";
      if (key.startsWith(this.prefix)) texts.set(key, localStorage.getItem(key) ?? "");
    }
    const entries = [...texts.values()].map(parse).filter((entry) => entry !== null);
    return entries.sort((a, b) => a.at - b.at);
  }

  get size() {
    return this.all().length;
  }

  /** How many decisions wait, or are to be undone: one act may be on many cards. */
  get decisions() {
    return this.all().reduce((sum, { rows, cases }) => sum + Math.max(rows.length, cases.length, 1), 0);
  }

  /** @param {string} id @returns {Entry | null} */
  get(id) {
    const key = this.prefix + id;
    return parse(this.unsaved.get(key) ?? localStorage.getItem(key) ?? "");
  }

  /** @param {Entry} entry */
  put(entry) {
    const key = this.prefix + entry.id;
    const text = JSON.stringify(entry);
    try {
      localStorage.setItem(key, text);
      this.unsaved.delete(key);
    } catch {
      this.unsaved.set(key, text); // the page asks before it is closed
    }
    this.#changed();
  }

  /** @param {string} id */
  remove(id) {
    this.unsaved.delete(this.prefix + id);
    localStorage.removeItem(this.prefix + id);
    this.#changed();
  }

  /** The cases that are decided here already. */
  cases() {
    return new Set(this.all().flatMap((entry) => entry.cases));
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

/** @param {string} text @returns {Entry | null} */
function parse(text) {
  try {
    if (!text) return null;
    const { case: alone, ...entry } = JSON.parse(text);
    // An earlier release kept one case where there is a list now.
    return { cases: alone ? [alone] : [], ...entry };
  } catch {
    return null; // not written by us
  }
}
