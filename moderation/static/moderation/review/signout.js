// @ts-check
/** Signing out: warns about unsent decisions, then gives all claims back. */

import { api } from "./api.js";
import { t } from "./config.js";
import { byId, setText, showDialog } from "./dom.js";

/** @param {import("./outbox.js").Outbox} outbox @param {import("./sender.js").Sender} sender */
export function guardSignOut(outbox, sender) {
  const form = /** @type {HTMLFormElement} */ (byId("signout"));
  const dialog = /** @type {HTMLDialogElement} */ (byId("leaving"));

  async function leave() {
    try {
      await api.releaseAll();
    } catch {
      // Not reachable: the leases run out by themselves.
    }
    form.submit();
  }

  const tell = () => {
    const { decisions } = outbox;
    setText(byId("leaving-text"), decisions ? t("leaving", { n: decisions }) : t("leaving_sent"));
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!outbox.size) return void leave();
    tell();
    showDialog(dialog);
    sender.kick();
  });
  outbox.addEventListener("change", () => dialog.open && tell());
  byId("leaving-stay").addEventListener("click", () => dialog.close());
  byId("leaving-go").addEventListener("click", leave);
}
