// @ts-check
/** Puts the review page together: what a key calls, and what is drawn when something changed. */

import { Answers } from "./answers.js";
import { api } from "./api.js";
import { Batches } from "./batches.js";
import { config, t } from "./config.js";
import { Deck } from "./deck.js";
import { Desk } from "./desk.js";
import { byId, setText, showDialog } from "./dom.js";
import { Header } from "./header.js";
import { History } from "./history.js";
import { readKeys } from "./keys.js";
import { Leases } from "./leases.js";
import { announce, banner, toast } from "./notices.js";
import { Outbox } from "./outbox.js";
import { Palette } from "./palette.js";
import { Pane } from "./pane.js";
import { Sender } from "./sender.js";
import { guardSignOut } from "./signout.js";
import { Stage } from "./stage.js";
import { Strip } from "./strip.js";
import { veilSmall } from "./veil.js";

veilSmall();
const outbox = new Outbox(config.user.id);
const sender = new Sender(outbox);
const deck = new Deck();
const desk = new Desk(deck, outbox, sender);
const answers = new Answers(desk);
const batches = new Batches(deck, outbox);
const leases = new Leases(() => batches.cards);
const stage = new Stage();
const strip = new Strip(deck);
const pane = new Pane();
const palette = new Palette();
const history = new History(desk, palette);
const header = new Header(outbox, sender, leases, deck);
const help = /** @type {HTMLDialogElement} */ (byId("help"));

function draw() {
  const card = deck.current ?? null;
  stage.show(card);
  strip.show();
  pane.show(card);
  header.lease();
}

/** @param {"reject" | "escalate"} action */
function ask(action) {
  const card = deck.current;
  if (!desk.ready(action)) return;
  palette.open(action, (words) => {
    // The card in view is still the one that was asked about, or nothing happens.
    if (deck.current === card) desk.decide(action, words);
  });
}

/** After a reload the page no longer knows what it decided: the server does. */
async function undo() {
  if (desk.undo()) return;
  const { items } = await api.shift().catch(() => ({ items: [] }));
  const last = items.find((item) => item.undo && item.standing);
  if (last) desk.undoBatch(last.batch, last.title, last.case);
  else toast(t("nothing_to_undo"));
}

/** @type {Record<string, () => void>} */
const commands = {
  approve: () => desk.decide("approve"),
  reject: () => ask("reject"),
  escalate: () => ask("escalate"),
  skip: () => desk.decide("skip"),
  undo,
  next: () => desk.next(),
  previous: () => deck.move(-1),
  veil: () => announce(stage.step()),
  context: () => announce(t(pane.toggle() ? "context_shown" : "context_hidden")),
  history: () => history.toggle(),
  help: () => (help.open ? help.close() : showDialog(help)),
  again: () => batches.refill(),
  retry: () => deck.current && answers.reclaim(deck.current, ""),
};

readKeys(commands, (open) => stage.reveal(open));

/** @type {NodeListOf<HTMLElement>} */
const buttons = document.querySelectorAll("[data-do]");
for (const button of buttons) {
  button.addEventListener("click", () => commands[button.dataset.do ?? ""]?.());
  // A click leaves the focus where it was: the next Space reveals, it does not press this again.
  button.addEventListener("mousedown", (event) => event.preventDefault());
}

deck.addEventListener("change", draw);
batches.addEventListener("picture", draw);
batches.addEventListener("arrived", () => {
  header.counts();
  setText(byId("clear-count"), t("decided_today", { n: header.today }));
});
desk.addEventListener("exhausted", () => batches.refill());
answers.addEventListener("counted", (event) => header.count(/** @type {CustomEvent} */ (event).detail));
leases.addEventListener("lost", (event) => {
  const card = /** @type {CustomEvent} */ (event).detail;
  card.lose(t("lost"));
  if (card === deck.current) announce(t("lost"));
  deck.changed();
});
leases.addEventListener("signed-out", () => sender.kick());
outbox.addEventListener("change", () => banner("storage", outbox.unsaved.size ? t("not_kept") : ""));
addEventListener("beforeunload", (event) => {
  if (outbox.unsaved.size) event.preventDefault();
});
guardSignOut(outbox, sender);

api.me().then(
  (me) => {
    if (me.id === config.user.id) header.setToday(me.decisions_today);
    else location.reload(); // somebody else signed in since this page was made
  },
  () => {}, // the claim meets the same trouble and has a state for it
);
sender.kick();
batches.refill();
