// @ts-check
// Keeps sync runs up to date: status, progress, rate, time left. Quick while one runs, slow otherwise.
import { poll, write } from "./poll.js";
import { fromPage, progress } from "./progress.js";

const WHILE_RUNNING = 2;
const OTHERWISE = 15;
const FIELDS = ["created", "updated", "unchanged", "failed", "missing"];

/** @param {HTMLElement} row @param {any} run */
function fill(row, run) {
  if (row.dataset.status !== run.status) {
    if (row.hasAttribute("data-reload")) return location.reload();
    const badge = row.closest("[data-runs]")?.querySelector("template[data-badges]");
    const found = /** @type {HTMLTemplateElement} */ (badge).content.querySelector(`[data-status="${run.status}"]`);
    if (found) row.querySelector("[data-badge]")?.replaceChildren(...[...found.cloneNode(true).childNodes]);
    row.dataset.status = run.status;
  }
  for (const field of FIELDS) write(row, `[data-field="${field}"]`, String(run[field]));
  row.querySelector('[data-field="failed"]')?.classList.toggle("gh-bad", run.failed > 0);
  progress(row, run);
}

for (const list of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-runs]"))) {
  const rows = /** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll("[data-run]"));
  rows.forEach(fromPage);
  const isRunning = () => list.querySelector('[data-run][data-status="running"]') !== null;
  const isOne = list.querySelector("[data-reload]") !== null;
  poll(
    String(list.dataset.url),
    (answer) => {
      for (const run of answer.items ?? [answer]) {
        const row = /** @type {HTMLElement|null} */ (list.querySelector(`[data-run="${CSS.escape(run.id)}"]`));
        if (row) fill(row, run);
      }
      // A run that started since: the first page is drawn again, with it on top.
      if ("newest" in list.dataset && answer.items?.length && !list.querySelector(`[data-run="${CSS.escape(answer.items[0].id)}"]`)) location.reload();
    },
    () => (isRunning() ? WHILE_RUNNING : isOne ? 0 : OTHERWISE),
  );
}
