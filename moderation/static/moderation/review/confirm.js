// @ts-check
/** The one question before many cards are decided at once; of families it shows every member. */

import { byId, setText } from "./dom.js";
import { contacts } from "./sheet.js";

/** @typedef {import("./card.js").Card} Card */

export class Confirm {
  #dialog = /** @type {HTMLDialogElement} */ (byId("confirm"));
  #yes = /** @type {HTMLButtonElement} */ (byId("confirm-go"));
  #sheet = byId("confirm-sheet");
  /** @type {() => void} */
  #go = () => {};

  constructor() {
    this.#dialog.addEventListener("keydown", (event) => {
      if (event.repeat) event.preventDefault(); // the Enter that chose the reason, still held
    });
    this.#dialog.addEventListener("close", () => this.#sheet.replaceChildren());
    byId("confirm-stay").addEventListener("click", () => this.#dialog.close());
    this.#yes.addEventListener("click", () => {
      this.#dialog.close();
      this.#go();
    });
  }

  /**
   * @param {string} question
   * @param {string} detail
   * @param {() => void} go
   * @param {{cards?: Card[], toSee?: (unseen: number) => string}} [sheet] whose small pictures are shown; `toSee`
   *   says how many have still to be on the screen before it goes on
   */
  ask(question, detail, go, { cards = [], toSee } = {}) {
    this.#go = go;
    setText(byId("confirm-title"), question);
    setText(byId("confirm-text"), detail);
    const look = () => {
      const unseen = toSee ? cards.flatMap((card) => card.whole).filter(({ picture }) => !picture.wasShown) : [];
      const was = this.#yes.disabled;
      this.#yes.disabled = unseen.length > 0;
      setText(byId("confirm-unseen"), unseen.length && toSee ? toSee(unseen.length) : "");
      if (was && !this.#yes.disabled) this.#yes.focus();
    };
    this.#sheet.hidden = !cards.length;
    this.#sheet.replaceChildren(...contacts(cards, look));
    look();
    this.#dialog.showModal();
    (this.#yes.disabled ? this.#sheet : this.#yes).focus();
  }
}
