// @ts-check
/** The keyboard, by place (`event.code`): Caps Lock, full-width letters and an input method change nothing. */

import { isTyping } from "./palette.js";

/** @type {Record<string, string>} */
const KEYS = {
  KeyA: "approve",
  KeyR: "reject",
  KeyE: "escalate",
  KeyS: "skip",
  KeyU: "undo",
  KeyJ: "next",
  ArrowRight: "next",
  ArrowDown: "next",
  KeyK: "previous",
  ArrowLeft: "previous",
  ArrowUp: "previous",
  KeyB: "veil",
  KeyC: "context",
  KeyH: "history",
};
/** Holding these down goes on; holding A must not approve one picture after the other. */
const REPEATING = new Set(["next", "previous"]);
const PRESSABLE = "button, a[href], summary, [role=button], video, audio";

/** @param {KeyboardEvent} event */
function commandOf(event) {
  if (event.altKey || event.getModifierState?.("AltGraph")) return "";
  if (event.ctrlKey || event.metaKey) {
    return event.code === "KeyZ" && !event.shiftKey ? "undo" : "";
  }
  if (event.key === "?" || event.key === "？" || (event.code === "Slash" && event.shiftKey)) return "help";
  return event.shiftKey ? "" : (KEYS[event.code] ?? "");
}

/** A focused button wants the Space for itself; the reveal button is the Space. @param {EventTarget | null} target */
const wantsSpace = (target) =>
  target instanceof HTMLElement && target.id !== "reveal" && target.matches(PRESSABLE);

/** Up and down scroll what is scrolled by them. @param {KeyboardEvent} event */
const scrolls = ({ code, target }) =>
  (code === "ArrowUp" || code === "ArrowDown") &&
  target instanceof Element &&
  target.closest(".scrolls") !== null;

/**
 * @param {Record<string, () => void>} commands by name
 * @param {(open: boolean) => void} reveal
 */
export function readKeys(commands, reveal) {
  addEventListener("keydown", (event) => {
    if (event.isComposing || isTyping(event.target)) return;
    const dialog = document.querySelector("dialog[open]");
    if (event.code === "Space" && !event.ctrlKey && !event.metaKey && !event.altKey) {
      if (wantsSpace(event.target) || (dialog && dialog.id !== "palette")) return;
      event.preventDefault(); // no scrolling
      if (!event.repeat) reveal(true);
      return;
    }
    const command = commandOf(event);
    if (!command || scrolls(event)) return;
    if (dialog && dialog.id !== command) return; // H closes the history, ? the keys
    event.preventDefault();
    if (!event.repeat || REPEATING.has(command)) commands[command]?.();
  });
  addEventListener("keyup", (event) => {
    if (event.code !== "Space") return;
    reveal(false);
    if (event.target instanceof HTMLElement && event.target.id === "reveal") event.preventDefault();
  });
}
