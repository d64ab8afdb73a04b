// @ts-check
/** Focus or grid: one large picture, or many cards at once; remembered in this browser. */

import { config } from "./config.js";

const KEPT = `gatehouse.mode.${config.user.id}`;

/** Emits `change`. */
export class Modes extends EventTarget {
  constructor() {
    super();
    document.body.dataset.mode = localStorage.getItem(KEPT) === "grid" ? "grid" : "focus";
  }

  get isGrid() {
    return document.body.dataset.mode === "grid";
  }

  /** @param {"focus" | "grid"} mode */
  set(mode) {
    if (document.body.dataset.mode === mode) return;
    document.body.dataset.mode = mode;
    localStorage.setItem(KEPT, mode);
    this.dispatchEvent(new Event("change"));
  }

  toggle() {
    this.set(this.isGrid ? "focus" : "grid");
  }
}
