// @ts-check
// A progress bar with its rate and the time left: of sync runs, long tasks and exports.
import { span, unitsOf, write } from "./poll.js";

const number = new Intl.NumberFormat(document.documentElement.lang || "en");

/** @param {HTMLElement} row @param {{status: string, seen: number, expected: number|null, started_at: string, finished_at: string|null}} run */
export function progress(row, run) {
  const bar = /** @type {HTMLProgressElement|null} */ (row.querySelector("[data-bar]"));
  const running = run.status === "running" || run.status === "waiting";
  if (bar) {
    bar.hidden = !running;
    if (run.expected) [bar.max, bar.value] = [run.expected, Math.min(run.seen, run.expected)];
    else if (running) bar.removeAttribute("value");
  }
  const share = run.expected ? ` / ${number.format(run.expected)} · ${Math.min(100, Math.floor((100 * run.seen) / run.expected))} %` : "";
  write(row, "[data-progress]", number.format(run.seen) + share);
  const root = /** @type {Element|null} */ (row.closest("[data-runs], [data-task]"));
  if (!root?.querySelector("[data-units]")) return;
  const end = run.finished_at ? Date.parse(run.finished_at) : Date.now();
  const took = Math.max(0.001, (end - (Date.parse(run.started_at) || end)) / 1000);
  const rate = run.seen / took;
  write(row, "[data-rate]", run.seen && took >= 1 ? `${number.format(Number(rate.toPrecision(3)))} ${unitsOf(root).per}` : "–");
  const left = running && run.expected && rate ? (run.expected - run.seen) / rate : null;
  write(row, "[data-time]", left === null ? span(root, took) : String(unitsOf(root).left).replace("{span}", span(root, left)));
}

/** What the server rendered, for the columns that only this script computes. @param {HTMLElement} row */
export function fromPage(row) {
  const data = row.dataset;
  if (data.seen === undefined) return;
  progress(row, {
    status: String(data.status), seen: Number(data.seen), expected: data.expected ? Number(data.expected) : null,
    started_at: String(data.started), finished_at: data.finished || null,
  });
}
