// @ts-check
/** How much of a picture shows: the user's blur and greyscale, B's steps, and the reveal while held. */

import { config } from "./config.js";

const { blur, greyscale } = config.user;

/** @type {{blur: number, grey: boolean, name: string}[]} from veiled to open, as B goes through them */
const steps = [];
if (blur > 0) {
  steps.push({ blur, grey: greyscale, name: "veil_full" });
  steps.push({ blur: Math.max(1, Math.round(blur / 3)), grey: greyscale, name: "veil_light" });
} else if (greyscale) {
  steps.push({ blur: 0, grey: true, name: "veil_grey" });
}
steps.push({ blur: 0, grey: false, name: "veil_off" });

/** Whether pictures arrive veiled at all for this user. */
export const veils = steps.length > 1;

/** @param {number} step how often B was pressed for this picture */
export const veilAt = (step) => steps[step % steps.length];

/** Whether a picture is as it arrived. @param {number} step */
export const asArrived = (step) => step % steps.length === 0;

/** @param {number} step */
export const seenAt = (step) => (veilAt(step).blur > 0 ? "blurred" : "full");

/** @param {HTMLElement} element @param {number} step @param {boolean} open held open */
export function applyVeil(element, step, open) {
  const veil = open ? steps[steps.length - 1] : veilAt(step);
  element.style.setProperty("--blur", `${veil.blur}px`);
  element.style.setProperty("--grey", veil.grey ? "1" : "0");
  element.classList.toggle("is-veiled", veil.blur > 0 || veil.grey);
}

/** In the grid pictures are smaller, and so is their blur. @param {number} step */
export function gridVeilAt(step) {
  const { blur: full, grey } = veilAt(step);
  return { blur: full ? Math.max(3, Math.round(full * 0.4)) : 0, grey };
}

/** Small pictures get a share of the blur; they never open with the large one. */
export const smallVeil = { blur: blur > 0 ? Math.max(3, Math.round(blur / 4)) : 0, grey: greyscale };

export function veilSmall() {
  const root = document.documentElement.style;
  root.setProperty("--blur-small", `${smallVeil.blur}px`);
  root.setProperty("--grey-small", greyscale ? "1" : "0");
}
