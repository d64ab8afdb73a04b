// @ts-check
// Keeps a table of queues up to date.
import { poll, span, write } from "./poll.js";

const EVERY = 10;

/** @param {HTMLElement} table @param {any[]} queues */
function show(table, queues) {
  for (const queue of queues) {
    const row = table.querySelector(`[data-queue="${CSS.escape(queue.slug)}"]`);
    if (!row) continue;
    for (const field of ["open", "claimed", "overdue"]) write(row, `[data-field="${field}"]`, String(queue[field]));
    row.querySelector('[data-field="overdue"]')?.classList.toggle("gh-late", queue.overdue > 0);
    const at = queue.oldest_opened_at;
    write(row, '[data-field="oldest"]', at ? span(table, (Date.now() - Date.parse(at)) / 1000) : "–");
  }
}

for (const table of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-queues]"))) {
  poll(String(table.dataset.url), (queues) => show(table, queues), () => EVERY);
}
