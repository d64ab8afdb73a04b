// @ts-check
/** The large picture: what is in view, veiled or open, and what stands over it. */

import { writeText } from "./binder.js";
import { t } from "./config.js";
import { byId, setText } from "./dom.js";
import { applyVeil, asArrived, seenAt, veilAt, veils } from "./veil.js";

/** @typedef {import("./card.js").Card} Card */

/** In the grid it shows only while the picture is held open, over the other cards. */
export class Stage {
  #frame = byId("frame");
  #media = byId("media");
  #note = byId("stage-note");
  #plate = byId("plate");
  #hint = byId("reveal");
  /** @type {Card | null} */
  #card = null;
  #open = false;
  /** Space is held, but the picture is not here yet. */
  #wanted = false;

  constructor() {
    const frame = this.#frame;
    frame.addEventListener("pointerdown", (event) => {
      if (event.button === 0 && !this.#usesOwnControls(event)) this.reveal(true);
    });
    for (const name of ["pointerup", "pointercancel", "blur"]) {
      addEventListener(name, () => this.reveal(false));
    }
    frame.addEventListener("contextmenu", (event) => {
      if (this.#open) event.preventDefault(); // a long press reveals, it opens no menu
    });
    document.addEventListener("visibilitychange", () => this.reveal(false));
  }

  /** @param {Event} event */
  #usesOwnControls(event) {
    return event.target instanceof HTMLMediaElement && !veilAt(this.#card?.step ?? 0).blur;
  }

  /** @param {Card | null} card */
  show(card) {
    if (card !== this.#card) this.reveal(false);
    this.#card = card;
    this.#frame.hidden = !card;
    if (card) this.#paint(card);
  }

  /** @param {Card} card */
  #paint(card) {
    const { picture } = card;
    const element = picture.state === "ready" ? picture.element : null;
    const layers = element ? [element, ...(picture.blurred ? [picture.blurred] : [])] : [];
    if (this.#media.firstChild !== element) this.#media.replaceChildren(...layers);
    this.#frame.dataset.kind = picture.kind;
    this.#frame.dataset.state = picture.state;
    this.#frame.dataset.card = card.id;
    this.#plate.hidden = Boolean(element);
    // Without a picture the text is what is looked at, and takes its place.
    const isText = picture.state === "none" && !card.subject.image && Boolean(card.subject.text);
    this.#plate.classList.toggle("is-text", isText);
    if (isText) writeText(this.#plate, card.subject);
    else setText(this.#plate, element ? "" : this.#why(card));
    byId("retry").hidden = picture.state !== "failed" || !card.isOpen;
    this.#hint.hidden = !element || !veils || picture.kind === "audio";
    this.#veil(card);
    this.#label(card);
    if (element) requestAnimationFrame(() => this.#seen(card));
    if (element && this.#wanted) this.reveal(true);
  }

  /** @param {Card} card */
  #why({ picture, subject }) {
    if (picture.state === "failed") return t("picture_failed");
    if (picture.state !== "none") return t("picture_loading");
    return subject.image ? t("picture_not_here") : t("picture_none");
  }

  /** The line over the picture: what became of this card. @param {Card} card */
  #label(card) {
    let text = card.notice;
    if (card.state === "undoing") text = t("undoing");
    else if (card.state === "decided") text = t(`was_${card.mark}`);
    this.#note.hidden = !text;
    this.#note.dataset.state = card.notice && card.isOpen ? "returned" : card.mark || card.state;
    setText(byId("stage-note-text"), text);
    this.#frame.classList.toggle("is-settled", !card.isOpen);
  }

  /** @param {Card} card */
  #veil(card) {
    applyVeil(this.#frame, card.step, this.#open);
    // The blurred copy stands before the picture while nothing was opened.
    const covered = Boolean(card.picture.blurred) && !this.#open && asArrived(card.step);
    this.#frame.classList.toggle("is-covered", covered);
    const words = veils && !asArrived(card.step) ? [t(veilAt(card.step).name)] : [];
    if (card.picture.isStill) words.push(t("still_only"));
    setText(byId("veil-step"), words.join(" · "));
    const player = card.picture.element;
    if (player instanceof HTMLVideoElement && this.#media.contains(player)) {
      if (this.#open) player.play().catch(() => {});
      else if (veilAt(card.step).blur) player.pause();
    }
  }

  /** Noted in the frame that paints it. @param {Card} card */
  #seen(card) {
    if (card !== this.#card || document.hidden || !card.picture.element?.checkVisibility()) return;
    card.picture.saw(this.#open ? "full" : seenAt(card.step));
  }

  /** @param {boolean} open */
  reveal(open) {
    const card = this.#card;
    this.#wanted = open;
    if (!card || open === this.#open || (open && card.picture.state !== "ready")) return;
    this.#open = open;
    byId("reveal").setAttribute("aria-pressed", String(open));
    this.#veil(card);
    document.documentElement.classList.toggle("is-revealing", open);
    if (open) requestAnimationFrame(() => this.#seen(card));
  }

}
