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
  KeyK: "previous",
  ArrowLeft: "previous",
  KeyB: "veil",
  KeyC: "context",
  KeyG: "mode",
  KeyH: "history",
  Slash: "filter",
  Escape: "escape",
};
/** @type {Record<string, string>} */
const IN_FOCUS = { ArrowDown: "next", ArrowUp: "previous", KeyX: "peel" };
/** @type {Record<string, string>} */
const IN_FOCUS_WITH_SHIFT = { ArrowRight: "member-next", ArrowLeft: "member-previous" };
/** @type {Record<string, string>} */
const IN_GRID = {
  ArrowDown: "down", ArrowUp: "up", Home: "first", End: "last", PageDown: "page-down", PageUp: "page-up",
  KeyX: "select", KeyM: "more", Enter: "open",
};
/** @type {Record<string, string>} */
const WITH_SHIFT = {
  ArrowRight: "extend-next", ArrowLeft: "extend-previous", ArrowDown: "extend-down", ArrowUp: "extend-up",
};
/** Holding these down goes on; holding A must not approve one picture after the other. */
const REPEATING = /^(?:extend-|member-)?(?:next|previous|down|up|page-down|page-up)$/;
const PRESSABLE = "button, a[href], summary, [role=button], video, audio";

/** @param {KeyboardEvent} event @param {boolean} grid */
function commandOf(event, grid) {
  const { code, key, shiftKey } = event;
  if (event.altKey || event.getModifierState?.("AltGraph")) return "";
  if (event.ctrlKey || event.metaKey) {
    if (shiftKey) return "";
    return code === "KeyZ" ? "undo" : grid && code === "KeyA" ? "select-all" : "";
  }
  if (key === "?" || key === "？" || (code === "Slash" && shiftKey)) return "help";
  if (shiftKey) return (grid ? WITH_SHIFT : IN_FOCUS_WITH_SHIFT)[code] ?? "";
  return (grid ? IN_GRID : IN_FOCUS)[code] ?? KEYS[code] ?? "";
}

/** A focused button wants Space and Enter for itself; the reveal button is the Space. @param {EventTarget | null} target */
const isPressable = (target) =>
  target instanceof HTMLElement && target.id !== "reveal" && target.matches(PRESSABLE);

/** Up and down scroll what is scrolled by them. @param {KeyboardEvent} event */
const scrolls = ({ code, target }) =>
  /^(?:Arrow(?:Up|Down)|Page|Home|End)/.test(code) &&
  target instanceof Element &&
  target.closest(".scrolls") !== null;

/**
 * @param {Record<string, () => void>} commands by name
 * @param {(open: boolean) => void} reveal
 * @param {() => boolean} inGrid
 */
export function readKeys(commands, reveal, inGrid) {
  addEventListener("keydown", (event) => {
    // What a dialog has taken is not the page's too: R R rejects, and must not ask about the next picture.
    if (event.defaultPrevented || event.isComposing || isTyping(event.target)) return;
    const dialog = document.querySelector("dialog[open]");
    if (event.code === "Space" && !event.ctrlKey && !event.metaKey && !event.altKey) {
      if (isPressable(event.target) || (dialog && dialog.id !== "palette")) return;
      event.preventDefault(); // no scrolling
      if (!event.repeat) reveal(true);
      return;
    }
    const command = commandOf(event, inGrid());
    if (!command || scrolls(event) || (command === "open" && isPressable(event.target))) return;
    if (dialog && dialog.id !== command) return; // H closes the history, ? the keys
    event.preventDefault();
    if (!event.repeat || REPEATING.test(command)) commands[command]?.();
  });
  addEventListener("keyup", (event) => {
    if (event.code !== "Space") return;
    reveal(false);
    if (event.target instanceof HTMLElement && event.target.id === "reveal") event.preventDefault();
  });
}
