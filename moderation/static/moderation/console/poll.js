// @ts-check
// Asks the REST API again and again while the page is visible, and writes spans of time.

/**
 * Calls `show(answer)` now and then every `seconds()` seconds; marks the page when there is no answer.
 * `seconds()` 0 ends it.
 * @param {string} url @param {(answer: any) => void} show @param {() => number} seconds
 */
export function poll(url, show, seconds) {
  const ask = async () => {
    if (!document.hidden) {
      try {
        const response = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin" });
        if (!response.ok) throw new Error(String(response.status));
        show(await response.json());
        offline(false);
      } catch {
        offline(true);
      }
    }
    const wait = seconds();
    if (wait) setTimeout(ask, wait * 1000);
  };
  const first = seconds();
  if (first) setTimeout(ask, first * 1000);
}

/** @param {boolean} is */
function offline(is) {
  for (const mark of document.querySelectorAll("[data-offline]")) mark.toggleAttribute("hidden", !is);
}

/**
 * A length of time in its two largest units, in the words of the page's language.
 * @param {Element} root @param {number} seconds
 */
export function span(root, seconds) {
  const words = unitsOf(root);
  const whole = Math.max(0, Math.floor(seconds));
  const [days, hours, minutes] = [Math.floor(whole / 86400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60];
  if (days) return `${days} ${words.d} ${hours} ${words.h}`;
  if (hours) return `${hours} ${words.h} ${minutes} ${words.min}`;
  return minutes ? `${minutes} ${words.min}` : `${whole} ${words.s}`;
}

/** @param {Element} root @returns {DOMStringMap} */
export function unitsOf(root) {
  const units = /** @type {HTMLElement} */ (root.querySelector("[data-units]"));
  return units.dataset;
}

/** @param {Element} root @param {string} selector @param {string} text */
export function write(root, selector, text) {
  const cell = root.querySelector(selector);
  if (cell && cell.textContent !== text) cell.textContent = text;
}
