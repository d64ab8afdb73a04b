// @ts-check
/** H: what I decided in this shift, newest first, each with its way back. */

import { api } from "./api.js";
import { config, isolate, t } from "./config.js";
import { byId, here, icon, make, outside, showDialog } from "./dom.js";
import { time } from "./format.js";
import { toast } from "./notices.js";
import { iconOf } from "./marks.js";
import { labelOf } from "./reasons.js";

/** @typedef {import("./types.js").Past} Past */

/** Undoes a decision with all that were made together with it. @param {import("./desk.js").Desk} desk @param {Past[]} items @param {Past} item */
export function undoPast(desk, items, { batch, title }) {
  const cases = items.flatMap((each) => (each.batch === batch && each.case ? [each.case] : []));
  if (!desk.undoKnown(batch)) desk.undoBatch(batch, title, cases);
}

export class History {
  #dialog = /** @type {HTMLDialogElement} */ (byId("history"));
  #list = byId("history-list");
  /** @type {Past[]} */
  #items = [];
  /** Counts what was asked for: only the newest answer is listed. */
  #asked = 0;

  /**
   * @param {import("./desk.js").Desk} desk
   * @param {import("./palette.js").Palette} palette
   */
  constructor(desk, palette) {
    this.desk = desk;
    this.palette = palette;
    byId("history-close").addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("click", (event) => {
      if (event.target === this.#dialog) this.#dialog.close();
    });
  }

  /** Opens the drawer, or closes it. */
  async toggle() {
    if (this.#dialog.open) return this.#dialog.close();
    this.#tell(t("loading"));
    this.#items = [];
    showDialog(this.#dialog);
    await this.#load();
  }

  /** The newest, or those before what is listed. */
  async #load() {
    const asked = ++this.#asked;
    try {
      const { items, more } = await api.shift(this.#items.at(-1)?.id);
      if (asked !== this.#asked) return;
      this.#items.push(...items);
      if (!this.#items.length) return this.#tell(t("history_empty"));
      const rows = this.#items.map((item, at) => this.#row(item, this.#items[at - 1]));
      this.#list.replaceChildren(...rows, ...(more ? [this.#older()] : []));
    } catch {
      if (asked === this.#asked) this.#tell(t("history_failed"));
    }
  }

  #older() {
    const load = () => this.#load();
    return make("li", {}, make("button", { type: "button", class: "link", onclick: load }, t("history_more")));
  }

  /** @param {string} text */
  #tell(text) {
    this.#list.replaceChildren(make("li", { class: "muted" }, text));
  }

  /** @param {Past} item @param {Past | undefined} before the one above it */
  #row(item, before) {
    const words = t(`was_${item.action}`) + (item.reason ? ` · ${labelOf(item.reason)}` : "");
    const picture = make("span", { class: "past-thumb" });
    const image = item.thumb_url ? make("img", { src: here(item.thumb_url), alt: "", loading: "lazy" }) : null;
    if (image) picture.append(image);
    const link = make("a", { href: `${config.subjects}${item.subject.type}/${item.subject.id}/` });
    link.append(outside(item.title));
    const mark = make("span", { class: "past-mark", "data-mark": item.action });
    mark.append(icon(iconOf(item.action)), words);
    const text = make("div", { class: "past-text" }, link, mark);
    const at = make("time", { datetime: item.at }, time(item.at));
    return make("li", { class: "past" }, picture, text, at, this.#ways(item, before, image));
  }

  /** What was decided together is undone together, by the first of its rows. @param {Past} item @param {Past | undefined} before @param {HTMLImageElement | null} image */
  #ways(item, before, image) {
    // Whoever presses a button of the row has the row on the screen.
    const seen = () => (image?.complete && image.naturalWidth ? "thumb" : "none");
    const ways = make("span", { class: "past-ways" });
    /** @param {string} label @param {() => void} act */
    const way = (label, act) =>
      ways.append(make("button", { type: "button", class: "link", onclick: act }, label));
    if (!item.standing) ways.append(make("span", { class: "muted" }, t("changed_since")));
    else if (item.undo && item.together > 1) {
      const label = item.batch === before?.batch ? "" : t("undo_all", { n: item.together });
      if (label) way(label, () => this.#undo(item));
    } else if (item.undo) way(t("undo"), () => this.#undo(item));
    else {
      if (item.reverse) way(t(`turn_${item.reverse}`), () => this.#turn(item, seen()));
      if (item.reopen) way(t("reopen"), () => this.#reopen(item, seen()));
    }
    return ways;
  }

  /** @param {Past} item */
  #undo(item) {
    this.#dialog.close();
    undoPast(this.desk, this.#items, item);
  }

  /** @param {Past} item @param {string} seen */
  #turn(item, seen) {
    this.#dialog.close();
    if (item.reverse === "approve") return this.#send(item, "approve", { seen });
    this.palette.open("reject", (words) => this.#send(item, "reject", { seen, ...words }));
  }

  /** @param {Past} item @param {string} seen */
  #reopen(item, seen) {
    this.#dialog.close();
    this.palette.open("reopen", (words) => this.#send(item, "reopen", { seen, ...words }));
  }

  /** `expected` makes it a conflict when somebody acted since. @param {Past} item @param {string} action @param {object} words */
  #send(item, action, words) {
    const row = { subject: item.subject, action, expected: item.to, ...words };
    this.desk.decideSubject(row, item.title);
    toast(t(`done_${action}`, { title: isolate(item.title) }));
  }
}
