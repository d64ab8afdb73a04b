// @ts-check
// Long tasks and exports: progress, rate, time left. An export's file is fetched once the page is there.
import { fromPage, progress } from "./progress.js";
import { poll, write } from "./poll.js";

const SECONDS = 1;
const ENDED = ["succeeded", "cancelled", "failed", "complete", "cut_off"];

/** @param {HTMLElement} root @param {any} answer */
function figures(root, answer) {
  const list = root.querySelector("[data-outcomes]");
  if (!list || !answer.outcomes) return;
  list.replaceChildren(
    ...answer.outcomes.map((/** @type {[string, number]} */ [word, number]) => {
      const group = document.createElement("div");
      const [term, value] = [document.createElement("dt"), document.createElement("dd")];
      [term.textContent, value.textContent] = [word, String(number)];
      group.append(term, value);
      return group;
    }),
  );
}

/** @param {HTMLElement} row @param {any} answer */
function show(row, answer) {
  const changed = row.dataset.status !== answer.status;
  // What follows an end (errors, undo) is drawn by the server.
  if (changed && "reload" in row.dataset) return location.reload();
  row.dataset.status = answer.status;
  for (const word of /** @type {NodeListOf<HTMLElement>} */ (row.querySelectorAll("[data-state]"))) {
    word.hidden = word.dataset.state !== answer.status;
  }
  if (answer.status !== "waiting") row.querySelector("[data-take]")?.remove();
  progress(row, answer);
  figures(row, answer);
}

for (const root of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-task]"))) {
  const row = /** @type {HTMLElement} */ (root.querySelector("[data-run]"));
  fromPage(row);
  // The answer is an attachment: the page stays.
  if (root.dataset.file) location.assign(root.dataset.file);
  poll(String(root.dataset.url), (answer) => show(row, answer), () => (ENDED.includes(String(row.dataset.status)) ? 0 : SECONDS));
}
