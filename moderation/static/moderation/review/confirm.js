// @ts-check
/** The one question before many cards are decided at once. */

import { byId, setText } from "./dom.js";

export class Confirm {
  #dialog = /** @type {HTMLDialogElement} */ (byId("confirm"));
  /** @type {() => void} */
  #go = () => {};

  constructor() {
    this.#dialog.addEventListener("keydown", (event) => {
      if (event.repeat) event.preventDefault(); // the Enter that chose the reason, still held
    });
    byId("confirm-stay").addEventListener("click", () => this.#dialog.close());
    byId("confirm-go").addEventListener("click", () => {
      this.#dialog.close();
      this.#go();
    });
  }

  /** @param {string} question @param {string} detail @param {() => void} go */
  ask(question, detail, go) {
    this.#go = go;
    setText(byId("confirm-title"), question);
    setText(byId("confirm-text"), detail);
    this.#dialog.showModal();
  }
}
