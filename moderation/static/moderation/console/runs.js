// @ts-check
// Keeps sync runs up to date: status, progress, rate, time left. Quick while one runs, slow otherwise.
import { poll, span, unitsOf, write } from "./poll.js";

const WHILE_RUNNING = 2;
const OTHERWISE = 15;
const FIELDS = ["created", "updated", "unchanged", "failed", "missing"];
const number = new Intl.NumberFormat(document.documentElement.lang || "en");

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

/** @param {HTMLElement} row @param {{status: string, seen: number, expected: number|null, started_at: string, finished_at: string|null}} run */
function progress(row, run) {
  const bar = /** @type {HTMLProgressElement|null} */ (row.querySelector("[data-bar]"));
  const running = run.status === "running";
  if (bar) {
    bar.hidden = !running;
    if (run.expected) [bar.max, bar.value] = [run.expected, Math.min(run.seen, run.expected)];
    else if (running) bar.removeAttribute("value");
  }
  const share = run.expected ? ` / ${number.format(run.expected)} · ${Math.min(100, Math.floor((100 * run.seen) / run.expected))} %` : "";
  write(row, "[data-progress]", number.format(run.seen) + share);
  const root = /** @type {Element|null} */ (row.closest("[data-runs]"));
  if (!root?.querySelector("[data-units]")) return;
  const end = run.finished_at ? Date.parse(run.finished_at) : Date.now();
  const took = Math.max(0.001, (end - Date.parse(run.started_at)) / 1000);
  const rate = run.seen / took;
  write(row, "[data-rate]", run.seen && took >= 1 ? `${number.format(Number(rate.toPrecision(3)))} ${unitsOf(root).per}` : "–");
  const left = running && run.expected && rate ? (run.expected - run.seen) / rate : null;
  write(row, "[data-time]", left === null ? span(root, took) : `${span(root, left)} ${unitsOf(root).left}`);
}

/** What the server rendered, for the columns that only this script computes. @param {HTMLElement} row */
function fromPage(row) {
  const data = row.dataset;
  if (data.seen === undefined) return;
  progress(row, {
    status: String(data.status), seen: Number(data.seen), expected: data.expected ? Number(data.expected) : null,
    started_at: String(data.started), finished_at: data.finished || null,
  });
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
