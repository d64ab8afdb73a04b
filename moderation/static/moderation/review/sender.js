// @ts-check
/** Sends the outbox behind the moderator's back: each entry once, one after the other, until answered. */

import { api, NotSignedIn, Refused, TryLater } from "./api.js";
import { alone, isOpen, thisTab } from "./tabs.js";

/** @typedef {import("./types.js").Entry} Entry */
/** @typedef {import("./outbox.js").Outbox} Outbox */
/** @typedef {import("./api.js").BatchAnswer} BatchAnswer */
/** @typedef {{entry: Entry, answer: BatchAnswer | null, status: string, error: string}} Outcome */

const LONGEST_WAIT = 30_000;
/** The server forgets keys after 30 days: an older entry might be decided twice. */
const TOO_OLD = 29 * 86_400_000;

/**
 * Events: `delivered`, `refused`, `undone`, `kept` (an undo was refused), each with an Outcome as its
 * detail; `state` when `state` changed.
 */
export class Sender extends EventTarget {
  /** @type {"ready" | "offline" | "signed-out"} */
  state = "ready";
  #failures = 0;
  #running = false;
  #again = false;
  #timer = 0;
  /** @type {Set<string>} entries whose request is under way */
  #busy = new Set();

  /** @param {Outbox} outbox */
  constructor(outbox) {
    super();
    this.outbox = outbox;
    addEventListener("online", () => this.kick());
    addEventListener("offline", () => this.#become("offline"));
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.outbox.size) this.kick();
    });
  }

  /** Whether an entry surely never left this browser. @param {Entry} entry */
  isUntouched(entry) {
    return !entry.tried && !this.#busy.has(entry.id);
  }

  /** For a new entry: sends it, unless a pause after a failure is still on. */
  nudge() {
    if (!this.#timer) this.kick();
  }

  /** Sends what is there now, without waiting for the next try. */
  async kick() {
    this.#again = true;
    if (this.#running) return;
    this.#running = true;
    clearTimeout(this.#timer);
    this.#timer = 0;
    try {
      while (this.#again) {
        this.#again = false;
        await this.#pass();
      }
    } finally {
      this.#running = false;
    }
  }

  async #pass() {
    const open = await isOpen();
    const entries = this.outbox.all().filter((entry) => entry.tab === thisTab || !open(entry.tab));
    for (const entry of entries) {
      try {
        await this.#alone(entry);
      } catch (error) {
        return this.#pause(error);
      }
      this.#failures = 0;
      this.#become("ready");
    }
    if (!entries.length && navigator.onLine) this.#become("ready");
  }

  /** @param {unknown} error */
  #pause(error) {
    if (error instanceof NotSignedIn) return this.#become("signed-out");
    if (!(error instanceof TryLater)) throw error;
    this.#again = false;
    this.#failures += 1;
    this.#become("offline");
    const wait = Math.min(LONGEST_WAIT, 500 * 2 ** Math.min(this.#failures, 10));
    const delay = Math.max(error.seconds * 1000, wait * (0.75 + Math.random() / 2));
    this.#timer = setTimeout(() => this.kick(), delay);
  }

  /** @param {Entry} entry */
  #alone(entry) {
    return alone(`send.${entry.id}`, async () => {
      const present = this.outbox.get(entry.id);
      if (!present) return;
      this.#busy.add(entry.id);
      try {
        await this.#deliver(present);
      } finally {
        this.#busy.delete(entry.id);
      }
    });
  }

  /** @param {Entry} entry */
  async #deliver(entry) {
    if (!entry.batch) {
      if (Date.now() - entry.at > TOO_OLD) return this.#settle("refused", entry, null, "too_old");
      // Without any network a failed request never left; otherwise nobody knows.
      this.outbox.put({ ...entry, tried: entry.tried || navigator.onLine });
      const answer = await this.#ask(() => api.decide(entry.rows, entry.id), "refused", entry);
      if (!answer) return;
      const bad = answer.results.find((row) => !["applied", "unchanged"].includes(row.status));
      if (bad) return this.#settle("refused", entry, answer, bad.status, bad.error ?? "");
      const latest = this.outbox.get(entry.id); // an undo may have been asked for meanwhile
      if (!latest?.undo) return this.#settle("delivered", entry, answer, "applied");
      if (entry.action === "skip") return this.#settle("undone", entry, answer, "applied");
      entry = { ...latest, batch: answer.batch };
      this.outbox.put(entry);
    }
    await this.#reverse(entry, /** @type {string} */ (entry.batch));
  }

  /** @param {Entry} entry @param {string} batch */
  async #reverse(entry, batch) {
    const askedBefore = entry.asked;
    this.outbox.put({ ...entry, asked: true });
    const answer = await this.#ask(() => api.undo(batch), "kept", entry);
    if (!answer) return;
    const bad = answer.results.find((row) => !["applied", "unchanged"].includes(row.status));
    // The answer to the first try was lost on its way: "undone already" is then our own doing.
    const byUs = askedBefore && bad?.status === "conflict";
    if (bad && !byUs) return this.#settle("kept", entry, answer, bad.status, bad.error ?? "");
    this.#settle("undone", entry, answer, "applied");
  }

  /**
   * A refusal of the whole request settles the entry; everything else is for the next try.
   * @param {() => Promise<BatchAnswer>} request
   * @param {"refused" | "kept"} event
   * @param {Entry} entry
   */
  async #ask(request, event, entry) {
    try {
      return await request();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const status = { 403: "forbidden", 409: "conflict" }[error.status] ?? "invalid";
      this.#settle(event, entry, null, status, error.message);
      return null;
    }
  }

  /**
   * @param {string} event
   * @param {Entry} entry
   * @param {BatchAnswer | null} answer
   * @param {string} status
   */
  #settle(event, entry, answer, status, error = "") {
    this.outbox.remove(entry.id);
    this.dispatchEvent(new CustomEvent(event, { detail: { entry, answer, status, error } }));
  }

  /** @param {Sender["state"]} state */
  #become(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}
