// @ts-check
/** Puts the review page together: what a key calls, and what is drawn when something changed. */

import { Answers } from "./answers.js";
import { api } from "./api.js";
import { Batches } from "./batches.js";
import { config, t } from "./config.js";
import { Confirm } from "./confirm.js";
import { Deck } from "./deck.js";
import { Desk } from "./desk.js";
import { byId, setText, showDialog } from "./dom.js";
import { watchExposure } from "./exposure.js";
import { Filter } from "./filter.js";
import { Grid } from "./grid.js";
import { Header } from "./header.js";
import { History, undoPast } from "./history.js";
import { readKeys } from "./keys.js";
import { Leases } from "./leases.js";
import { Modes } from "./modes.js";
import { moves } from "./moves.js";
import { announce, banner, toast } from "./notices.js";
import { Outbox } from "./outbox.js";
import { Palette } from "./palette.js";
import { Pane } from "./pane.js";
import { Precedents } from "./precedents.js";
import { Selection } from "./selection.js";
import { Sender } from "./sender.js";
import { Sheet } from "./sheet.js";
import { guardSignOut } from "./signout.js";
import { Stage } from "./stage.js";
import { Strip } from "./strip.js";
import { veilAt, veilSmall } from "./veil.js";
import { Verdicts } from "./verdicts.js";

veilSmall();
const outbox = new Outbox(config.user.id);
const sender = new Sender(outbox);
const modes = new Modes();
const deck = new Deck();
const desk = new Desk(deck, outbox, sender);
const selection = new Selection(deck);
const answers = new Answers(desk);
const batches = new Batches(deck, sender, modes);
const leases = new Leases(() => batches.cards, outbox);
const stage = new Stage();
const strip = new Strip(deck, modes);
const sheet = new Sheet(deck, modes);
const precedents = new Precedents(deck, modes);
const pane = new Pane(modes);
const palette = new Palette();
const history = new History(desk, palette);
const header = new Header(outbox, sender, leases, deck);
const filter = new Filter(deck);
const reveal = (/** @type {boolean} */ open) => stage.reveal(open);
const grid = new Grid({ deck, selection, modes, reveal });
const verdicts = new Verdicts({ deck, desk, selection, palette, confirm: new Confirm(), modes, precedents });
const help = /** @type {HTMLDialogElement} */ (byId("help"));

function draw() {
  const card = deck.current ?? null;
  sheet.show(card);
  stage.show(sheet.inView(card));
  sheet.prepare(deck.upcoming.find((each) => each !== card));
  precedents.show(card);
  strip.show();
  strip.prepare(batches.supply.prepared);
  grid.show();
  pane.show(card);
  header.lease();
}

function changeMode() {
  selection.clear();
  deck.keepsPlaces = modes.isGrid;
  pane.follow();
  byId("do-mode").setAttribute("aria-pressed", String(modes.isGrid));
  announce(t(modes.isGrid ? "in_grid" : "in_focus"));
  deck.changed();
}

/** After a reload the page no longer knows what it decided: the outbox does, then the server. */
async function undo() {
  if (desk.undo() || (await desk.undoLeft())) return;
  const { items } = await api.shift().catch(() => ({ items: [] }));
  const asked = new Set(outbox.all().map((entry) => entry.batch));
  const last = items.find((item) => item.undo && item.standing && !asked.has(item.batch));
  if (last) undoPast(desk, items, last);
  else toast(t("nothing_to_undo"));
}

function veil() {
  const card = sheet.inView(deck.current ?? null);
  if (!card) return;
  card.step += 1;
  deck.changed();
  announce(t(veilAt(card.step).name));
}

/** @type {Record<string, () => void>} */
const commands = {
  ...moves({ deck, desk, grid, modes, selection }),
  approve: () => verdicts.act("approve"),
  reject: () => verdicts.act("reject"),
  escalate: () => verdicts.act("escalate"),
  skip: () => verdicts.act("skip"),
  undo,
  veil,
  mode: () => modes.toggle(),
  open: () => modes.set("focus"),
  more: () => batches.more(),
  filter: () => filter.open(),
  unfilter: () => filter.clear(),
  "member-next": () => sheet.step(1),
  "member-previous": () => sheet.step(-1),
  peel: () => sheet.peel() && announce(t("peeled")),
  escape: () => (selection.size ? selection.clear() : filter.clear()),
  context: () => announce(t(pane.toggle() ? "context_shown" : "context_hidden")),
  history: () => history.toggle(),
  help: () => (help.open ? help.close() : showDialog(help)),
  again: () => batches.refill(),
  retry: () => deck.current && answers.reclaim(deck.current.whole.map((card) => card.id), ""),
};

readKeys(commands, reveal, () => modes.isGrid);

/** @type {NodeListOf<HTMLElement>} */
const buttons = document.querySelectorAll("[data-do]");
for (const button of buttons) {
  button.addEventListener("click", () => commands[button.dataset.do ?? ""]?.());
  // A click leaves the focus where it was: the next Space reveals, it does not press this again.
  button.addEventListener("mousedown", (event) => event.preventDefault());
}

modes.addEventListener("change", changeMode);
deck.addEventListener("change", draw);
selection.addEventListener("change", () => {
  grid.show();
  if (selection.size) announce(t("selected", { n: selection.size }));
});
batches.addEventListener("picture", (event) => {
  const inView = sheet.inView(deck.current ?? null);
  if (inView?.picture === /** @type {CustomEvent} */ (event).detail) draw();
});
batches.addEventListener("prepared", () => grid.prepare(batches.supply.prepared));
batches.addEventListener("arrived", () => {
  header.counts();
  setText(byId("clear-count"), t("decided_today", { n: header.today }));
});
desk.addEventListener("exhausted", () => batches.refill());
answers.addEventListener("counted", (event) => header.count(/** @type {CustomEvent} */ (event).detail));
answers.addEventListener("recount", () => header.askToday());
leases.addEventListener("lost", (event) => {
  const card = /** @type {CustomEvent} */ (event).detail;
  batches.supply.lose(card);
  deck.peel(card, t("lost"));
  if (card === deck.current) announce(t("lost"));
  deck.changed();
});
leases.addEventListener("signed-out", () => sender.kick());
outbox.addEventListener("change", () => banner("storage", outbox.unsaved.size ? t("not_kept") : ""));
addEventListener("beforeunload", (event) => {
  if (outbox.unsaved.size) event.preventDefault();
});
guardSignOut(outbox, sender);
watchExposure(() => batches.cards);
changeMode();

// Without an answer the claim meets the same trouble, and has a state for it.
header.askToday().then((me) => {
  if (me && me.id !== config.user.id) location.reload(); // somebody else signed in since this page was made
});
sender.kick();
batches.refill();
