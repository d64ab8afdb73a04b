// @ts-check
/** The line above the picture: depth, today's count, the lease's clock, and what is still unsent. */

import { api, serverNow } from "./api.js";
import { config, t } from "./config.js";
import { byId, setText } from "./dom.js";
import { clock, day } from "./format.js";
import { banner } from "./notices.js";

const EVERY = 60_000;
/** What is answered within this time is not worth a flicker. */
const SOON = 800;
/** So often at most the counts follow the decisions. */
const SETTLED = 10_000;

export class Header {
  #today = 0;
  /** The user's day that it counts. */
  #day = "";
  #timer = 0;
  #counting = 0;

  /**
   * @param {import("./outbox.js").Outbox} outbox
   * @param {import("./sender.js").Sender} sender
   * @param {import("./leases.js").Leases} leases
   * @param {import("./deck.js").Deck} deck
   */
  constructor(outbox, sender, leases, deck) {
    this.outbox = outbox;
    this.sender = sender;
    this.leases = leases;
    this.deck = deck;
    outbox.addEventListener("change", () => this.#unsentSoon());
    sender.addEventListener("state", () => this.#unsent());
    leases.addEventListener("tick", () => this.lease());
    setInterval(() => document.hidden || this.#look(), EVERY);
    this.#unsent();
  }

  get today() {
    return this.#today;
  }

  /** Counts decisions that were answered; the queue's own numbers follow soon. @param {number} more */
  count(more) {
    this.setToday(this.#today + more);
    this.#counting ||= setTimeout(() => {
      this.#counting = 0;
      this.counts();
    }, SETTLED);
  }

  #look() {
    this.counts();
    if (this.#day !== day(serverNow())) this.askToday();
  }

  /** Who is signed in, null when nobody answered; their count of the day is shown. @returns {Promise<any>} */
  async askToday() {
    const [present, before] = [day(serverNow()), this.#today];
    const me = await api.me().catch(() => null);
    if (me?.id !== config.user.id) return me;
    // What was answered meanwhile may be in it or not: the next look asks again.
    this.#day = before === this.#today ? present : "";
    this.setToday(me.decisions_today);
    return me;
  }

  /** @param {number} value */
  setToday(value) {
    this.#today = value;
    setText(byId("today"), t("today", { n: value }));
  }

  /** @returns {Promise<number | null>} open cases; null when nobody answered */
  async counts() {
    try {
      const row = (await api.queues()).find(({ slug }) => slug === config.queue.slug);
      if (!row) return null;
      this.#show(row.open, row.overdue);
      return row.open;
    } catch {
      return null; // the old numbers stay; the sender tells of a lost connection
    }
  }

  /** @param {number} open @param {number} overdue */
  #show(open, overdue) {
    setText(byId("open"), t("open", { n: open }));
    setText(byId("overdue"), t("overdue", { n: overdue }));
    byId("overdue").hidden = !overdue;
  }

  lease() {
    const card = this.deck.current;
    const pill = byId("lease");
    pill.hidden = !card || !card.isOpen;
    if (!card || !card.isOpen) return;
    const left = this.leases.left(card);
    setText(pill, left > 0 ? t("lease", { clock: clock(left) }) : t("lease_over"));
    pill.dataset.state = left < 60_000 ? "warn" : "plain";
  }

  #unsentSoon() {
    const waits = byId("unsent").dataset.state === "warn";
    if (waits || !this.outbox.size) return this.#unsent();
    this.#timer ||= setTimeout(() => this.#unsent(), SOON);
  }

  #unsent() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const { decisions } = this.outbox;
    const { state } = this.sender;
    const pill = byId("unsent");
    setText(pill, decisions ? t("unsent", { n: decisions }) : t("all_sent"));
    pill.dataset.state = decisions ? "warn" : "good";
    banner("offline", state === "offline" ? t("offline") : "");
    const login = { href: `${config.login}?next=${encodeURIComponent(location.pathname)}`, label: t("sign_in") };
    banner("signed-out", state === "signed-out" ? t("signed_out") : "", login);
  }
}
