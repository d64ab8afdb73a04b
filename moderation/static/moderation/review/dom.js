// @ts-check
/** Making and finding elements; text only ever enters as text. */

/**
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no #${id}`);
  return /** @type {T} */ (found);
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | boolean | ((event: any) => void)>} [attributes] `on…` are listeners
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (typeof value === "boolean") element.toggleAttribute(name, value);
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** A name or text from outside, which brings its own direction. @param {string} text */
export function outside(text) {
  return make("bdi", {}, text);
}

/** @param {string} name */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const use = document.createElementNS(space, "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/**
 * A picture's address on this host. Links name PUBLIC_URL, but the page may have been opened by another name
 * of the same machine, whose session would not reach them.
 * @param {string} url
 */
export function here(url) {
  const { pathname, search } = new URL(url, location.href);
  return pathname + search;
}

/** @param {string} key */
export const keycap = (key) => make("kbd", {}, key);

/** Writes only what changed, so that screen readers and layout stay quiet. @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** The same for children that are built anew each time. @param {Element} element @param {Element[]} nodes */
export function setChildren(element, nodes) {
  const old = [...element.children];
  if (nodes.length !== old.length) element.replaceChildren(...nodes);
  else nodes.forEach((node, at) => node.isEqualNode(old[at]) || old[at].replaceWith(node));
}

/** Opens a dialog with the focus on itself: digits and Space must not meet a button first. @param {HTMLDialogElement} dialog */
export function showDialog(dialog) {
  dialog.showModal();
  if (dialog.tabIndex < 0) dialog.focus();
}
