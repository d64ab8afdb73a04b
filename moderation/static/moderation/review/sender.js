// @ts-check
/** Sends the outbox behind the moderator's back: each entry once, one after the other, until answered. */

import { api, NotSignedIn, Refused, TryLater } from "./api.js";
import { failures, without } from "./results.js";
import { alone, isOpen, thisTab } from "./tabs.js";

/** @typedef {import("./types.js").Entry} Entry */
/** @typedef {import("./api.js").BatchAnswer} BatchAnswer */
/** @typedef {import("./types.js").Failure} Failure */
/** @typedef {{entry: Entry, batch: string, failed: Failure[], n: number}} Outcome `n`: rows that did not fail */

const LONGEST_WAIT = 30_000;
const LOOK = 5_000;
/** Longer than any request takes. */
const LATE = 35_000;
/** The server forgets keys after 30 days: an older entry might be decided twice. */
const TOO_OLD = 29 * 86_400_000;

/**
 * Events, each with an Outcome as its detail: `delivered`, `undone`, and before them `refused` and `kept`
 * (an undo was refused) for the rows that failed; `state` when `state` changed,
 * `pass` when all that was there has been sent, or a try failed.
 */
export class Sender extends EventTarget {
  /** @type {"ready" | "offline" | "signed-out"} */
  state = "ready";
  #failures = 0;
  /** A try failed since all was sent last, or none has been made. */
  #behind = true;
  #running = false;
  #again = false;
  #timer = 0;
  /** @type {Set<string>} entries whose request is under way */
  #busy = new Set();

  /** @param {import("./outbox.js").Outbox} outbox */
  constructor(outbox) {
    super();
    this.outbox = outbox;
    addEventListener("online", () => this.kick());
    addEventListener("offline", () => this.#become("offline"));
    // Another tab may have closed with work of its own left.
    setInterval(() => this.outbox.size && this.nudge(), LOOK);
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.outbox.size) this.kick();
    });
  }

  /** Whether decisions wait that should have been answered by now. */
  get isBehind() {
    return this.outbox.all().some(({ tab, at }) => this.#behind || (tab === thisTab && Date.now() - at > LATE));
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
        await this.#pass().finally(() => this.dispatchEvent(new Event("pass")));
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
    this.#behind = false;
    if (!entries.length && navigator.onLine) this.#become("ready");
  }

  /** @param {unknown} error */
  #pause(error) {
    this.#behind = true;
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
      if (Date.now() - entry.at > TOO_OLD) return this.#refuse("refused", entry, "too_old");
      // Without any network a failed request never left; otherwise nobody knows.
      this.outbox.put({ ...entry, tried: entry.tried || navigator.onLine });
      const answer = await this.#ask(() => api.decide(entry.rows, entry.id), "refused", entry);
      if (!answer) return;
      const failed = failures(entry, answer);
      if (failed.length) this.#tell("refused", entry, answer.batch, failed);
      const none = failed.length === entry.rows.length;
      const latest = this.outbox.get(entry.id); // an undo may have been asked for meanwhile
      if (none || !latest?.undo) return this.#settle("delivered", entry, answer.batch, failed);
      if (entry.action === "skip") return this.#settle("undone", entry, answer.batch, failed);
      entry = { ...latest, batch: answer.batch, cases: without(entry.cases, failed) };
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
    const bad = failures({ ...entry, rows: [] }, answer);
    // The answer to the first try was lost on its way: "undone already" is then our own doing.
    const failed = askedBefore ? bad.filter(({ status }) => status !== "conflict") : bad;
    if (failed.length) this.#tell("kept", entry, batch, failed);
    if (failed.length < answer.results.length) return this.#settle("undone", entry, batch, failed, answer.results.length);
    this.outbox.remove(entry.id);
  }

  /** A refusal of the whole request settles the entry; everything else is for the next try. @param {() => Promise<BatchAnswer>} request @param {"refused" | "kept"} event @param {Entry} entry */
  async #ask(request, event, entry) {
    try {
      return await request();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const status = { 403: "forbidden", 409: "conflict" }[error.status] ?? "invalid";
      this.#refuse(event, entry, status, error.message);
      return null;
    }
  }

  /** All of it. @param {"refused" | "kept"} event @param {Entry} entry @param {string} status */
  #refuse(event, entry, status, error = "") {
    const cases = entry.cases.length ? entry.cases : [null];
    const failed = cases.map((id) => ({ case: id, subject: null, status, error }));
    this.#settle(event, entry, entry.batch ?? "", failed);
  }

  /** The entry is answered, `rows` of it. @param {string} event @param {Entry} entry @param {string} batch @param {Failure[]} failed @param {number} [rows] */
  #settle(event, entry, batch, failed, rows) {
    this.outbox.remove(entry.id);
    this.#tell(event, entry, batch, failed, rows);
  }

  /** @param {string} event @param {Entry} entry @param {string} batch @param {Failure[]} failed */
  #tell(event, entry, batch, failed, rows = entry.rows.length) {
    const detail = { entry, batch, failed, n: rows - failed.length };
    this.dispatchEvent(new CustomEvent(event, { detail }));
  }

  /** @param {Sender["state"]} state */
  #become(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}
